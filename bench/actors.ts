/**
 * What does one alert cost in the pure stages, without HTTP, log or disk? Swept over the number
 * of distinct alerts, since caches and heaps have sizes.
 */
import { codec } from "../streams/codec.ts";
import { DedupStage } from "../runtime/dedup-stage.ts";
import { IncidentStage } from "../runtime/incident-stage.ts";
import type { DedupOutput } from "../runtime/step.ts";
import type { WorkRecord } from "../runtime/work.ts";
import { buildFrame } from "../testing/frame-builder.ts";
import type { AlertRecord } from "../testing/frame-builder.ts";
import { AlertRequest } from "./alert-bytes.ts";
import { median } from "./bench.ts";
import type { Bench, BenchSettings, Measurement } from "./bench.ts";

const sizes = [1_000, 10_000, 100_000, 1_000_000];
const alertsPerFrame = 256;
const openMs = Date.parse("2026-01-01T00:00:00Z");
const refreshPasses = 3;
/** Small sizes are repeated until so many alerts were measured. */
const alertsMin = 200_000;

export const actors: Bench = {
  name: "actors",
  question: "cost of one alert in the pure stages",
  async run(settings: BenchSettings): Promise<Measurement[]> {
    return sizes.flatMap((size) => measureSize(size, settings));
  },
};

function measureSize(size: number, { seed, rounds, say }: BenchSettings): Measurement[] {
  const frames = framesOf(size, seed, 0);
  const passes = Array.from({ length: refreshPasses }, (_, pass) => pass + 1);
  const repeats = passes.map((pass) => framesOf(size, seed, pass));
  const [open, refresh, incident]: [number[], number[], number[]] = [[], [], []];
  for (let round = 0; round < rounds; round++) {
    let [openNs, refreshNs, incidentNs, done] = [0, 0, 0, 0];
    for (; done < alertsMin; done += size) {
      const outputs: DedupOutput[] = [];
      const stage = new DedupStage({ codec, config: null });
      openNs += timed(() => feed(stage, frames, 0, (output) => outputs.push(output)));
      repeats.forEach((repeated, n) => {
        refreshNs += timed(() => feed(stage, repeated, n + 1, () => {}));
      });
      const records = workRecords(outputs);
      const incidents = new IncidentStage({ codec, partition: 0, config: null });
      incidentNs += timed(() => {
        records.forEach((data, i) => {
          incidents.apply(data, { seq: i + 1, timeMs: openMs + i }, () => {});
        });
      });
    }
    open.push(openNs / done);
    refresh.push(refreshNs / (done * refreshPasses));
    incident.push(incidentNs / done);
  }
  const result = (what: string, values: number[]): Measurement => {
    const value = median(values) / 1000;
    say(`actors ${what} ${size}: ${value.toFixed(2)} µs`);
    return { name: `actors/${what} ${size}`, value, unit: "µs/alert", better: "less" };
  };
  return [
    result("refresh", refresh),
    result("open", open),
    result("incident, opened alerts", incident),
  ];
}

function feed(
  stage: DedupStage,
  frames: Uint8Array[],
  pass: number,
  emit: (output: DedupOutput) => void,
): void {
  frames.forEach((data, i) => {
    const timeMs = openMs + pass * 1_000 + i;
    stage.advance(timeMs, emit);
    stage.apply(data, { seq: pass * frames.length + i + 1, timeMs }, emit);
  });
}

/** The same alerts at every pass; only their end times move. */
function framesOf(size: number, seed: number, pass: number): Uint8Array[] {
  const request = new AlertRequest("/", "bench", 1, openMs);
  const frames: Uint8Array[] = [];
  for (let from = 0; from < size; from += alertsPerFrame) {
    const records: AlertRecord[] = [];
    for (let n = from; n < Math.min(from + alertsPerFrame, size); n++) {
      request.fill(0, seed + n, pass);
      records.push({
        fingerprint: fingerprint(seed + n),
        contentHash: 7,
        startsAtMs: openMs,
        endsAtMs: openMs + 3_600_000 + pass,
        endsByTimeout: false,
        payload: request.firstAlert(),
      });
    }
    frames.push(buildFrame(openMs, records));
  }
  return frames;
}

/** 16 digits spread like a hash's; distinct numbers give distinct ones (odd multipliers). */
function fingerprint(n: number): string {
  const half = (factor: number): string =>
    (Math.imul(n + 1, factor) >>> 0).toString(16).padStart(8, "0");
  return half(0x9e3779b1) + half(0x85ebca6b);
}

function workRecords(outputs: DedupOutput[]): Uint8Array[] {
  const records: Uint8Array[] = [];
  for (let from = 0; from < outputs.length; from += alertsPerFrame) {
    const items = outputs
      .slice(from, from + alertsPerFrame)
      .map(({ event }, index) => ({ stepSeq: from + 1, index, event }));
    const record: WorkRecord = { kind: "alerts", partition: 0, items };
    records.push(codec.encode(record));
  }
  return records;
}

/** Wall time of `work` in ns. */
function timed(work: () => void): number {
  const start = process.hrtime.bigint();
  work();
  return Number(process.hrtime.bigint() - start);
}
