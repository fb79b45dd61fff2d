/** The levels of a breakpoint search. Pure. */
import type { PhaseRecord } from "./load-record.ts";
import { readable } from "./verdict.ts";
import type { Limits } from "./verdict.ts";

const acceptedShareMin = 0.95;
/** Of a level's alerts, so many may be waiting for the stages when it ends. */
const backlogShareMax = 0.25;

/**
 * Why the level does not hold; null: it does.
 * @param backlogGrowth alerts behind at its end less those at its beginning.
 */
export function levelFault(
  { counts, latency, phase }: PhaseRecord,
  rate: number,
  backlogGrowth: number,
  limits: Limits,
): string | null {
  const accepted = counts.accepted / phase.seconds;
  if (counts.failed > 0) return `${readable(counts.failed)} alerts failed`;
  if (counts.shed > 0) return `${readable(counts.shed)} alerts shed`;
  if (accepted < rate * acceptedShareMin) return `only ${readable(accepted)}/s accepted`;
  const p95 = latency.at(0.95);
  if (p95 > limits.p95Ms) return `p95 ${readable(p95)} ms`;
  if (backlogGrowth > rate * phase.seconds * backlogShareMax) {
    return `the stages fall behind by ${readable(backlogGrowth / phase.seconds)} alerts/s`;
  }
  return null;
}
