/** The sections about alerts and incidents: how they are joined, and how long they live. */
import { evidenceKinds } from "../../actors/correlation/evidence.ts";
import { readSimilarity } from "./similarity-section.ts";
import { readTopology } from "./topology-section.ts";
import { formatDuration } from "./units.ts";
import type { TocsinConfig } from "./types.ts";
import type { ConfigValue } from "./value.ts";

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

const labelsMax = 32;
const labelCharsMax = 512;
const weightMax = 10;

const tenantDomain = [
  ["tenant_id", "tenant"],
  ["environment", "env"],
];

/** @param domainBy where the file says nothing of it. */
export function readDedup(value: ConfigValue, domainBy = tenantDomain): TocsinConfig["dedup"] {
  const section = value.section(["rollup_first", "rollup_max", "domain_by"]);
  const range = { min: second, max: day };
  const rollupFirstMs = section("rollup_first").duration({ default: 5 * second, ...range });
  const rollupMaxMs = section("rollup_max").duration({ default: 5 * minute, ...range });
  if (rollupMaxMs < rollupFirstMs) {
    section("rollup_max").expected(`at least rollup_first (${formatDuration(rollupFirstMs)})`);
  }
  return { rollupFirstMs, rollupMaxMs, domainBy: readDomain(section("domain_by"), domainBy) };
}

/** Each entry is a label, or a list of labels that mean the same. */
function readDomain(value: ConfigValue, otherwise: string[][]): string[][] {
  if (!value.present) return otherwise;
  return value.list(labelsMax).map((entry) => {
    if (!entry.isList()) return [readLabel(entry)];
    const synonyms = entry.list(labelsMax).map(readLabel);
    if (synonyms.length === 0) entry.expected("at least one label");
    return synonyms;
  });
}

export function readGrouping(value: ConfigValue): TocsinConfig["grouping"] {
  const by = value.section(["by"])("by");
  if (!by.present) return { by: ["alertname", "service"] };
  return { by: by.list(labelsMax).map(readLabel) };
}

/**
 * The keys `text` and `classifier` are read elsewhere: they are the process's, not the stage's.
 *
 * @param source the file that the section stands in.
 */
export function readCorrelation(
  value: ConfigValue,
  source: string | null,
): TocsinConfig["correlation"] {
  const section = value.section([
    ...["enabled", "window", "labels", "agree", "weights", "topology", "similarity"],
    ...["text", "classifier"],
  ]);
  const labels = section("labels");
  const agree = section("agree");
  return {
    enabled: section("enabled").flag(true),
    windowMs: section("window").duration({ default: 5 * minute, min: second, max: day }),
    labels: labels.present ? labels.list(labelsMax).map(readLabel) : ["service", "model_id"],
    agree: agree.present ? agree.list(labelsMax).map(readLabel) : ["region", "model_id"],
    weights: readWeights(section("weights")),
    topology: readTopology(section("topology"), source),
    similarity: readSimilarity(section("similarity")),
  };
}

/** Factors: 0 leaves a kind of evidence out, 2 lets it weigh double. */
function readWeights(value: ConfigValue): TocsinConfig["correlation"]["weights"] {
  if (!value.present) return {};
  const section = value.section([...evidenceKinds]);
  const weights: TocsinConfig["correlation"]["weights"] = {};
  for (const kind of evidenceKinds) {
    const factor = section(kind);
    if (!factor.present) continue;
    weights[kind] = factor.number(1);
    if (weights[kind] < 0 || weights[kind] > weightMax) factor.expected(`0 to ${weightMax}`);
  }
  return weights;
}

export function readLifecycle(value: ConfigValue): TocsinConfig["lifecycle"] {
  const section = value.section(["reopen_window", "close_after", "retire_after"]);
  const range = { min: 0, max: 30 * day };
  const reopenWindowMs = section("reopen_window").duration({ default: 10 * minute, ...range });
  const closeAfterMs = section("close_after").duration({ default: hour, ...range });
  const retireAfterMs = section("retire_after").duration({ default: hour, ...range });
  if (closeAfterMs < reopenWindowMs) {
    section("close_after").expected(`at least reopen_window (${formatDuration(reopenWindowMs)})`);
  }
  return { reopenWindowMs, closeAfterMs, retireAfterMs };
}

export function readFlapping(value: ConfigValue): TocsinConfig["flapping"] {
  const section = value.section(["enabled", "threshold", "window", "cool_down"]);
  const range = { min: second, max: day };
  return {
    enabled: section("enabled").flag(true),
    threshold: section("threshold").integer({ default: 5, min: 2, max: 1_000 }),
    windowMs: section("window").duration({ default: 15 * minute, ...range }),
    coolDownMs: section("cool_down").duration({ default: 10 * minute, ...range }),
  };
}

export function readSilences(value: ConfigValue): TocsinConfig["silences"] {
  const before = value.section(["remind_before"])("remind_before");
  return { remindBeforeMs: before.duration({ default: 0, min: 0, max: day }) };
}

function readLabel(value: ConfigValue): string {
  const label = value.text();
  if (label.length > labelCharsMax) value.expected(`at most ${labelCharsMax} characters`);
  return label;
}
