/**
 * Fits the universal scalability law to measured points, by least squares of the relative error:
 * throughput's noise grows with throughput, and a point at N = 1 tells as much as one at N = 64.
 *
 * N/X is linear in (1/λ, σ/λ, κ/λ), so a linear regression gives the start and a few
 * Levenberg-Marquardt steps the rest. λ > 0, 0 <= σ <= 1 and κ >= 0 must hold. With two bounded
 * parameters there are six cases (σ free, 0 or 1; κ free or 0): each is fitted without bounds,
 * and the best one that keeps them wins. So a bound is met exactly, not nearly.
 */
import { inverseDiagonal, normal, type Row, solve } from "./least-squares.ts";
import { throughput, type Usl } from "./usl.ts";

export type UslPoint = { n: number; perSecond: number };

export type UslFit = Usl & {
  /**
   * Standard errors; null where there is none: the parameter lies on its bound, or there are no
   * more points than parameters.
   */
  errors: { lambda: number | null; sigma: number | null; kappa: number | null };
  /** Share of the variance that the curve explains, at most 1; null: all points are equal. */
  r2: number | null;
  /** Root of the mean squared relative error at the fitted points. */
  relativeRms: number;
  points: number;
};

export const pointsMin = 3;
const stepsMax = 50;
const dampingMax = 1e12;
const converged = 1e-14;
/** Of the loss: less than this is rounding. */
const worthwhile = 1e-9;

type Name = "lambda" | "sigma" | "kappa";
type Case = { free: Name[]; fixed: Partial<Record<Name, number>> };

/** Simple ones first: a parameter more has to earn its place. */
const cases: Case[] = [
  { free: ["lambda"], fixed: { sigma: 0, kappa: 0 } },
  { free: ["lambda"], fixed: { sigma: 1, kappa: 0 } },
  { free: ["lambda", "sigma"], fixed: { kappa: 0 } },
  { free: ["lambda", "kappa"], fixed: { sigma: 0 } },
  { free: ["lambda", "kappa"], fixed: { sigma: 1 } },
  { free: ["lambda", "sigma", "kappa"], fixed: {} },
];

/** @throws RangeError for fewer than three distinct N, or a throughput that is not above 0. */
export function fitUsl(points: readonly UslPoint[]): UslFit {
  const distinct = new Set(points.map(({ n }) => n)).size;
  if (distinct < pointsMin || points.some(({ perSecond }) => !(perSecond > 0))) {
    throw new RangeError(`a fit needs throughputs above 0 at ${pointsMin} or more different N`);
  }
  let best: { usl: Usl; of: Case; loss: number } | null = null;
  for (const of of cases) {
    const start = linearStart(points, of);
    if (start === null) continue;
    const usl = refine(points, of, start);
    const loss = lossOf(points, usl);
    const better = best === null || loss < best.loss * (1 - worthwhile) - worthwhile ** 2;
    if (better) best = { usl, of, loss };
  }
  if (best === null) throw new RangeError("no curve of this kind fits the points");
  return describe(points, best.usl, best.of);
}

const isAllowed = ({ lambda, sigma, kappa }: Usl): boolean =>
  lambda > 0 && Number.isFinite(lambda) && sigma >= 0 && sigma <= 1 && kappa >= 0;

/** By linear regression of N/X, weighted so that errors count relative to X; null: not allowed. */
function linearStart(points: readonly UslPoint[], { free, fixed }: Case): Usl | null {
  const rows = points.map(({ n, perSecond }): Row => {
    const weight = perSecond / n;
    const base = 1 + (fixed.sigma ?? 0) * (n - 1) + (fixed.kappa ?? 0) * n * (n - 1);
    const slope = { lambda: base, sigma: n - 1, kappa: n * (n - 1) };
    return { slopes: free.map((name) => slope[name] * weight), rest: 1 };
  });
  const { matrix, vector } = normal(rows, free.length);
  const found = solve(matrix, vector);
  if (found === null) return null;
  const value = (name: Name): number | undefined => found[free.indexOf(name)];
  const inverse = value("lambda") ?? 0;
  const usl = {
    lambda: 1 / inverse,
    sigma: fixed.sigma ?? (value("sigma") ?? 0) / inverse,
    kappa: fixed.kappa ?? (value("kappa") ?? 0) / inverse,
  };
  return isAllowed(usl) ? usl : null;
}

/** Steps that leave the allowed region are shortened like those that do not improve. */
function refine(points: readonly UslPoint[], { free }: Case, start: Usl): Usl {
  let usl = start;
  let loss = lossOf(points, usl);
  let damping = 1e-3;
  for (let step = 0; step < stepsMax && damping < dampingMax; ) {
    const { matrix, vector } = normal(rowsAt(points, usl, free), free.length);
    const damped = matrix.map((line, i) =>
      line.map((value, j) => (i === j ? value * (1 + damping) : value)),
    );
    const change = solve(damped, vector);
    if (change === null) break;
    const next = { ...usl };
    for (const [i, name] of free.entries()) next[name] += change[i] ?? 0;
    const nextLoss = isAllowed(next) ? lossOf(points, next) : Number.POSITIVE_INFINITY;
    if (nextLoss >= loss) {
      damping *= 10;
      continue;
    }
    const gain = loss - nextLoss;
    [usl, loss, damping] = [next, nextLoss, damping / 10];
    step += 1;
    if (gain <= converged * (loss + converged)) break;
  }
  return usl;
}

const lossOf = (points: readonly UslPoint[], usl: Usl): number =>
  points.reduce((sum, point) => sum + relativeError(usl, point) ** 2, 0);

/** (predicted - measured) / measured. */
export function relativeError(usl: Usl, { n, perSecond }: UslPoint): number {
  return throughput(usl, n) / perSecond - 1;
}

function rowsAt(points: readonly UslPoint[], usl: Usl, free: Name[]): Row[] {
  return points.map((point) => {
    const { n, perSecond } = point;
    const x = throughput(usl, n);
    const under = (usl.lambda * n) / x;
    const slope = {
      lambda: x / usl.lambda / perSecond,
      sigma: (-x * (n - 1)) / under / perSecond,
      kappa: (-x * n * (n - 1)) / under / perSecond,
    };
    return { slopes: free.map((name) => slope[name]), rest: -relativeError(usl, point) };
  });
}

function describe(points: readonly UslPoint[], usl: Usl, { free }: Case): UslFit {
  const loss = lossOf(points, usl);
  const freedom = points.length - free.length;
  const { matrix } = normal(rowsAt(points, usl, free), free.length);
  const variances = freedom > 0 ? inverseDiagonal(matrix) : null;
  const errorOf = (name: Name): number | null => {
    const variance = variances?.[free.indexOf(name)];
    return variance === undefined ? null : Math.sqrt((variance * loss) / freedom);
  };
  const mean = points.reduce((sum, { perSecond }) => sum + perSecond, 0) / points.length;
  const total = points.reduce((sum, { perSecond }) => sum + (perSecond - mean) ** 2, 0);
  const left = points.reduce(
    (sum, { n, perSecond }) => sum + (perSecond - throughput(usl, n)) ** 2,
    0,
  );
  return {
    ...usl,
    errors: { lambda: errorOf("lambda"), sigma: errorOf("sigma"), kappa: errorOf("kappa") },
    r2: total > 0 ? 1 - left / total : null,
    relativeRms: Math.sqrt(loss / points.length),
    points: points.length,
  };
}
