/**
 * Fits the curves, and holds them against what they have not seen: of the measured points some
 * are kept out of the fit and then predicted by it. An error that is shown beside a measured
 * value is worth more than an R² over the points that made the curve.
 */
import { type Calibration, type CpuCost, cpuParts, type LoadPoint } from "./calibration.ts";
import { fitUsl, pointsMin, relativeError, type UslFit } from "./usl-fit.ts";
import { throughput } from "./usl.ts";

export type Prediction = {
  /** What was predicted, in words. */
  what: string;
  predicted: number;
  measured: number;
  /** (predicted - measured) / measured. */
  relativeError: number;
  isOff: boolean;
};

export type Curve = { fit: UslFit; points: CurvePoint[] };
export type CurvePoint = { inFlight: number; measured: number; fitted: number; heldOut: boolean };

/** Beyond this a prediction is called off. */
export const relativeErrorMax = 0.2;
export const loadPointsMin = pointsMin + 1;

/** Points inside the range, so that each is between points that were fitted. */
export function heldOut(inFlight: readonly number[]): Set<number> {
  const sorted = [...inFlight].sort((a, b) => a - b);
  const indexes = sorted.length >= 6 ? [Math.floor(sorted.length / 3)] : [];
  if (sorted.length >= loadPointsMin) indexes.push(sorted.length - 2);
  return new Set(indexes.map((index) => sorted[index] ?? 0));
}

/** @throws RangeError when there are too few points, or one without throughput. */
export function curveOf(points: readonly LoadPoint[], of: (point: LoadPoint) => number): Curve {
  const held = heldOut(points.map(({ inFlight }) => inFlight));
  const used = points.filter(({ inFlight }) => !held.has(inFlight));
  const fit = fitUsl(used.map((point) => ({ n: point.inFlight, perSecond: of(point) })));
  return {
    fit,
    points: points
      .map((point) => ({
        inFlight: point.inFlight,
        measured: of(point),
        fitted: throughput(fit, point.inFlight),
        heldOut: held.has(point.inFlight),
      }))
      .sort((a, b) => a.inFlight - b.inFlight),
  };
}

export type SelfCheck = { accepted: Curve; processed: Curve; predictions: Prediction[] };

export function selfCheck(calibration: Calibration): SelfCheck {
  const { points } = calibration;
  const accepted = curveOf(points, ({ acceptedPerSecond }) => acceptedPerSecond);
  const processed = curveOf(points, ({ processedPerSecond }) => processedPerSecond);
  return {
    accepted,
    processed,
    predictions: [
      ...predicted("alerts/s accepted", accepted),
      ...predicted("alerts/s processed", processed),
      ...cpuPrediction(calibration),
      ...saturationPrediction(calibration),
    ],
  };
}

function predicted(what: string, { fit, points }: Curve): Prediction[] {
  return points
    .filter((point) => point.heldOut)
    .map(({ inFlight, measured, fitted }) => {
      const error = relativeError(fit, { n: inFlight, perSecond: measured });
      return prediction(`${what}, ${inFlight} requests in flight`, fitted, measured, error);
    });
}

/** The costs come from runs of repeats alone and of new alerts alone; the points are a mix. */
function cpuPrediction({ cpu, settings, points }: Calibration): Prediction[] {
  const top = [...points].sort((a, b) => b.inFlight - a.inFlight)[0];
  if (top === undefined || top.cpuSecondsPerAlert === 0) return [];
  const mixed = total(mix(cpu.repeated, cpu.fresh, settings.repeatShare)) * 1e6;
  const measured = top.cpuSecondsPerAlert * 1e6;
  const what = `CPU µs an alert of the mix, ${top.inFlight} requests in flight`;
  return [prediction(what, mixed, measured, mixed / measured - 1)];
}

/**
 * Plans take CPU for what stops a node. If something else did (a lock, a disk), the program would
 * process less than its costs allow, and this is where it shows.
 */
function saturationPrediction({ cpu, settings, points, machine }: Calibration): Prediction[] {
  const best = [...points].sort((a, b) => b.processedPerSecond - a.processedPerSecond)[0];
  const cost = mix(cpu.repeated, cpu.fresh, settings.repeatShare);
  if (best === undefined || total(cost) === 0) return [];
  // The generator works while the load lasts, the program until all is done.
  const loadShare = best.processedPerSecond / best.acceptedPerSecond;
  const cores = Math.max(0, machine.cores - best.generatorCores * loadShare);
  const value = Math.min(cores / total(cost), 1 / cost.door, 1 / cost.sink);
  const measured = best.processedPerSecond;
  const what = "alerts/s processed at most, from the CPU costs";
  return [prediction(what, value, measured, value / measured - 1)];
}

function prediction(
  what: string,
  value: number,
  measured: number,
  error: number,
): Prediction {
  const isOff = Math.abs(error) > relativeErrorMax;
  return { what, predicted: value, measured, relativeError: error, isOff };
}

export function mix(repeated: CpuCost, fresh: CpuCost, repeatShare: number): CpuCost {
  const cost = { ...repeated };
  for (const part of cpuParts) {
    cost[part] = repeatShare * repeated[part] + (1 - repeatShare) * fresh[part];
  }
  return cost;
}

export const total = (cost: CpuCost): number =>
  cpuParts.reduce((sum, part) => sum + cost[part], 0);
