/**
 * Metrics of OpenTelemetry (OTLP, in the form of its JSON encoding) as samples.
 *
 *   gauge, sum       one sample a data point; of a counter, what it has grown by
 *   histogram        NAME.p50, NAME.p95, NAME.p99 and NAME.avg, from what its buckets grew by
 *   summary          its quantiles by the same names
 *
 * Attributes of the resource and of the data point become labels: those of `labelNames` by the
 * names that alerts have, the others with "_" for what is no letter or digit.
 *
 * O1 What nobody watches costs a look at its name: programs export hundreds of metrics.
 */
import { type Fault, fault } from "../alert-check.ts";
import { labelValueBytesMax, mapEntriesMax } from "../alert-limits.ts";
import { cutText, fieldOf, isObject, type JsonObject, textField } from "../senders/sender.ts";
import type { CumulativePoint } from "./cumulative.ts";
import {
  derivedNames,
  grownHistogram,
  histogramValues,
  type NamedValue,
  summaryValues,
} from "./otlp-points.ts";
import { type DecodedSamples, sampleReasons, samplesPerRequestMax } from "./sample.ts";

/** Names of attributes in OpenTelemetry's conventions, and the labels that they are here. */
const labelNames: Record<string, string> = {
  "service.name": "service",
  "service.instance.id": "instance",
  "deployment.environment": "environment",
  "deployment.environment.name": "environment",
  "cloud.region": "region",
  "k8s.cluster.name": "cluster",
  "k8s.namespace.name": "namespace",
  "tenant.id": "tenant_id",
  "gen_ai.request.model": "model_id",
  "gen_ai.response.model": "model_id",
  "hw.id": "gpu",
};
/** "No value was recorded", a bit of a data point's flags. */
const noValueFlag = 1;

type Labels = Record<string, string>;
type Point = { name: string; labels: Labels; atMs: number | null; point: JsonObject };
type Kind = "gauge" | "sum" | "histogram" | "summary" | "exponentialHistogram";
const kinds: Kind[] = ["gauge", "sum", "histogram", "summary", "exponentialHistogram"];

export function isOtlp(body: unknown): body is JsonObject {
  return isObject(body) && Object.hasOwn(body, "resourceMetrics");
}

/** What a series of a metric has grown by since its point before; null: that cannot be told. */
export type Growth = (series: string, point: CumulativePoint, metric: string) => number[] | null;

/** @returns a sentence when it is no export request, or has too many samples that are watched. */
export function decodeOtlp(
  body: JsonObject,
  isWatched: (metric: string) => boolean,
  growth: Growth,
): DecodedSamples | string {
  const decoder = new Decoder(isWatched, growth);
  const resources = listField(body, "resourceMetrics");
  if (resources === null) return "resourceMetrics: expected an array";
  for (const resource of resources) {
    const attributes = isObject(resource) ? fieldOf(resource, "resource") : undefined;
    const labels = labelsOf(isObject(attributes) ? attributes : {}, {});
    for (const scope of listField(resource, "scopeMetrics") ?? []) {
      for (const metric of listField(scope, "metrics") ?? []) {
        if (!isObject(metric)) return "resourceMetrics.scopeMetrics.metrics: expected objects";
        decoder.metric(metric, labels);
      }
    }
  }
  const { samples } = decoder.decoded;
  if (samples.length <= samplesPerRequestMax) return decoder.decoded;
  return `got ${samples.length} watched samples, expected at most ${samplesPerRequestMax}`;
}

class Decoder {
  readonly decoded: DecodedSamples = {
    ...{ samples: [], refused: [] },
    unwatched: { count: 0, metrics: new Set() },
  };
  private readonly isWatched: (metric: string) => boolean;
  private readonly growth: Growth;
  /** Data points so far: the place of each in the request. */
  private points = 0;

  constructor(isWatched: (metric: string) => boolean, growth: Growth) {
    this.isWatched = isWatched;
    this.growth = growth;
  }

  metric(metric: JsonObject, resource: Labels): void {
    const name = textField(metric, "name");
    const kind = kinds.find((each) => isObject(fieldOf(metric, each)));
    if (kind === undefined) return;
    const data = fieldOf(metric, kind) as JsonObject;
    const points = listField(data, "dataPoints") ?? [];
    const isPlain = kind === "gauge" || kind === "sum";
    const names = isPlain ? [name] : derivedNames(name);
    if (!names.some(this.isWatched)) {
      this.points += points.length;
      this.decoded.unwatched.count += points.length;
      this.decoded.unwatched.metrics.add(name);
      return;
    }
    const unit = textField(metric, "unit");
    for (const point of points) {
      const index = this.points;
      this.points += 1;
      const own = isObject(point) ? point : {};
      const labels = labelsOf(own, resource);
      const atMs = nanosMs(fieldOf(own, "timeUnixNano"));
      const found = isSinceStart(kind, data)
        ? this.grown(kind, { name, labels, atMs, point: own })
        : readPoint(kind, point, name);
      if (!Array.isArray(found)) {
        this.decoded.refused.push({ index, ...found });
        continue;
      }
      for (const { metric: watched, value } of found) {
        if (!this.isWatched(watched)) continue;
        const sample = { metric: watched, value, labels, atMs, index };
        this.decoded.samples.push({ ...sample, unit: unit === "" ? null : unit });
      }
    }
  }

  /** What the point's series has grown by, as if it were a delta. */
  private grown(kind: Kind, { name, labels, atMs, point }: Point): NamedValue[] | Fault {
    const read = readPoint(kind, point, name);
    if (!Array.isArray(read)) return read;
    if (atMs === null) return fault(sampleReasons.noTime, `${name}.timeUnixNano`, "");
    const startMs = nanosMs(fieldOf(point, "startTimeUnixNano"));
    const key = JSON.stringify([kind, name, Object.entries(labels)]);
    if (kind === "histogram") {
      const growth = grownHistogram(point, (values, bounds) =>
        this.growth(`${key}${bounds}`, { startMs, atMs, values }, name),
      );
      return growth === null ? [] : readPoint(kind, growth, name);
    }
    const values = read.map(({ value }) => value);
    if (values.length === 0) return [];
    const [grown] = this.growth(key, { startMs, atMs, values }, name) ?? [];
    return grown === undefined ? [] : [{ metric: name, value: grown }];
  }
}

function readPoint(kind: Kind, point: unknown, name: string): NamedValue[] | Fault {
  if (!isObject(point)) return fault(sampleReasons.notPoint, name, point);
  if ((Number(fieldOf(point, "flags") ?? 0) & noValueFlag) !== 0) return [];
  if (kind === "exponentialHistogram") return fault(sampleReasons.notKind, name, kind);
  if (kind === "histogram" || kind === "summary") {
    const read = kind === "histogram" ? histogramValues : summaryValues;
    return read(point, name) ?? fault(sampleReasons.notPoint, name, point);
  }
  // 64-bit integers are texts in this encoding.
  const text = fieldOf(point, "asDouble") ?? fieldOf(point, "asInt");
  const value = typeof text === "string" || typeof text === "number" ? Number(text) : Number.NaN;
  if (!Number.isFinite(value) || text === "") return fault(sampleReasons.notPoint, name, text);
  return [{ metric: name, value }];
}

/** Whether points tell of all that was since a start, and not of what came since the last one. */
function isSinceStart(kind: Kind, data: JsonObject): boolean {
  const accumulates = kind === "histogram" || (kind === "sum" && data["isMonotonic"] === true);
  if (!accumulates) return false;
  const temporality = fieldOf(data, "aggregationTemporality");
  return temporality !== 1 && temporality !== "AGGREGATION_TEMPORALITY_DELTA";
}

/** Later attributes of the same label replace earlier ones; what is not a single value is none. */
function labelsOf(holder: JsonObject, resource: Labels): Labels {
  const labels = Object.assign(Object.create(null) as Labels, resource);
  for (const attribute of listField(holder, "attributes") ?? []) {
    if (!isObject(attribute)) continue;
    const key = textField(attribute, "key");
    const value = fieldOf(attribute, "value");
    const text = isObject(value) ? valueText(value) : "";
    if (key === "" || text === "") continue;
    const known = Object.hasOwn(labelNames, key) ? labelNames[key] : undefined;
    const name = known ?? key.replace(/[^\p{L}\p{N}_]/gu, "_");
    const isRoom = name in labels || Object.keys(labels).length < mapEntriesMax;
    if (isRoom) labels[name] = cutText(text, labelValueBytesMax);
  }
  return labels;
}

function valueText(value: JsonObject): string {
  for (const kind of ["stringValue", "intValue", "doubleValue", "boolValue"]) {
    const found = fieldOf(value, kind);
    if (["string", "number", "boolean"].includes(typeof found)) return String(found);
  }
  return "";
}

function nanosMs(nanos: unknown): number | null {
  const ms = Number(nanos ?? 0) / 1e6;
  return Number.isFinite(ms) && ms > 0 ? Math.round(ms) : null;
}

function listField(object: unknown, name: string): unknown[] | null {
  const value = isObject(object) ? fieldOf(object, name) : undefined;
  return Array.isArray(value) ? (value as unknown[]) : null;
}
