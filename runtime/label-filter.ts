/**
 * Label matchers for lists, as plain data and without an expression engine: whoever may read a list
 * must not be able to keep a shard busy with an expression. =~ and !~ take words separated by "|",
 * each with ".*" or ".+" before or after it; anything else is refused where the query is read.
 */
import type { Matcher } from "../actors/incident/types.ts";

export type LabelFilter = { label: string; negated: boolean; alternatives: Alternative[] };

/** A text, and how many characters must be before and after it at least; null: none may be. */
type Alternative = { text: string; before: number | null; after: number | null };

const alternativesMax = 100;
const openings: Record<string, number> = { ".*": 0, ".+": 1 };
const special = /[\\^$.|?*+()[\]{}]/;

/** A sentence instead of a filter when the expression is more than a filter can do. */
export function labelFilter({ label, op, value }: Matcher): LabelFilter | { problem: string } {
  const negated = op === "!=" || op === "!~";
  if (op === "=" || op === "!=") {
    return { label, negated, alternatives: [{ text: value, before: null, after: null }] };
  }
  const words = value.startsWith("(") && value.endsWith(")") ? value.slice(1, -1) : value;
  const alternatives: Alternative[] = [];
  for (const word of words.split("|")) {
    const alternative = alternativeOf(word);
    if (alternative === null || alternatives.length === alternativesMax) {
      return { problem: 'expected at most 100 words separated by "|", with ".*" around them' };
    }
    alternatives.push(alternative);
  }
  return { label, negated, alternatives };
}

/** @param labels an absent label reads as "". */
export function holds(filter: LabelFilter, labels: Readonly<Record<string, string>>): boolean {
  const { label, negated, alternatives } = filter;
  const value = Object.hasOwn(labels, label) ? (labels[label] as string) : "";
  return alternatives.some((one) => fits(one, value)) !== negated;
}

/**
 * Texts of which the alert's JSON must contain one, unless it is written with escapes: the values
 * that fit, else the label's name where an absent label does not fit. Null: what the filter lets
 * through need not contain anything.
 */
export function neededTexts(filter: LabelFilter): string[] | null {
  const { label, negated, alternatives } = filter;
  const values = alternatives.map(({ text }) => text);
  if (!negated && values.every(isPlain)) return values;
  return isPlain(label) && !holds(filter, {}) ? [label] : null;
}

function isPlain(text: string): boolean {
  return text !== "" && JSON.stringify(text) === `"${text}"`;
}

function alternativeOf(word: string): Alternative | null {
  const before = openings[word.slice(0, 2)] ?? null;
  const rest = before === null ? word : word.slice(2);
  if (before !== null && rest === "") return { text: "", before, after: 0 };
  const after = /(?<!\\)\.[*+]$/.test(rest) ? (openings[rest.slice(-2)] ?? null) : null;
  const text = after === null ? rest : rest.slice(0, -2);
  const plain = text.replace(/\\([\\^$.|?*+()[\]{}])/g, "");
  if (special.test(plain)) return null;
  return { text: text.replace(/\\(.)/g, "$1"), before, after };
}

function fits({ text, before, after }: Alternative, value: string): boolean {
  if (before === null) {
    if (after === null) return value === text;
    return value.startsWith(text) && value.length - text.length >= after;
  }
  const lastStart = value.length - text.length - (after ?? 0);
  if (after === null) return lastStart >= before && value.endsWith(text);
  const at = value.indexOf(text, before);
  return at >= before && at <= lastStart;
}
