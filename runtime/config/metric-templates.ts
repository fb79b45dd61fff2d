/**
 * Threshold templates of metrics, from YAML: a file of them, and what the configuration changes
 * about them. A template that is changed is read over: what is not said again stays.
 */
import { parseText, type TextPiece } from "../../actors/metric/placeholders.ts";
import { converted, isTimeUnit } from "../../actors/metric/quantity.ts";
import {
  type Direction,
  isOver,
  type LevelName,
  levelNames,
  type MetricLevel,
  type MetricTemplate,
} from "../../actors/metric/template.ts";
import { type Severity, severities } from "../../actors/incident/types.ts";
import { readConfigFile } from "./config-file.ts";
import { readMatcher, readName } from "./people-sections.ts";
import { Reading } from "./reading.ts";
import { parseDuration } from "./units.ts";
import { ConfigValue } from "./value.ts";

const minute = 60_000;
const day = 24 * 60 * minute;
export const staleMsDefault = 5 * minute;
export const staleRange = { min: 10_000, max: day };

const placesMax = 100_000;
const templatesMax = 1_000;
const metricsMax = 100;
const matchersMax = 50;
const seriesLabelsMax = 32;
const textsMax = 32;
const nameCharsMax = 200;

const seriesDefault = ["environment", "region", "service", "component", "model_id"];
const severityDefaults: Record<LevelName, Severity> = { warning: "medium", critical: "critical" };

const settings = [
  ...["alertname", "metrics", "match", "unit", "direction", "series", "for", "clear_for"],
  ...["stale_after", "labels", "annotations", ...levelNames],
];
/** What thresholds are said in, so that a change of thresholds alone cannot turn them round. */
const fixed = ["unit", "direction"];
const levelSettings = ["threshold", "clear", "for", "clear_for", "severity"];

type Section = (key: string) => ConfigValue;

/**
 * @param file of `templates:`; each name once. @param staleMs of templates that do not say it.
 * @throws ConfigError with all problems.
 */
export function loadMetricTemplates(file: string, staleMs: number): MetricTemplate[] {
  const reading = new Reading(file, readConfigFile(file), { placesMax });
  const root = new ConfigValue(reading, reading.document.contents, "", null);
  const list = root.section(["templates"])("templates");
  if (!list.present) list.expected("a list of templates");
  const taken = new Set<string>();
  const templates = list.list(templatesMax).map((entry) => {
    const section = entry.section(["name", ...settings]);
    const name = readName(section("name"), taken);
    return readTemplate(entry, section, blank(name, staleMs));
  });
  reading.endIfBad();
  return templates;
}

/** A template as the configuration changes it; null: it is switched off. */
export function overridden(value: ConfigValue, base: MetricTemplate): MetricTemplate | null {
  const section = value.section(["enabled", ...settings.filter((key) => !fixed.includes(key))]);
  const isEnabled = section("enabled").flag(true);
  const template = readTemplate(value, section, base);
  return isEnabled ? template : null;
}

function blank(name: string, staleMs: number): MetricTemplate {
  return {
    ...{ name, alertname: name, metrics: [], matchers: [], unit: "", direction: "above" },
    ...{ series: seriesDefault, staleMs, labels: [], annotations: [], levels: [] },
  };
}

function readTemplate(value: ConfigValue, section: Section, base: MetricTemplate): MetricTemplate {
  const texts = (key: "labels" | "annotations"): [string, TextPiece[]][] =>
    section(key).present ? merged(base[key], readTexts(section(key))) : base[key];
  const names = (key: "metrics" | "series", max: number): string[] =>
    section(key).present ? section(key).list(max).map(readLongName) : base[key];
  const direction: Direction = section("direction").choice(["above", "below"], base.direction);
  const unit = section("unit").scalarText(base.unit);
  const metrics = names("metrics", metricsMax);
  if (metrics.length === 0) section("metrics").expected("at least one name of a metric");
  const match = section("match");
  return {
    name: base.name,
    alertname: section("alertname").text(base.alertname),
    metrics,
    matchers: match.present ? match.list(matchersMax).flatMap(readMatcher) : base.matchers,
    unit,
    direction,
    series: names("series", seriesLabelsMax),
    staleMs: section("stale_after").duration({ default: base.staleMs, ...staleRange }),
    labels: texts("labels"),
    annotations: texts("annotations"),
    levels: readLevels(value, section, { unit, direction, before: base.levels }),
  };
}

type LevelContext = { unit: string; direction: Direction; before: MetricLevel[] };

function readLevels(value: ConfigValue, section: Section, context: LevelContext): MetricLevel[] {
  const levels = levelNames.flatMap((name) => {
    const known = context.before.find((level) => level.name === name);
    const own = section(name);
    if (!own.present && known === undefined) return [];
    // "critical: null" takes a level away that the template has.
    if (own.given && !own.present) return [];
    return [readLevel(name, own, section, context, known)];
  });
  const [mild, severe] = levels;
  if (mild === undefined) value.expected("a level: warning or critical, or both");
  else if (severe !== undefined && !isOver(severe.threshold, mild.threshold, context.direction)) {
    const side = context.direction === "above" ? "at least" : "at most";
    section("critical").problem(
      `its threshold is ${severe.threshold}, expected ${side} the warning's (${mild.threshold})`,
    );
  }
  return levels;
}

function readLevel(
  name: LevelName,
  value: ConfigValue,
  template: Section,
  { unit, direction }: LevelContext,
  known: MetricLevel | undefined,
): MetricLevel {
  const section = value.section(levelSettings);
  const given = section("threshold");
  const threshold = given.present || known === undefined
    ? readAmount(given, unit)
    : known.threshold;
  const clearDefault = known !== undefined && !given.present ? known.clear : threshold;
  const clear = section("clear").present ? readAmount(section("clear"), unit) : clearDefault;
  if (!isOver(threshold, clear, direction)) {
    const side = direction === "above" ? "at most" : "at least";
    section("clear").expected(`${side} the threshold (${threshold})`);
  }
  const duration = (key: "for" | "clear_for", before: number): number => {
    const fallback = template(key).duration({ default: before, min: 0, max: day });
    return section(key).duration({ default: fallback, min: 0, max: day });
  };
  return {
    ...{ name, threshold, clear },
    severity: section("severity").choice(severities, known?.severity ?? severityDefaults[name]),
    forMs: duration("for", known?.forMs ?? 0),
    clearForMs: duration("clear_for", known?.clearForMs ?? 0),
  };
}

/** A number in the unit or, where the unit is a time, a duration. */
function readAmount(value: ConfigValue, unit: string): number {
  if (isTimeUnit(unit)) {
    const ms = parseDuration(String(value.plain()));
    if (ms !== null) return converted(ms, "ms", unit) ?? 0;
  }
  return value.number(0);
}

function readTexts(value: ConfigValue): [string, TextPiece[]][] {
  return value.entries(textsMax).map(([name, text]) => {
    const pieces = parseText(text.scalarText(""));
    if (Array.isArray(pieces)) return [name, pieces];
    text.problem(pieces.problem);
    return [name, []];
  });
}

/** Those of the template, of which later ones replace those of the same name. */
function merged(
  before: [string, TextPiece[]][],
  after: [string, TextPiece[]][],
): [string, TextPiece[]][] {
  return [...new Map([...before, ...after])];
}

function readLongName(value: ConfigValue): string {
  const name = value.text();
  if (name.length > nameCharsMax) value.expected(`at most ${nameCharsMax} characters`);
  return name;
}
