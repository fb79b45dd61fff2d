/**
 * Whether the values of two alerts move alike. Values are attached by the sender (annotation
 * `values`: "1, 2, 3" or a JSON list) or are those that an alert had over its life (ValueTrail).
 *
 * Both series are resampled to 32 points and z-normalised, so that neither unit nor level counts,
 * and compared by Pearson's correlation at lags of a few points: effects come after their causes.
 * At a lag of k points the sum is divided by 32, not by 32 − k, so that a short overlap that
 * happens to agree counts less than agreement over the whole. The lag that agrees best counts.
 */
import type { Labels } from "../alert/events.ts";
import { labelOf } from "../incident/identity.ts";

/** Similarity of series that nothing can be said of: as much as chance makes. */
export const neutralSimilarity = 0.5;
/** Fewer values are no pattern. */
export const valuesMin = 4;
/** Of attached values; of more the last count. */
export const valuesMax = 256;
const textCharsMax = 8_192;
const points = 32;
const lagMax = 4;
/** A spread below this part of the largest value is noise of measuring: the series is flat. */
const flatPart = 1e-6;

/** Values of the annotation `values`, else of the label; null: there are none that are numbers. */
export function valuesOf(annotations: Labels, labels: Labels): number[] | null {
  const text = labelOf(annotations, "values") || labelOf(labels, "values");
  if (text === "" || text.length > textCharsMax) return null;
  const parts = text.replace(/^\s*\[|\]\s*$/g, "").split(/[\s,;]+/);
  const values: number[] = [];
  for (const part of parts) {
    if (part === "") continue;
    const value = Number(part);
    if (!Number.isFinite(value)) return null;
    values.push(value);
  }
  return values.length === 0 ? null : values.slice(-valuesMax);
}

/**
 * 1: move alike, 0.5: have nothing to do with each other (also: flat or too short), 0: opposite.
 * Symmetric. The cost is that of 9 sums of 32 products.
 */
export function seriesSimilarity(a: readonly number[], b: readonly number[]): number {
  const [left, right] = [normalised(a), normalised(b)];
  if (left === null || right === null) return neutralSimilarity;
  let best = -1;
  for (let lag = -lagMax; lag <= lagMax; lag += 1) {
    let sum = 0;
    const end = Math.min(points, points - lag);
    for (let at = Math.max(0, -lag); at < end; at += 1) sum += left[at]! * right[at + lag]!;
    best = Math.max(best, sum / points);
  }
  return Math.min(1, Math.max(0, (1 + best) / 2));
}

/** 32 points of mean 0 and variance 1; null: too short or flat. */
function normalised(values: readonly number[]): Float64Array | null {
  if (values.length < valuesMin) return null;
  let scale = 0;
  for (const value of values) scale = Math.max(scale, Math.abs(value));
  if (scale === 0 || !Number.isFinite(scale)) return null;
  const sampled = new Float64Array(points);
  let mean = 0;
  for (let at = 0; at < points; at += 1) {
    const place = (at * (values.length - 1)) / (points - 1);
    const [before, part] = [Math.floor(place), place - Math.floor(place)];
    const from = values[before]! / scale;
    const to = values[Math.min(before + 1, values.length - 1)]! / scale;
    sampled[at] = from + (to - from) * part;
    mean += sampled[at]! / points;
  }
  let variance = 0;
  for (const value of sampled) variance += (value - mean) ** 2 / points;
  const spread = Math.sqrt(variance);
  if (!(spread > flatPart)) return null;
  return sampled.map((value) => (value - mean) / spread);
}

/** Values an alert had and when, as plain data: it goes into snapshots as it is. */
export type ValueTrail = { atMs: number[]; values: number[] };

/** Changes that are remembered of one alert; of more, every other one is forgotten. */
export const trailMax = 64;

/** A repeat of the last value adds nothing; an older time than the last is taken for the last. */
export function extendTrail(trail: ValueTrail, value: number, atMs: number): void {
  const { values } = trail;
  if (!Number.isFinite(value) || value === values.at(-1)) return;
  if (values.length >= trailMax) {
    // The first stays, so that the trail still begins where the alert did.
    trail.values = values.filter((_, at) => at % 2 === 0);
    trail.atMs = trail.atMs.filter((_, at) => at % 2 === 0);
  }
  trail.values.push(value);
  trail.atMs.push(Math.max(atMs, trail.atMs.at(-1) ?? atMs));
}

/**
 * Similarity over the time that both have values for, each value holding until the next.
 * 0.5 when they have less than `valuesMin` changes, or no time in common.
 */
export function trailSimilarity(a: ValueTrail, b: ValueTrail): number {
  if (a.values.length < valuesMin || b.values.length < valuesMin) return neutralSimilarity;
  const fromMs = Math.max(a.atMs[0]!, b.atMs[0]!);
  const toMs = Math.min(a.atMs.at(-1)!, b.atMs.at(-1)!);
  if (toMs <= fromMs) return neutralSimilarity;
  return seriesSimilarity(sampledOver(a, fromMs, toMs), sampledOver(b, fromMs, toMs));
}

function sampledOver({ atMs, values }: ValueTrail, fromMs: number, toMs: number): number[] {
  const sampled: number[] = [];
  let place = 0;
  for (let at = 0; at < points; at += 1) {
    const ms = fromMs + ((toMs - fromMs) * at) / (points - 1);
    while (place + 1 < values.length && atMs[place + 1]! <= ms) place += 1;
    sampled.push(values[place]!);
  }
  return sampled;
}
