/**
 * Labels and matchers as Alertmanager prints them: group keys are made of these texts, and
 * receivers (PagerDuty, Opsgenie) recognise a group by its key after a move to Tocsin.
 * Source: prometheus/common LabelSet.String, prometheus/alertmanager labels.Matcher.String.
 */
import type { Labels } from "../alert/events.ts";
import type { Matcher } from "../incident/types.ts";

const matcherOps = ["=", "!=", "=~", "!~"];
const shortEscapes: Record<string, string> = {
  "\\": "\\\\",
  '"': '\\"',
  "\u0007": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
};

/** `{alertname="Down", job="api"}`, names in order. */
export function labelsText(labels: Labels): string {
  const names = Object.keys(labels).sort(byCodeUnits);
  return `{${names.map((name) => `${name}=${goQuoted(labels[name]!)}`).join(", ")}}`;
}

/** `{severity=~"page|ticket",team="db"}`, in Alertmanager's order. */
export function matchersText(matchers: readonly Matcher[]): string {
  return `{${sortedMatchers(matchers).map(matcherText).join(",")}}`;
}

/** By label, then value, then operator: the order of Alertmanager's route keys. */
export function sortedMatchers(matchers: readonly Matcher[]): Matcher[] {
  return [...matchers].sort(
    (a, b) =>
      byCodeUnits(a.label, b.label) ||
      byCodeUnits(a.value, b.value) ||
      matcherOps.indexOf(a.op) - matcherOps.indexOf(b.op),
  );
}

export function matcherText({ label, op, value }: Matcher): string {
  const name = /[\s{}!=~,\\"'`]/u.test(label) ? goQuoted(label) : label;
  const escaped = value.replace(/["\\\n]/g, (char) => shortEscapes[char]!);
  return `${name}${op}"${escaped}"`;
}

export function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Alertmanager's order of label sets: fewer labels first, then label by label. */
export function compareLabels(a: Labels, b: Labels): number {
  const [namesA, namesB] = [Object.keys(a), Object.keys(b)];
  if (namesA.length !== namesB.length) return namesA.length - namesB.length;
  for (const name of [...new Set([...namesA, ...namesB])].sort(byCodeUnits)) {
    if (!Object.hasOwn(a, name)) return -1;
    if (!Object.hasOwn(b, name)) return 1;
    const order = byCodeUnits(a[name]!, b[name]!);
    if (order !== 0) return order;
  }
  return 0;
}

/** Go's %q. */
function goQuoted(text: string): string {
  const unprintable = /["\\]|\p{C}|(?! )\p{Z}/gu;
  return `"${text.replace(unprintable, escaped)}"`;
}

function escaped(char: string): string {
  const short = shortEscapes[char];
  if (short !== undefined) return short;
  const code = char.codePointAt(0)!;
  const hex = code.toString(16);
  if (code < 0x80) return `\\x${hex.padStart(2, "0")}`;
  return code > 0xffff ? `\\U${hex.padStart(8, "0")}` : `\\u${hex.padStart(4, "0")}`;
}
