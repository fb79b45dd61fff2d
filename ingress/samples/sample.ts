/** Samples of metrics as the doors hand them on, and what a request of them may hold. */
import type { RejectedAlert } from "../../runtime/services.ts";

/** Samples per request; data points of OTLP that no template watches do not count. */
export const samplesPerRequestMax = 10_000;
export const metricNameCharsMax = 200;

export type MetricSample = {
  metric: string;
  value: number;
  /** Null: the template's. */
  unit: string | null;
  /** Null: the time when it came. */
  atMs: number | null;
  labels: Record<string, string>;
  /** Its place in the request. */
  index: number;
};

/** What a body holds; `unwatched` counts what the decoder passed over as nobody's. */
export type DecodedSamples = {
  samples: MetricSample[];
  refused: RejectedAlert[];
  unwatched: { count: number; metrics: Set<string> };
};

export type SampleCounts = {
  accepted: number;
  /** Older than what came before them. */
  late: number;
  unwatched: number;
  rejected: number;
};

export type SamplesTaken = SampleCounts & {
  kind: "taken";
  unwatchedMetrics: string[];
  /** Alerts that began or changed, and those that ended; repeats do not count. */
  fired: number;
  resolved: number;
  refused: RejectedAlert[];
};

export const sampleReasons = {
  notObject: "a sample must be a JSON object",
  unknownField: "unknown field, expected metric, value, unit, at, labels",
  noMetric: `expected the metric's name, at most ${metricNameCharsMax} characters`,
  notNumber: "expected a finite number",
  notUnit: "expected the unit as a text such as ms, By or 1",
  notTime: "expected a time: RFC 3339, or seconds or milliseconds since 1970",
  future: "the time is more than 5 minutes in the future",
  tooOld: "the time is further in the past than metrics.late_max",
  otherUnit: "the unit cannot be converted to the template's",
  noTime: "a point since a start must have a time",
  notKind: "exponential histograms are not read, expected explicit buckets",
  notPoint: "a data point has no number, or buckets that do not fit their bounds",
} as const;
