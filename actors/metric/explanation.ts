/** Why a series is an alert, why it is not one yet, and the words that texts refer to. */
import { durationText } from "../incident/duration.ts";
import type { PlaceholderWord } from "./placeholders.ts";
import { quantityText } from "./quantity.ts";
import type { SeriesOutcome, SeriesSample, SeriesState } from "./series.ts";
import type { LevelName, MetricLevel, MetricTemplate } from "./template.ts";

export function levelOf(template: MetricTemplate, name: LevelName): MetricLevel {
  const level = template.levels.find((each) => each.name === name) ?? template.levels[0];
  if (level === undefined) throw new Error(`the template ${template.name} has no levels`);
  return level;
}

/** What placeholders stand for; all but the last two depend on the level. */
export function wordsFor(
  template: MetricTemplate,
  level: MetricLevel,
  value: number,
  metric: string,
): Record<PlaceholderWord, string> {
  const { unit, direction, name } = template;
  return {
    value: quantityText(value, unit),
    raw_value: String(value),
    threshold: quantityText(level.threshold, unit),
    clear: quantityText(level.clear, unit),
    for: durationText(level.forMs),
    level: level.name,
    severity: level.severity,
    direction,
    metric,
    template: name,
  };
}

/** "12.5 s, at or above the critical threshold of 10 s for 1 min". */
export function alertReason(template: MetricTemplate, level: MetricLevel, value: number): string {
  const side = `at or ${template.direction} the ${level.name} threshold`;
  const { value: got, threshold, for: lasted } = wordsFor(template, level, value, "");
  return `${got}, ${side} of ${threshold}${level.forMs === 0 ? "" : ` for at least ${lasted}`}`;
}

/** One sentence on what the last sample did to its series. */
export function outcomeReason(
  template: MetricTemplate,
  state: SeriesState,
  sample: SeriesSample,
  outcome: SeriesOutcome,
): string {
  const value = quantityText(sample.value, template.unit);
  switch (outcome) {
    case "late":
      return `${value}, but a newer sample came before it`;
    case "pending":
      return `${value}, ${pendingText(template, state, sample.atMs)}`;
    case "fired":
    case "changed": {
      const { alert } = state;
      if (alert === null) return value;
      return alertReason(template, levelOf(template, alert.level), sample.value);
    }
    case "firing":
      return `${value}, ${firingText(template, state, sample.atMs)}`;
    case "resolved":
      return `${value}, beyond what ends the alert`;
    case "calm":
      return `${value}, within bounds`;
  }
}

function pendingText(template: MetricTemplate, state: SeriesState, atMs: number): string {
  const waiting = template.levels.flatMap((level) => {
    const known = state.levels[level.name];
    if (known === undefined || known.firing || known.overSinceMs === null) return [];
    const threshold = quantityText(level.threshold, template.unit);
    const so = `${durationText(atMs - known.overSinceMs)} of ${durationText(level.forMs)}`;
    return [`at or ${template.direction} ${threshold} (${level.name}) for ${so}`];
  });
  return waiting.join(", ");
}

function firingText(template: MetricTemplate, state: SeriesState, atMs: number): string {
  if (state.alert === null) return "firing";
  const level = levelOf(template, state.alert.level);
  const since = state.levels[level.name]?.clearSinceMs ?? null;
  const clear = quantityText(level.clear, template.unit);
  const other = template.direction === "above" ? "below" : "above";
  if (since === null) return `still ${level.name}: it ends ${other} ${clear}`;
  const so = `${durationText(atMs - since)} of ${durationText(level.clearForMs)}`;
  return `still ${level.name}: ${other} ${clear} for ${so}`;
}
