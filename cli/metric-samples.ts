/** Samples that a template is tried on: as POST /v1/metrics takes them, times relative or not. */
import { converted } from "../actors/metric/quantity.ts";
import type { MetricTemplate } from "../actors/metric/template.ts";
import { decodeSample } from "../ingress/samples/sample-body.ts";
import { parseDuration } from "../runtime/config/units.ts";

/** `value` in the template's unit. */
export type ReadSample = {
  atMs: number;
  metric: string;
  value: number;
  labels: Record<string, string>;
};

const samplesMax = 1_000_000;
/** What durations count from: an hour that is easy to read off. */
const beginMs = Date.UTC(2000, 0, 1);

/** Sorted by time; or a sentence that names the sample, the field and what was expected. */
export function readPlayedSamples(
  text: string,
  template: MetricTemplate,
): { samples: ReadSample[] } | { problem: string } {
  const items = parse(text);
  if (!Array.isArray(items)) return items;
  if (items.length === 0) return { problem: "there are no samples" };
  if (items.length > samplesMax) {
    return { problem: `got ${items.length} samples, expected at most ${samplesMax}` };
  }
  const samples: ReadSample[] = [];
  for (const [index, item] of items.entries()) {
    const sample = readSample(item, template);
    if (typeof sample === "string") return { problem: `sample ${index}: ${sample}` };
    samples.push(sample);
  }
  return { samples: samples.sort((a, b) => a.atMs - b.atMs) };
}

function parse(text: string): unknown[] | { problem: string } {
  const isArray = text.trimStart().startsWith("[");
  const parts = isArray ? [text] : text.split("\n");
  const items: unknown[] = [];
  for (const [at, part] of parts.entries()) {
    if (part.trim() === "") continue;
    try {
      items.push(JSON.parse(part) as unknown);
    } catch (error) {
      const place = isArray ? "" : `line ${at + 1}: `;
      return { problem: `${place}not JSON: ${(error as Error).message}` };
    }
  }
  return isArray ? (items[0] as unknown[]) : items;
}

/** The metric may be left out: it is the template's. */
function readSample(item: unknown, template: MetricTemplate): ReadSample | string {
  const isMap = typeof item === "object" && item !== null && !Array.isArray(item);
  const given = (isMap ? item : {}) as Record<string, unknown>;
  const at = given["at"];
  const sinceMs = typeof at === "string" ? parseDuration(at) : null;
  const metric = given["metric"] ?? template.metrics[0];
  const completed = isMap ? { ...given, metric, at: sinceMs === null ? at : null } : item;
  const read = decodeSample(completed);
  if ("reason" in read) {
    return `${read.field === "" ? "" : `${read.field}: `}${read.reason} (got ${read.value})`;
  }
  const atMs = sinceMs === null ? read.atMs : beginMs + sinceMs;
  if (atMs === null) return "at: expected a time, or a duration such as 90s";
  const unit = read.unit ?? template.unit;
  const value = converted(read.value, unit, template.unit);
  if (value === null) return `unit: got ${unit}, expected one that becomes ${template.unit}`;
  return { atMs, value, metric: read.metric, labels: read.labels };
}
