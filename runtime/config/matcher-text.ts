/** Label matchers as text: severity="critical", service=~"api|gateway", team!="". Pure. */
import { translateGoRegexp } from "../../actors/incident/go-regexp.ts";
import type { Matcher } from "../../actors/incident/types.ts";

const textCharsMax = 1_024;
const operators = ["=~", "!~", "!=", "="] as const;
const escapes: Record<string, string> = { n: "\n", t: "\t", '"': '"', "\\": "\\" };

/** A sentence instead of a matcher when the text is none, or its expression is invalid. */
export function parseMatcher(text: string): Matcher | { problem: string } {
  const problem = (why: string) => ({ problem: `${why}, expected LABEL="VALUE", !=, =~ or !~` });
  if (text.length > textCharsMax) return problem(`longer than ${textCharsMax} characters`);
  const match = /^\s*("(?:[^"\\]|\\.)+"|[\p{L}_][\p{L}\p{N}_.:/-]*)\s*(=~|!~|!=|=)\s*(.*?)\s*$/su;
  const parts = match.exec(text);
  if (parts === null) return problem("not a matcher");
  const [, rawLabel, rawOp, rawValue] = parts as unknown as [string, string, string, string];
  const label = unquoted(rawLabel);
  const value = unquoted(rawValue);
  const op = operators.find((operator) => operator === rawOp);
  if (label === null || value === null || op === undefined) return problem("a quote is not closed");
  if (op === "=~" || op === "!~") {
    const checked = translateGoRegexp(value);
    if (checked.kind === "error") {
      return { problem: `not a valid regular expression: ${checked.message}` };
    }
  }
  return { label, op, value };
}

/** Bare words stay; null when a quote is opened and not closed, or stands in the middle. */
function unquoted(text: string): string | null {
  if (!text.startsWith('"')) return text.includes('"') ? null : text;
  if (!/^"(?:[^"\\]|\\.)*"$/s.test(text)) return null;
  // An unknown escape keeps its backslash: regular expressions are full of them.
  return text.slice(1, -1).replace(/\\(.)/gs, (whole, char: string) => escapes[char] ?? whole);
}
