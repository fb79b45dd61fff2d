/** OTLP as exporters write it, and what becomes of each kind of metric. */
import { expect, test } from "vitest";
import { CumulativePoints } from "./cumulative.ts";
import { decodeOtlp, type Growth, isOtlp } from "./otlp.ts";
import { exportResponse, readExportRequest } from "./otlp-protobuf.ts";
import { ProtobufError } from "./protobuf.ts";
import type { DecodedSamples } from "./sample.ts";

const nanos = "1780000000000000000";
const ms = 1_780_000_000_000;

function decoded(
  metrics: object[],
  watched: string[],
  resource: object[] = [],
  points = new CumulativePoints(),
): DecodedSamples {
  const body = {
    resourceMetrics: [{ resource: { attributes: resource }, scopeMetrics: [{ metrics }] }],
  };
  if (!isOtlp(body)) throw new Error("not OTLP");
  const growth: Growth = (series, point) => points.growth(series, point);
  const found = decodeOtlp(body, (metric) => watched.includes(metric), growth);
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

test("sums: deltas, and what goes up and down, are taken as they are", () => {
  const sum = (name: string, more: object, asInt: unknown = "3"): object => ({
    name,
    sum: { dataPoints: [{ timeUnixNano: nanos, asInt }], ...more },
  });
  const { samples, refused } = decoded(
    [
      sum("a", { isMonotonic: true, aggregationTemporality: "AGGREGATION_TEMPORALITY_DELTA" }),
      sum("b", { isMonotonic: false, aggregationTemporality: 2 }),
      sum("c", { aggregationTemporality: 1 }, "many"),
      sum("nobodys", { isMonotonic: true, aggregationTemporality: 2 }),
    ],
    ["a", "b", "c"],
  );
  expect(samples.map(({ metric, value, unit }) => [metric, value, unit])).toEqual([
    ["a", 3, null],
    ["b", 3, null],
  ]);
  expect(refused.map(({ index, field }) => [index, field])).toEqual([[2, "c"]]);
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
  const none = (): null => null;
  expect(decodeOtlp({ resourceMetrics: {} }, never, none)).toContain("expected an array");
  const bad = { resourceMetrics: [{ scopeMetrics: [{ metrics: [7] }] }] };
  expect(decodeOtlp(bad, never, none)).toContain("expected objects");
  const odd = { resourceMetrics: [null, 1, { scopeMetrics: 7 }] };
  expect(decodeOtlp(odd, never, none)).toMatchObject({ samples: [] });
});

test("counters since a start: what they have grown by, the same for the same point", () => {
  const points = new CumulativePoints();
  const minute = 60_000;
  const at = (minutes: number): string => `${ms + minutes * minute}000000`;
  const value = (minutes: number, asInt: number, start: number): number | undefined => {
    const point = { timeUnixNano: at(minutes), startTimeUnixNano: at(start), asInt };
    const sum = { isMonotonic: true, aggregationTemporality: 2, dataPoints: [point] };
    return decoded([{ name: "c", sum }], ["c"], [], points).samples[0]?.value;
  };
  // Nobody knows when all of it happened.
  expect(value(0, 70, -600)).toBe(undefined);
  expect(value(1, 73, -600)).toBe(3);
  expect(value(1, 73, -600)).toBe(3);
  expect(value(2, 73, -600)).toBe(0);
  expect(value(1, 73, -600)).toBe(undefined);
  // The program was started anew: all of it is new.
  expect(value(3, 5, 2.5)).toBe(5);
  expect(value(4, 6, 2.5)).toBe(1);
  // A first point that covers a short time counts.
  points.growth("x", { startMs: ms, atMs: ms + minute, values: [4] });
  expect(points.growth("y", { startMs: ms, atMs: ms + minute, values: [4] })).toEqual([4]);
  expect(points.growth("z", { startMs: null, atMs: ms, values: [4] })).toBe(null);
  expect(points.growth("x", { startMs: ms - 9e9, atMs: ms + 2 * minute, values: [1] })).toBe(null);
});

test("histograms since a start: quantiles of what came since the point before", () => {
  const points = new CumulativePoints();
  const p95 = (second: number, counts: number[]): number[] => {
    const count = counts.reduce((sum, each) => sum + each, 0);
    const point = {
      ...{ timeUnixNano: `${ms + second * 1_000}000000`, startTimeUnixNano: nanos, sum: count },
      ...{ count, bucketCounts: counts, explicitBounds: [1, 10], max: 99 },
    };
    const histogram = { aggregationTemporality: 2, dataPoints: [point] };
    const { samples } = decoded([{ name: "h", histogram }], ["h.p95", "h.avg"], [], points);
    return samples.map(({ value }) => value);
  };
  expect(p95(600, [1_000, 0, 0])).toEqual([]);
  expect(p95(660, [1_000, 100, 0])).toEqual([1, 9.55]);
  expect(p95(720, [1_000, 100, 0])).toEqual([]);
});

test("protobuf: read as JSON is; the answer says how many were refused, and why", () => {
  // One gauge "acc" of unit "1": 0.5 at 1 s, attribute k = "v"; field 99 is not known.
  const double = Buffer.alloc(8);
  double.writeDoubleLE(0.5);
  const time = Buffer.alloc(8);
  time.writeBigUInt64LE(1_000_000_000n);
  const part = (number: number, ...bytes: (Buffer | number[])[]): Buffer => {
    const content = Buffer.concat(bytes.map((each) => Buffer.from(each)));
    return Buffer.concat([Buffer.from([number * 8 + 2, content.length]), content]);
  };
  const word = (number: number, text: string): Buffer => part(number, Buffer.from(text));
  const attribute = part(7, word(1, "k"), part(2, word(1, "v")));
  const point = part(1, [0x19], time, [0x21], double, attribute, [0x98, 0x06, 0x07]);
  const metric = part(2, word(1, "acc"), word(2, "ignored"), word(3, "1"), part(5, point));
  const request = part(1, part(2, metric));
  const found = decodeOtlp(readExportRequest(request), () => true, () => null);
  expect(found).toMatchObject({
    samples: [{ metric: "acc", unit: "1", value: 0.5, atMs: 1_000, labels: { k: "v" } }],
  });
  expect(readExportRequest(Buffer.alloc(0))).toEqual({ resourceMetrics: [] });
  for (let length = 1; length < request.length; length += 1) {
    expect(() => readExportRequest(request.subarray(0, length))).toThrow(ProtobufError);
  }
  expect(() => readExportRequest(Buffer.from([0x08, 1]))).toThrow("resourceMetrics: got wire type");
  expect(() => readExportRequest(Buffer.alloc(12, 0xff))).toThrow("more than ten bytes");
  expect([...exportResponse(0, "")]).toEqual([]);
  const answer = Buffer.from(exportResponse(300, "bad"));
  expect(answer.toString("hex")).toBe("0a0808ac021203626164");
});
