/** OTLP as exporters write it, and what becomes of each kind of metric. */
import { expect, test } from "vitest";
import { decodeOtlp, isOtlp } from "./otlp.ts";
import type { DecodedSamples } from "./sample.ts";

const nanos = "1780000000000000000";
const ms = 1_780_000_000_000;

function decoded(metrics: object[], watched: string[], resource: object[] = []): DecodedSamples {
  const body = {
    resourceMetrics: [{ resource: { attributes: resource }, scopeMetrics: [{ metrics }] }],
  };
  if (!isOtlp(body)) throw new Error("not OTLP");
  const found = decodeOtlp(body, (metric) => watched.includes(metric));
  if (typeof found === "string") throw new Error(found);
  return found;
}

const text = (key: string, stringValue: string): object => ({ key, value: { stringValue } });

test("gauges: attributes become labels, by the names that alerts have", () => {
  const point = {
    ...{ timeUnixNano: nanos, asDouble: 0.83 },
    attributes: [
      text("gen_ai.request.model", "m-1"),
      { key: "shard", value: { intValue: "7" } },
      text("net.peer/name", "x"),
      { key: "list", value: { arrayValue: { values: [] } } },
      text("__proto__", "p"),
    ],
  };
  const { samples, refused } = decoded(
    [{ name: "model.accuracy", unit: "1", gauge: { dataPoints: [point] } }],
    ["model.accuracy"],
    [text("service.name", "chat"), text("deployment.environment.name", "prod")],
  );
  expect(refused).toEqual([]);
  const [sample] = samples;
  expect(sample).toMatchObject({ metric: "model.accuracy", value: 0.83, unit: "1", atMs: ms });
  expect(Object.entries(sample?.labels ?? {}).sort()).toEqual([
    ["__proto__", "p"],
    ["environment", "prod"],
    ["model_id", "m-1"],
    ["net_peer_name", "x"],
    ["service", "chat"],
    ["shard", "7"],
  ]);
});

test("sums: deltas and what goes up and down; a counter since the start is refused by name", () => {
  const sum = (name: string, more: object, asInt: unknown = "3"): object => ({
    name,
    sum: { dataPoints: [{ timeUnixNano: nanos, asInt }], ...more },
  });
  const { samples, refused } = decoded(
    [
      sum("a", { isMonotonic: true, aggregationTemporality: "AGGREGATION_TEMPORALITY_DELTA" }),
      sum("b", { isMonotonic: false, aggregationTemporality: 2 }),
      sum("c", { isMonotonic: true, aggregationTemporality: 2 }),
      sum("d", { aggregationTemporality: 1 }, "many"),
      sum("nobodys", { isMonotonic: true, aggregationTemporality: 2 }),
    ],
    ["a", "b", "c", "d"],
  );
  expect(samples.map(({ metric, value, unit }) => [metric, value, unit])).toEqual([
    ["a", 3, null],
    ["b", 3, null],
  ]);
  expect(refused.map(({ index, field }) => [index, field])).toEqual([[2, "c"], [3, "d"]]);
  expect(refused[0]?.reason).toContain("cumulative, expected delta");
});

test("histograms: quantiles lie evenly in their buckets, and within the known extremes", () => {
  const histogram = (point: object): object => ({
    name: "h",
    histogram: { aggregationTemporality: 1, dataPoints: [{ timeUnixNano: nanos, ...point }] },
  });
  const watched = ["h.p50", "h.p95", "h.p99", "h.avg"];
  const values = (point: object): unknown => {
    const { samples, refused } = decoded([histogram(point)], watched);
    return refused.length > 0 ? refused[0]?.reason : samples.map(({ value }) => value);
  };
  const even = { count: "100", sum: 500, bucketCounts: ["50", "45", "5"], explicitBounds: [1, 10] };
  expect(values({ ...even, max: 60 })).toEqual([5, 1, 10, 50]);
  // Without a maximum the open bucket says only that there is more.
  expect(values(even)).toEqual([5, 1, 10, 10]);
  expect(values({ count: 4, sum: 2, bucketCounts: [], explicitBounds: [] })).toEqual([0.5]);
  expect(values({ count: 0, sum: 0, bucketCounts: [0, 0, 0], explicitBounds: [1, 2] })).toEqual([]);
  for (const bad of [
    { count: 1, bucketCounts: [1], explicitBounds: [1, 2] },
    { count: 1, bucketCounts: [1, 0, 0], explicitBounds: [2, 1] },
    { count: 1, bucketCounts: [-1, 2], explicitBounds: [1] },
    { bucketCounts: [1, 0], explicitBounds: [1] },
  ]) {
    expect(values(bad)).toContain("buckets that do not fit");
  }
});

test("summaries have their quantiles; exponential histograms are refused; no value is none", () => {
  const quantileValues = [
    { quantile: 0.5, value: 1 },
    { quantile: 0.95, value: 3 },
    { quantile: 0.75, value: 2 },
  ];
  const summary = { dataPoints: [{ count: 2, sum: 4, quantileValues }] };
  const { samples, refused } = decoded(
    [
      { name: "s", summary },
      { name: "e", exponentialHistogram: { dataPoints: [{ count: 1 }] } },
      { name: "g", gauge: { dataPoints: [{ flags: 1 }] } },
    ],
    ["s.p50", "s.p95", "s.avg", "e.p95", "g"],
  );
  expect(samples.map(({ metric, value, atMs }) => [metric, value, atMs])).toEqual([
    ["s.avg", 2, null],
    ["s.p50", 1, null],
    ["s.p95", 3, null],
  ]);
  expect(refused).toHaveLength(1);
  expect(refused[0]?.reason).toContain("explicit buckets");
});

test("what nobody watches is counted by its points, and named once", () => {
  const gauge = { dataPoints: [{ asDouble: 1 }, { asDouble: 2 }, "nonsense"] };
  const { samples, unwatched } = decoded([{ name: "x", gauge }, { name: "x", gauge }], []);
  expect([samples, unwatched.count, [...unwatched.metrics]]).toEqual([[], 6, ["x"]]);
});

test("what is no export request says what was expected", () => {
  const never = (): boolean => false;
  expect(decodeOtlp({ resourceMetrics: {} }, never)).toContain("expected an array");
  const bad = { resourceMetrics: [{ scopeMetrics: [{ metrics: [7] }] }] };
  expect(decodeOtlp(bad, never)).toContain("expected objects");
  expect(decodeOtlp({ resourceMetrics: [null, 1, { scopeMetrics: 7 }] }, never)).toMatchObject({
    samples: [],
  });
});
