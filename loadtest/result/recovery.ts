/** When is the server normal again after too much load? Pure. */
import type { LoadPoint, PhaseRecord } from "./load-record.ts";
import type { Series } from "./series.ts";

/** So many seconds in a row must be normal: one good second between bad ones is no recovery. */
const calmSeconds = 3;
/** Accepted of what is asked. Below 1: requests fall on one or the other side of a second. */
const acceptedShareMin = 0.85;

/**
 * Seconds from the calm phase's beginning until the server accepts what is asked with a normal
 * latency, and goes on so; null: not before the phase ended.
 */
export function recoverySecond(
  series: Series<LoadPoint>,
  calm: PhaseRecord,
  p95MaxMs: number,
): number | null {
  const width = series.widthSeconds;
  const wanted = calm.phase.perSecond * width * acceptedShareMin;
  const needed = Math.max(1, Math.ceil(calmSeconds / width));
  // The last point is only part of a second.
  const last = Math.floor(calm.endSecond / width) * width - width;
  let since: number | null = null;
  let count = 0;
  for (const { second, value } of series.points()) {
    if (second < Math.floor(calm.startSecond) || second > last) continue;
    const isNormal = value.counts.accepted >= wanted && value.latency.at(0.95) <= p95MaxMs;
    if (!isNormal) {
      count = 0;
      continue;
    }
    if (count === 0) since = second;
    count += 1;
    if (count >= needed && since !== null) return Math.max(0, since - calm.startSecond);
  }
  return null;
}
