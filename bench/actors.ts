/**
 * What does one alert cost in the pure stages, without HTTP, log or disk? Swept over the number
 * of distinct alerts, since caches and heaps have sizes.
 */
import { codec } from "../streams/codec.ts";
import { DedupStage } from "../runtime/dedup-stage.ts";
import { eventText } from "../runtime/event-text.ts";
import { IncidentStage } from "../runtime/incident-stage.ts";
import type { DedupOutput } from "../runtime/step.ts";
import type { WorkRecord } from "../runtime/work.ts";
import { median } from "./bench.ts";
import type { Bench, BenchSettings, Measurement } from "./bench.ts";
import { alertsPerFrame, feed, framesOf, openMs, timed } from "./stage-input.ts";

const sizes = [1_000, 10_000, 100_000, 1_000_000];
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
  const frames = [...framesOf(size, seed, 0)];
  const passes = Array.from({ length: refreshPasses }, (_, pass) => pass + 1);
  const repeats = passes.map((pass) => [...framesOf(size, seed, pass)]);
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

function workRecords(outputs: DedupOutput[]): Uint8Array[] {
  const records: Uint8Array[] = [];
  for (let from = 0; from < outputs.length; from += alertsPerFrame) {
    const items = outputs
      .slice(from, from + alertsPerFrame)
      .map((output, index) => ({ stepSeq: from + 1, index, json: eventText(output) }));
    const record: WorkRecord = { kind: "alerts", partition: 0, items };
    records.push(codec.encode(record));
  }
  return records;
}
