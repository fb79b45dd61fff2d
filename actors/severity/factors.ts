/**
 * Factors: what an alert says of them, and how bad a value is. An alert that says nothing of a
 * factor, or something that is no value of it, leaves it unknown; unknown is never zero here.
 */
import type { AlertBody } from "../alert/events.ts";
import { clipped, quoted } from "../incident/duration.ts";
import { labelOf } from "../incident/identity.ts";
import { compileMatchers, type CompiledMatcher } from "../incident/matchers.ts";
import type { Factor, FactorScale } from "./config.ts";

/** Longest value kept of a label, in characters; a longer text is no number. */
const valueCharsMax = 80;

/** A factor's value, and where it is from, in a few words. */
export type Known = { value: number | string; because: string };

/** What an alert says: its labels first, then its annotations. */
export type AlertTexts = Pick<AlertBody, "labels" | "annotations">;

export type AlertReader = (alert: AlertTexts) => Known | null;

/** For factors that alerts speak of; other factors have no reader. */
export function compileReader({ source, scale }: Factor): AlertReader | null {
  if (source.kind !== "said") return null;
  const { names, per, matchers } = source;
  const holds: CompiledMatcher = compileMatchers(matchers);
  return (alert) => {
    if (!holds((label) => labelOf(alert.labels, label))) return null;
    const said = firstSaid(alert, names);
    if (said === null) return null;
    const because = `${said.where} of ${quoted(labelOf(alert.labels, "alertname") || "alert")}`;
    if (scale.kind === "words") return { value: clipped(said.text, valueCharsMax), because };
    const value = numberOf(said.text);
    if (value === null) return null;
    if (per.length === 0) return { value, because };
    const base = firstSaid(alert, per);
    const divisor = base === null ? null : numberOf(base.text);
    if (base === null || divisor === null || divisor === 0) return null;
    return { value: rounded(value / divisor), because: `${because} over ${base.where}` };
  };
}

/** @returns 0 to 1, or null when the value says nothing. */
export function normalised(scale: FactorScale, value: number | string): number | null {
  if (scale.kind === "words") {
    const word = String(value).trim().toLowerCase();
    return Object.hasOwn(scale.words, word) ? (scale.words[word] ?? null) : scale.otherwise;
  }
  return typeof value === "number" ? interpolated(scale.points, value) : null;
}

/** To four digits after the point: what is compared and shown must not hang on the last bit. */
export function rounded(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}

function interpolated(points: [number, number][], value: number): number {
  let before = points[0];
  if (before === undefined || value <= before[0]) return before?.[1] ?? 0;
  for (const point of points) {
    if (value < point[0]) {
      const share = (value - before[0]) / (point[0] - before[0]);
      return rounded(before[1] + share * (point[1] - before[1]));
    }
    before = point;
  }
  return before[1];
}

function firstSaid(alert: AlertTexts, names: string[]): { text: string; where: string } | null {
  for (const name of names) {
    const label = labelOf(alert.labels, name);
    if (label !== "") return { text: label, where: `label ${name}` };
    const annotation = labelOf(alert.annotations, name);
    if (annotation !== "") return { text: annotation, where: `annotation ${name}` };
  }
  return null;
}

/** "12", "12.5", "1e3", "12 %"; anything else is no number. */
function numberOf(text: string): number | null {
  // Senders choose the text, and the time that the expression takes grows with its square.
  if (text.length > valueCharsMax) return null;
  const match = /^\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*%?\s*$/.exec(text);
  const value = match === null ? Number.NaN : Number(match[1]);
  return Number.isFinite(value) ? value : null;
}
