/**
 * Alertmanager's UTF-8 grammar of matchers: names and values are either bare words without
 * reserved characters or double-quoted with Go's escapes. Braces around the whole are optional,
 * but they come in pairs.
 */
import type { Matcher } from "../../../actors/incident/types.ts";
import type { ParsedMatchers } from "./matcher-list.ts";

type Token = { kind: "{" | "}" | "," | "operator" | "text" | "end"; value: string; at: number };

/** Unicode's white space; JavaScript's \s differs in two characters. */
const space = "\\t-\\r \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const tokenPattern = new RegExp(
  `[${space}]*(?:([{},])|(=~|!~|!=|=)|("(?:[^"\\\\]|\\\\[^])*")|([^${space}{}!=~,\\\\"'\`]+))`,
  "uy",
);
const trailingSpace = new RegExp(`[${space}]*$`, "uy");
const goEscape = /\\(?:([abfnrtv\\"])|x([0-9a-fA-F]{2})|([0-7]{3})|u(.{4})|U(.{8}))|\\|[^\\]+/gu;
const controls: Record<string, string> = {
  ...{ a: "\x07", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v", "\\": "\\", '"': '"' },
};

class MatcherProblem extends Error {}

export function parseUtf8Matchers(text: string): ParsedMatchers {
  try {
    return { kind: "ok", matchers: matchersOf(tokensOf(text)) };
  } catch (error) {
    if (error instanceof MatcherProblem) return { kind: "error", message: error.message };
    throw error;
  }
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  for (;;) {
    trailingSpace.lastIndex = at;
    if (trailingSpace.test(text)) return [...tokens, { kind: "end", value: "", at: text.length }];
    tokenPattern.lastIndex = at;
    const match = tokenPattern.exec(text);
    if (match === null) {
      throw new MatcherProblem(
        `cannot read ${shown(text.slice(at).trimStart())} at character ${at + 1}, `
          + `expected LABEL="VALUE" with one of =, !=, =~, !~ and double quotes`,
      );
    }
    const [whole, brace, operator, quoted, word] = match;
    at += whole.length;
    const start = at - (brace ?? operator ?? quoted ?? word!).length;
    if (brace !== undefined) tokens.push({ kind: brace as "{", value: brace, at: start });
    else if (operator !== undefined) tokens.push({ kind: "operator", value: operator, at: start });
    else if (word !== undefined) tokens.push({ kind: "text", value: word, at: start });
    else tokens.push({ kind: "text", value: unquoted(quoted!, start), at: start });
  }
}

function matchersOf(tokens: Token[]): Matcher[] {
  const matchers: Matcher[] = [];
  let next = 0;
  const take = (kind: Token["kind"]): boolean => tokens[next]!.kind === kind && ++next > 0;
  const expect = (kind: Token["kind"], what: string): string => {
    const token = tokens[next]!;
    if (take(kind)) return token.value;
    const found = token.kind === "end" ? "the end" : shown(token.value);
    throw new MatcherProblem(`got ${found} at character ${token.at + 1}, expected ${what}`);
  };
  const braces = take("{");
  while (!["end", "}"].includes(tokens[next]!.kind)) {
    const label = expect("text", "a label name");
    const op = expect("operator", "one of =, !=, =~, !~") as Matcher["op"];
    matchers.push({ label, op, value: expect("text", "a value") });
    if (!take(",")) break;
  }
  if (braces) expect("}", "a comma or }");
  expect("end", matchers.length > 0 && !braces ? "a comma or the end" : "the end");
  return matchers;
}

/** As Go reads a quoted string: escapes may spell bytes, which must be UTF-8 together. */
function unquoted(quoted: string, at: number): string {
  const bytes: Buffer[] = [];
  const body = quoted.slice(1, -1);
  const refuse = (): never => {
    throw new MatcherProblem(`cannot read ${shown(quoted)} at character ${at + 1}: `
      + "expected escapes such as \\n, \\\", \\\\ or \\u00e9");
  };
  if (body.includes("\n")) refuse();
  for (const [whole, simple, hex, octal, short, long] of body.matchAll(goEscape)) {
    const code = short ?? long;
    if (simple !== undefined) bytes.push(Buffer.from(controls[simple]!));
    else if (hex !== undefined) bytes.push(Buffer.from(hex, "hex"));
    else if (octal !== undefined) {
      const byte = Number.parseInt(octal, 8);
      bytes.push(byte > 255 ? refuse() : Buffer.from([byte]));
    } else if (code !== undefined) {
      const point = /^[0-9a-fA-F]+$/.test(code) ? Number.parseInt(code, 16) : -1;
      const isChar = point >= 0 && point <= 0x10ffff && !(point >= 0xd800 && point <= 0xdfff);
      bytes.push(isChar ? Buffer.from(String.fromCodePoint(point)) : refuse());
    } else bytes.push(whole === "\\" ? refuse() : Buffer.from(whole));
  }
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Buffer.concat(bytes));
  } catch {
    return refuse();
  }
}

function shown(text: string): string {
  return text.length <= 40 ? text : `${text.slice(0, 40)}…`;
}
