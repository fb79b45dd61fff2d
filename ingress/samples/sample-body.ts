/**
 * The native form of samples: one object, an array of them, or {"samples": […]}. Pure.
 *
 *   {"metric": "model.latency.p95", "value": 5.2, "unit": "s", "at": "2026-05-01T10:00:00Z",
 *    "labels": {"model_id": "m-1", "service": "chat"}}
 */
import { type Fault, fault, faultReasons } from "../alert-check.ts";
import { labelValueBytesMax, mapEntriesMax, nameBytesMax } from "../alert-limits.ts";
import { fieldOf, isObject, readTime, textMap } from "../senders/sender.ts";
import {
  type DecodedSamples,
  type MetricSample,
  metricNameCharsMax,
  sampleReasons,
  samplesPerRequestMax,
} from "./sample.ts";

const fields = ["metric", "value", "unit", "at", "labels"];

/** @returns a sentence when there are no samples where they should be. */
export function decodeSamples(body: unknown): DecodedSamples | string {
  const list = listOf(body);
  if (typeof list === "string") return list;
  if (list.length > samplesPerRequestMax) {
    return `samples: got ${list.length}, expected at most ${samplesPerRequestMax} in one request`;
  }
  const decoded: DecodedSamples = {
    ...{ samples: [], refused: [] },
    unwatched: { count: 0, metrics: new Set() },
  };
  list.forEach((item, index) => {
    const read = decodeSample(item);
    if ("reason" in read) decoded.refused.push({ index, ...read });
    else decoded.samples.push({ ...read, index });
  });
  return decoded;
}

function listOf(body: unknown): unknown[] | string {
  if (Array.isArray(body)) return body as unknown[];
  if (!isObject(body)) return "the body must be a JSON object or array";
  const samples = fieldOf(body, "samples");
  if (samples === undefined) return [body];
  return Array.isArray(samples) ? (samples as unknown[]) : "samples: expected an array";
}

/** Without its place. */
export function decodeSample(item: unknown): Omit<MetricSample, "index"> | Fault {
  if (!isObject(item)) return fault(sampleReasons.notObject, "", item);
  const unknown = Object.keys(item).find((name) => !fields.includes(name));
  if (unknown !== undefined) return fault(sampleReasons.unknownField, unknown, item[unknown]);
  const [metric, value, unit, at] = fields.map((name) => fieldOf(item, name) ?? null);
  if (typeof metric !== "string" || metric === "" || metric.length > metricNameCharsMax) {
    return fault(sampleReasons.noMetric, "metric", metric);
  }
  if (typeof value !== "number" || !Number.isFinite(value)) {
    return fault(sampleReasons.notNumber, "value", value);
  }
  if (unit !== null && typeof unit !== "string") return fault(sampleReasons.notUnit, "unit", unit);
  const time = at === null ? null : readTime(at);
  if (at !== null && time === null) return fault(sampleReasons.notTime, "at", at);
  const labels = fieldOf(item, "labels") ?? {};
  const found = labelsFault(labels);
  if (found !== null) return found;
  return {
    ...{ metric, value, unit: typeof unit === "string" ? unit : null },
    atMs: time === null ? null : Date.parse(time),
    labels: textMap(Object.entries(labels as Record<string, string>)),
  };
}

function labelsFault(value: unknown): Fault | null {
  if (!isObject(value)) return fault(faultReasons.notLabels, "labels", value);
  const entries = Object.entries(value);
  if (entries.length > mapEntriesMax) {
    return fault(faultReasons.tooMany, "labels", `${entries.length} entries`);
  }
  for (const [name, text] of entries) {
    const found = labelFault(name, text);
    if (found !== null) return found;
  }
  return null;
}

function labelFault(name: string, text: unknown): Fault | null {
  const place = `labels.${name}`;
  if (name === "") return fault(faultReasons.emptyName, "labels", text);
  if (typeof text !== "string") return fault(faultReasons.notLabels, place, text);
  if (Buffer.byteLength(name) > nameBytesMax) return fault(faultReasons.longName, place, text);
  const isLong = Buffer.byteLength(text) > labelValueBytesMax;
  return isLong ? fault(faultReasons.longLabel, place, text) : null;
}
