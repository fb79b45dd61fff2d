/**
 * The five severities, and the words of the field that mean them. Comparison ignores case and
 * surrounding space; "sev-1", "sev_1" and "sev1" are one word.
 *
 *   critical  critical crit page fatal emergency emerg p1 sev0 sev1
 *   high      high error err major p2 sev2
 *   medium    medium warning warn minor moderate p3 sev3, and anything unknown or absent
 *   low       low notice p4 sev4
 *   info      info informational information none ok debug p5 sev5
 */
import type { Severity } from "./types.ts";
import { severities } from "./types.ts";

const words: Record<Severity, string[]> = {
  critical: ["critical", "crit", "page", "fatal", "emergency", "emerg", "p1", "sev0", "sev1"],
  high: ["high", "error", "err", "major", "p2", "sev2"],
  medium: ["medium", "warning", "warn", "minor", "moderate", "p3", "sev3"],
  low: ["low", "notice", "p4", "sev4"],
  info: ["info", "informational", "information", "none", "ok", "debug", "p5", "sev5"],
};

const severityByWord = new Map<string, Severity>();
for (const severity of severities) {
  for (const word of words[severity]) severityByWord.set(word, severity);
}

/** An unknown word is "medium": neither silence nor a page at night for a typing error. */
export function severityOf(word: string): Severity {
  const exact = severityByWord.get(word);
  if (exact !== undefined) return exact;
  const plain = word.trim().toLowerCase().replace(/^sev[-_ ]/, "sev");
  return severityByWord.get(plain) ?? "medium";
}

export function isMoreSevere(a: Severity, b: Severity): boolean {
  return severities.indexOf(a) < severities.indexOf(b);
}
