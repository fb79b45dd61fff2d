/** Frames of the load generator's alerts, for benches of the pure stages without HTTP and log. */
import type { DedupStage } from "../runtime/dedup-stage.ts";
import type { DedupOutput } from "../runtime/step.ts";
import { buildFrame } from "../testing/frame-builder.ts";
import type { AlertRecord } from "../testing/frame-builder.ts";
import { AlertRequest } from "./alert-bytes.ts";

export const alertsPerFrame = 256;
export const openMs = Date.parse("2026-01-01T00:00:00Z");

/** The same alerts at every pass; only their end times move. */
export function* framesOf(size: number, seed: number, pass: number): Generator<Uint8Array> {
  const request = new AlertRequest("/", "bench", 1, openMs);
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
    yield buildFrame(openMs, records);
  }
}

/** Applies a pass of frames, each of them a millisecond after the one before. */
export function feed(
  stage: DedupStage,
  frames: Iterable<Uint8Array>,
  pass: number,
  emit: (output: DedupOutput) => void,
): void {
  let i = 0;
  for (const data of frames) {
    const timeMs = openMs + pass * 1_000 + i;
    stage.advance(timeMs, emit);
    stage.apply(data, { seq: pass * 1_000_000 + i + 1, timeMs }, emit);
    i += 1;
  }
}

/** 16 digits spread like a hash's; distinct numbers give distinct ones (odd multipliers). */
function fingerprint(n: number): string {
  const half = (factor: number): string =>
    (Math.imul(n + 1, factor) >>> 0).toString(16).padStart(8, "0");
  return half(0x9e3779b1) + half(0x85ebca6b);
}

/** Wall time of `work` in ns. */
export function timed(work: () => void): number {
  const start = process.hrtime.bigint();
  work();
  return Number(process.hrtime.bigint() - start);
}
