/** Quantiles of histograms and summaries of OpenTelemetry. Pure. */
import { fieldOf, isObject, type JsonObject } from "../senders/sender.ts";

export type NamedValue = { metric: string; value: number };

const quantiles: [suffix: string, quantile: number][] = [
  ["p50", 0.5],
  ["p95", 0.95],
  ["p99", 0.99],
];

/** The metrics that a histogram or a summary of this name becomes. */
export const derivedNames = (name: string): string[] =>
  [...quantiles.map(([suffix]) => suffix), "avg"].map((suffix) => `${name}.${suffix}`);

/** Null when it is none. A histogram of nothing has no values. */
export function histogramValues(point: JsonObject, name: string): NamedValue[] | null {
  const counts = numbers(fieldOf(point, "bucketCounts"));
  const bounds = numbers(fieldOf(point, "explicitBounds") ?? []);
  // A zero may be left out.
  const count = Number(fieldOf(point, "count") ?? 0);
  if (counts === null || bounds === null || !(count >= 0)) return null;
  if (bounds.some((bound, at) => at > 0 && bound <= (bounds[at - 1] as number))) return null;
  if (count === 0) return [];
  const values = averageOf(point, name, count);
  // A histogram may have no buckets at all: only its count and sum are known.
  if (counts.length === 0) return values;
  if (counts.length !== bounds.length + 1) return null;
  const total = counts.reduce((sum, each) => sum + each, 0);
  if (total === 0 || counts.some((each) => each < 0)) return null;
  const edges = edgesOf(point, bounds);
  for (const [suffix, quantile] of quantiles) {
    const value = quantileOf(counts, edges, quantile * total);
    if (value !== null) values.push({ metric: `${name}.${suffix}`, value });
  }
  return values;
}

export function summaryValues(point: JsonObject, name: string): NamedValue[] | null {
  const found = fieldOf(point, "quantileValues") ?? [];
  const count = Number(fieldOf(point, "count") ?? 0);
  if (!Array.isArray(found)) return null;
  const values = count > 0 ? averageOf(point, name, count) : [];
  for (const each of found as unknown[]) {
    if (!isObject(each)) return null;
    const value = Number(fieldOf(each, "value") ?? Number.NaN);
    const known = quantiles.find(([, quantile]) => quantile === fieldOf(each, "quantile"));
    if (known !== undefined && Number.isFinite(value)) {
      values.push({ metric: `${name}.${known[0]}`, value });
    }
  }
  return values;
}

/**
 * The histogram of what came since the point before; null: that cannot be told. Extremes are
 * those since the start, so they say nothing about it.
 * @param growth of the count, the sum and the buckets with these bounds.
 */
export function grownHistogram(
  point: JsonObject,
  growth: (values: number[], bounds: string) => number[] | null,
): JsonObject | null {
  const counts = numbers(fieldOf(point, "bucketCounts")) ?? [];
  const explicitBounds = numbers(fieldOf(point, "explicitBounds") ?? []) ?? [];
  const sum = fieldOf(point, "sum");
  const total = typeof sum === "number" ? [sum] : [];
  const values = [Number(fieldOf(point, "count") ?? 0), ...total, ...counts];
  const grown = growth(values, explicitBounds.join());
  if (grown === null) return null;
  const [count, ...rest] = grown;
  const bucketCounts = rest.slice(total.length);
  return { count, explicitBounds, bucketCounts, ...(total.length > 0 ? { sum: rest[0] } : {}) };
}

function averageOf(point: JsonObject, name: string, count: number): NamedValue[] {
  const sum = fieldOf(point, "sum");
  if (typeof sum !== "number" || !Number.isFinite(sum)) return [];
  return [{ metric: `${name}.avg`, value: sum / count }];
}

/** Where each bucket begins and ends; the outer ones are open, unless the extremes are known. */
function edgesOf(point: JsonObject, bounds: number[]): number[] {
  const [min, max] = [fieldOf(point, "min"), fieldOf(point, "max")];
  const first = bounds[0] ?? 0;
  const last = bounds.at(-1) ?? 0;
  const from = typeof min === "number" ? Math.min(min, first) : Math.min(0, first);
  const to = typeof max === "number" ? Math.max(max, last) : last;
  return [from, ...bounds, to];
}

/** Values are taken to lie evenly in their bucket. */
function quantileOf(counts: number[], edges: number[], rank: number): number | null {
  let below = 0;
  for (const [at, count] of counts.entries()) {
    if (count > 0 && below + count >= rank) {
      const [from, to] = [edges[at] as number, edges[at + 1] as number];
      return from + ((to - from) * (rank - below)) / count;
    }
    below += count;
  }
  return null;
}

/** Counts of 64 bits are texts in the JSON encoding. */
function numbers(value: unknown): number[] | null {
  if (value === undefined) return [];
  if (!Array.isArray(value)) return null;
  const read = (value as unknown[]).map((each) =>
    typeof each === "number" || typeof each === "string" ? Number(each) : Number.NaN,
  );
  return read.every(Number.isFinite) ? read : null;
}
