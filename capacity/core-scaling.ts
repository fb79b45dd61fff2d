/**
 * How throughput grows with cores: fitted where three or more core counts were measured, else
 * assumed. Never guessed silently: whoever shows a figure that rests on it says which it is.
 */
import { fitUsl, pointsMin, type UslFit } from "./usl-fit.ts";
import { peakAt, speedup, type Usl } from "./usl.ts";

export type CorePoint = { cores: number; perSecond: number };

export type CoreScaling =
  | { kind: "fitted"; usl: UslFit }
  | { kind: "assumed"; usl: Usl; measuredCounts: number };

/**
 * Of work that is spread over partitions, processes and connections which share little: each
 * core beyond the first costs 3 % of one. It makes 8 cores worth 6.6, 16 worth 11, and no
 * machine worth more than 33.
 */
export const contentionAssumed = 0.03;

export function coreScaling(points: readonly CorePoint[]): CoreScaling {
  const counts = new Set(points.map(({ cores }) => cores)).size;
  if (counts < pointsMin) {
    const usl = { lambda: 1, sigma: contentionAssumed, kappa: 0 };
    return { kind: "assumed", usl, measuredCounts: counts };
  }
  const usl = fitUsl(points.map(({ cores, perSecond }) => ({ n: cores, perSecond })));
  return { kind: "fitted", usl };
}

/**
 * What `cores` give, in cores of the machine that was measured: its own count gives itself, more
 * give less each. Beyond the curve's peak more cores are not used, so they do no harm.
 */
export function effectiveCores({ usl }: CoreScaling, cores: number, measured: number): number {
  const peak = peakAt(usl) ?? cores;
  const worth = (count: number): number => speedup(usl, Math.min(count, peak));
  return (measured * worth(cores)) / worth(measured);
}

/** Core counts worth measuring: doubling, and all but one, which is the load generator's. */
export function coreCounts(available: number): number[] {
  const last = available - 1;
  const counts: number[] = [];
  for (let count = 1; count < last; count *= 2) counts.push(count);
  if (last > 0) counts.push(last);
  return counts.length >= pointsMin ? counts : [];
}
