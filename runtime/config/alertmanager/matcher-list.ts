/**
 * Lists of label matchers as Alertmanager reads them, in configurations, API filters, silences and
 * on command lines: `{a="b",c=~"d"}`, `a=b, c!=d`, `"label with spaces"="x"`.
 *
 * There are two grammars. The classic one takes old label names, and values written almost anyhow;
 * the UTF-8 one takes any label name in quotes and is strict about values. As in Alertmanager's
 * default mode both are tried: what only the classic one understands, or understands differently,
 * keeps its classic meaning.
 */
import { translateGoRegexp } from "../../../actors/incident/go-regexp.ts";
import type { Matcher } from "../../../actors/incident/types.ts";
import { parseUtf8Matchers } from "./utf8-matchers.ts";

export type ParsedMatchers =
  | { kind: "ok"; matchers: Matcher[] }
  | { kind: "error"; message: string };

const textCharsMax = 65_536;
/** Go's \s, which is ASCII. */
const classicMatcher =
  /^[\t\n\f\r ]*([a-zA-Z_:][a-zA-Z0-9_:]*)[\t\n\f\r ]*(=~|=|!=|!~)[\t\n\f\r ]*([^]*?)[\t\n\f\r ]*$/;

/** In the order written; none for "" and "{}". Expressions are checked as Go would. */
export function parseMatchers(text: string): ParsedMatchers {
  if (text.length > textCharsMax) {
    return { kind: "error", message: `longer than ${textCharsMax} characters` };
  }
  const utf8 = checkExpressions(parseUtf8Matchers(text));
  const classicList = parseClassicMatchers(text);
  const classic = checkExpressions(classicList);
  // The UTF-8 grammar says where it stumbled, the classic one only that it did.
  if (utf8.kind === "error") return classicList.kind === "ok" ? classic : utf8;
  const agree = classic.kind === "error" || sameMatchers(utf8.matchers, classic.matchers);
  return agree ? utf8 : classic;
}

function sameMatchers(a: Matcher[], b: Matcher[]): boolean {
  return (
    a.length === b.length
    && a.every(({ label, op, value }, i) => {
      const other = b[i]!;
      return label === other.label && op === other.op && value === other.value;
    })
  );
}

function checkExpressions(parsed: ParsedMatchers): ParsedMatchers {
  if (parsed.kind === "error") return parsed;
  for (const { op, value } of parsed.matchers) {
    const checked = op === "=~" || op === "!~" ? translateGoRegexp(value) : null;
    if (checked?.kind === "error") {
      const message = `not a valid regular expression: ${checked.message}, in "${value}"`;
      return { kind: "error", message };
    }
  }
  return parsed;
}

function parseClassicMatchers(text: string): ParsedMatchers {
  const matchers: Matcher[] = [];
  for (const part of classicParts(text.replace(/^\{/, "").replace(/\}$/, ""))) {
    const match = classicMatcher.exec(part);
    const value = match === null ? null : classicValue(match[3]!);
    if (match === null || value === null) {
      return { kind: "error", message: `not a matcher: ${part}, expected LABEL="VALUE"` };
    }
    matchers.push({ label: match[1]!, op: match[2] as Matcher["op"], value });
  }
  return { kind: "ok", matchers };
}

/** Cut at commas outside of quotes. An empty part is an error of its own, but not at the end. */
function classicParts(text: string): string[] {
  const parts: string[] = [];
  let part = "";
  let quoted = false;
  let escaped = false;
  for (const char of text) {
    if (char === "," && !quoted) {
      parts.push(part);
      part = "";
      // Whether a backslash came last is carried over the comma, as in Alertmanager.
      continue;
    }
    if (char === '"' && !escaped) quoted = !quoted;
    escaped = char === "\\" && !escaped;
    part += char;
  }
  const last = part.trim();
  return last === "" ? parts : [...parts, last];
}

/** Null when a quote is not escaped or not closed; an unknown escape keeps its backslash. */
function classicValue(raw: string): string | null {
  const quoted = raw.startsWith('"');
  const body = quoted ? raw.slice(1) : raw;
  const content = /^((?:[^"\\]|\\[^])*)(\\?)("?)$/u.exec(body);
  if (content === null || (content[3] === '"') !== quoted) return null;
  const unescaped = content[1]!.replace(/\\([^])/gu, (whole, char: string) => {
    if (char === "n") return "\n";
    return char === '"' || char === "\\" ? char : whole;
  });
  return unescaped + content[2]!;
}
