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
  const sorted = [...matchers].sort(
    (a, b) =>
      byCodeUnits(a.label, b.label) ||
      byCodeUnits(a.value, b.value) ||
      matcherOps.indexOf(a.op) - matcherOps.indexOf(b.op),
  );
  return `{${sorted.map(matcherText).join(",")}}`;
}

export function matcherText({ label, op, value }: Matcher): string {
  const name = /[\s{}!=~,\\"'`]/u.test(label) ? goQuoted(label) : label;
  const escaped = value.replace(/["\\\n]/g, (char) => shortEscapes[char]!);
  return `${name}${op}"${escaped}"`;
}

export function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
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
