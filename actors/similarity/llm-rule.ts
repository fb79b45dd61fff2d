/**
 * Alerts of language models that say nearly the same: one model, one type of metric, values that
 * differ by less than that metric's threshold, not too long after one another. What an alert
 * measures comes from its labels and annotations, as metric templates write them (`metric_type`,
 * `value`, `unit`), or else from the words of its name and the first fitting quantity in its
 * summary. Values are compared in the threshold's unit.
 */
import type { Labels } from "../alert/events.ts";
import { durationText, quoted } from "../incident/duration.ts";
import { labelOf } from "../incident/identity.ts";
import { converted, quantityText } from "../metric/quantity.ts";
import { stemOf, wordsOf } from "./words.ts";

/** Values of this metric that differ by less than `threshold` are about the same. */
export type LlmThreshold = { metric: string; unit: string; threshold: number };

export type LlmRuleConfig = {
  /** Longest time between two alerts that are taken for one, ms. */
  windowMs: number;
  /** One metric may have several, of units that cannot be converted into each other. */
  thresholds: readonly LlmThreshold[];
};

export type LlmReading = {
  model: string;
  metric: string;
  /** In `unit`, the threshold's. */
  value: number;
  unit: string;
  atMs: number;
};

/**
 * Metric types are those of config/metric-templates.yaml; each threshold is about a tenth of
 * what lies between that template's warning and its trouble.
 */
export const llmRuleDefaults: LlmRuleConfig = {
  windowMs: 15 * 60_000,
  thresholds: [
    { metric: "latency", unit: "ms", threshold: 500 },
    { metric: "latency", unit: "tokens/s", threshold: 3 },
    { metric: "error_rate", unit: "1", threshold: 0.01 },
    { metric: "accuracy", unit: "1", threshold: 0.02 },
    { metric: "hallucination", unit: "1", threshold: 0.01 },
    { metric: "toxicity", unit: "1", threshold: 0.01 },
    { metric: "cost", unit: "usd", threshold: 0.02 },
    { metric: "cost", unit: "usd/h", threshold: 50 },
    { metric: "rate_limit", unit: "1", threshold: 0.05 },
    { metric: "quota", unit: "1", threshold: 0.05 },
    { metric: "quota", unit: "h", threshold: 1 },
    { metric: "gpu_memory", unit: "1", threshold: 0.03 },
    { metric: "gpu_temperature", unit: "°C", threshold: 3 },
  ],
};

const modelLabels = ["model_id", "model", "model_name", "gen_ai_request_model"];
const valueNames = ["value", "current_value"];
const textCharsMax = 512;
const wordsMax = 32;
/** 0.07 and 0.06 are 0.01 apart, whatever their binary fractions are. */
const almostOne = 1 - 1e-9;
/** "$12.5/h", "950 ms", "7.3 %", "1,234.5 tokens/s". */
const quantity = /(\$?)([-+]?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?) ?([^\s\d.,;:()"']*)/gi;

/** What the alert measures of which model; null: no model, no known metric or no value. */
export function llmReadingOf(
  alert: { labels: Labels; annotations: Labels; atMs: number },
  { thresholds }: LlmRuleConfig,
): LlmReading | null {
  const { labels, annotations, atMs } = alert;
  const model = firstOf(labels, modelLabels);
  if (model === "") return null;
  const metric = metricOf(labels, thresholds);
  if (metric === "") return null;
  const fitting = thresholds.filter((each) => each.metric === metric);
  const found = givenValue(labels, annotations, fitting) ?? valueInText(annotations, fitting);
  return found === null ? null : { model, metric, ...found, atMs };
}

/** Why the two are about the same; null: they are not. Symmetric. */
export function llmRelation(a: LlmReading, b: LlmReading, config: LlmRuleConfig): string | null {
  if (a.model !== b.model || a.metric !== b.metric || a.unit !== b.unit) return null;
  if (Math.abs(a.atMs - b.atMs) > config.windowMs) return null;
  const limit = config.thresholds.find((each) => each.metric === a.metric && each.unit === a.unit);
  const apart = Math.abs(a.value - b.value);
  if (limit === undefined || apart > limit.threshold * almostOne) return null;
  const [so, under] = [quantityText(apart, a.unit), quantityText(limit.threshold, a.unit)];
  const what = `same model ${quoted(a.model)} and ${a.metric}`;
  return `${what}, ${so} apart (under ${under}) within ${durationText(config.windowMs)}`;
}

/** The label, else the metric most of whose words are in the alert's name. */
function metricOf(labels: Labels, thresholds: readonly LlmThreshold[]): string {
  const given = labelOf(labels, "metric_type").trim().toLowerCase();
  if (given !== "") return thresholds.some(({ metric }) => metric === given) ? given : "";
  const name = new Set(wordsOf(labelOf(labels, "alertname"), wordsMax).map(stemOf));
  let best = "";
  let bestWords = 0;
  for (const { metric } of thresholds) {
    const words = wordsOf(metric, wordsMax).map(stemOf);
    if (words.length <= bestWords || !words.every((word) => name.has(word))) continue;
    best = metric;
    bestWords = words.length;
  }
  return best;
}

type Found = { value: number; unit: string };

function givenValue(
  labels: Labels,
  annotations: Labels,
  fitting: readonly LlmThreshold[],
): Found | null {
  const text = (firstOf(annotations, valueNames) || firstOf(labels, valueNames)).trim();
  if (text === "") return null;
  const bare = Number(text);
  if (!Number.isFinite(bare)) return quantityIn(text, fitting);
  const unit = Object.hasOwn(annotations, "unit")
    ? labelOf(annotations, "unit")
    : labelOf(labels, "unit") || fitting[0]?.unit;
  return unit === undefined ? null : inUnitOf(bare, unit, fitting);
}

function valueInText(annotations: Labels, fitting: readonly LlmThreshold[]): Found | null {
  for (const name of ["summary", "description", "message"]) {
    const found = quantityIn(labelOf(annotations, name), fitting);
    if (found !== null) return found;
  }
  return null;
}

/** The first number with a unit that fits; bare numbers may be anything. */
function quantityIn(text: string, fitting: readonly LlmThreshold[]): Found | null {
  for (const [, dollar, digits, word] of text.slice(0, textCharsMax).matchAll(quantity)) {
    const unit = dollar === "$" ? `usd${word?.startsWith("/") ? word : ""}` : (word ?? "");
    if (unit === "") continue;
    const found = inUnitOf(Number(digits!.replaceAll(",", "")), unit, fitting);
    if (found !== null) return found;
  }
  return null;
}

function inUnitOf(value: number, from: string, fitting: readonly LlmThreshold[]): Found | null {
  for (const { unit } of fitting) {
    const own = converted(value, from, unit);
    if (own !== null && Number.isFinite(own)) return { value: own, unit };
  }
  return null;
}

function firstOf(labels: Labels, names: readonly string[]): string {
  for (const name of names) {
    const value = labelOf(labels, name);
    if (value !== "") return value;
  }
  return "";
}
