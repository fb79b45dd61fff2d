/**
 * Regular expressions as Alertmanager's users write them, in Go's dialect (RE2), translated to
 * JavaScript's. What only JavaScript knows (look-arounds, back-references) is refused as Go
 * refuses it; what both write alike but mean differently is written out: "." excludes only the
 * line feed, \s is ASCII, flags such as (?i) hold for the rest of their group, (?P<name>…), \z,
 * \A, \Q…\E and [[:alpha:]] exist. The result needs the flag "u" and no other.
 */
import {
  codePointRange,
  escapedCodePoint,
  foldedCodePoint,
  perlClass,
  posixClass,
  readEscapedCodePoint,
  unicodeClass,
} from "./go-regexp-class.ts";

export type GoRegexp = { kind: "ok"; source: string } | { kind: "error"; message: string };

type Flags = { i: boolean; m: boolean; s: boolean; U: boolean };
/** `repeats`: how often its innermost part may be repeated; Go allows 1,000. */
type Piece = { source: string; repeats: number; isAssertion: boolean };

const textCharsMax = 65_536;
const repeatMax = 1_000;
const nestingMax = 200;
const assertions: Record<string, string> = { A: "^", z: "$", b: "\\b", B: "\\B" };

/** @returns the source for `new RegExp(source, "u")`, or what Go would object to. */
export function translateGoRegexp(text: string): GoRegexp {
  if (text.length > textCharsMax) {
    return { kind: "error", message: `longer than ${textCharsMax} characters` };
  }
  try {
    return { kind: "ok", source: new Translation(text).all() };
  } catch (error) {
    if (error instanceof SyntaxProblem) return { kind: "error", message: error.message };
    throw error;
  }
}

class SyntaxProblem extends Error {}

function refuse(message: string): never {
  throw new SyntaxProblem(message);
}

class Translation {
  readonly #text: string;
  #at = 0;
  #depth = 0;
  #flags: Flags = { i: false, m: false, s: false, U: false };

  constructor(text: string) {
    this.#text = text;
  }

  all(): string {
    const { source } = this.#alternatives();
    if (this.#at < this.#text.length) refuse("unexpected )");
    return source;
  }

  #alternatives(): Piece {
    if (++this.#depth > nestingMax) refuse(`groups nest deeper than ${nestingMax}`);
    let source = "";
    let repeats = 1;
    while (this.#at < this.#text.length && this.#text[this.#at] !== ")") {
      const piece = this.#take("|") ? { source: "|", repeats: 1 } : this.#repeated();
      source += piece.source;
      repeats = Math.max(repeats, piece.repeats);
    }
    this.#depth--;
    return { source, repeats, isAssertion: false };
  }

  #repeated(): Piece {
    const atom = this.#atom();
    const from = this.#at;
    const times = this.#quantifier();
    if (times === null) return atom;
    if (atom.source === "") refuse(`missing argument to repetition operator: ${times.text}`);
    const lazy = this.#take("?") !== this.#flags.U;
    const to = this.#at;
    if (this.#quantifier() !== null) {
      refuse(`invalid nested repetition operator: ${this.#text.slice(from, this.#at)}`);
    }
    this.#at = to;
    const repeats = atom.repeats * Math.max(1, times.max);
    if (repeats > repeatMax) refuse(`invalid repeat count: ${times.text}`);
    const source = atom.isAssertion ? `(?:${atom.source})` : atom.source;
    return { source: source + times.text + (lazy ? "?" : ""), repeats, isAssertion: false };
  }

  /** Null: none here; "{" that starts no valid count is a character like any other. */
  #quantifier(): { text: string; max: number } | null {
    const pattern = /[*+?]|\{(\d+)(,(\d*))?\}/y;
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match === null) return null;
    this.#at = pattern.lastIndex;
    const [text, min, , max] = match;
    if (min === undefined) return { text, max: 1 };
    const [low, high] = [Number(min), max ? Number(max) : Number(min)];
    if (low > repeatMax || high > repeatMax || high < low) refuse(`invalid repeat count: ${text}`);
    return { text, max: high };
  }

  #atom(): Piece {
    const char = String.fromCodePoint(this.#text.codePointAt(this.#at)!);
    switch (char) {
      case "(":
        return this.#group();
      case "[":
        return plain(this.#class());
      case "\\":
        return this.#escape();
      case "*":
      case "+":
      case "?":
        return refuse(`missing argument to repetition operator: ${char}`);
      case ".":
        this.#at++;
        return plain(this.#flags.s ? "[^]" : "[^\\n]");
      case "^":
        this.#at++;
        return assertion(this.#flags.m ? "(?<![^\\n])" : "^");
      case "$":
        this.#at++;
        return assertion(this.#flags.m ? "(?![^\\n])" : "$");
      default:
        if (this.#quantifierStartsHere()) {
          refuse(`missing argument to repetition operator: ${char}`);
        }
        this.#at += char.length;
        return plain(this.#literal(char.codePointAt(0)!));
    }
  }

  #quantifierStartsHere(): boolean {
    const at = this.#at;
    const found = this.#quantifier() !== null;
    this.#at = at;
    return found;
  }

  #group(): Piece {
    const outer = this.#flags;
    this.#at++;
    if (this.#take("?")) {
      const opening = /P?<([^>]*)>|(=|!|<=|<!|>|P=|P>)|([imsU]*(?:-[imsU]+)?)([:)])/y;
      opening.lastIndex = this.#at;
      const match = opening.exec(this.#text);
      const shown = `(?${this.#text.slice(this.#at, this.#at + 3)}`;
      if (match === null) return refuse(`invalid or unsupported Perl syntax: \`${shown}\``);
      const [, name, lookAround, flags, end] = match;
      if (lookAround !== undefined || /^<[=!]/.test(match[0])) {
        refuse(`invalid or unsupported Perl syntax: \`${shown}\``);
      }
      this.#at = opening.lastIndex;
      if (name === undefined) this.#flags = withFlags(this.#flags, flags!);
      else if (!/^\w+$/.test(name)) refuse(`invalid named capture: \`(?P<${name}>\``);
      // (?i) holds to the end of the group around it.
      if (end === ")") return plain("");
    }
    const content = this.#alternatives();
    if (!this.#take(")")) refuse("missing closing )");
    this.#flags = outer;
    return { ...content, source: `(?:${content.source})` };
  }

  #escape(): Piece {
    const letter = this.#text[this.#at + 1];
    if (letter === undefined) return refuse("trailing backslash at end of expression");
    const meant = assertions[letter];
    if (meant !== undefined) {
      this.#at += 2;
      return assertion(meant);
    }
    if (letter === "Q") return this.#quoted();
    const content = this.#escapedClass();
    if (content !== null) return plain(`[${content}]`);
    return plain(this.#literal(this.#escapedCodePoint()));
  }

  /** \Q…\E; one that is not closed would swallow the anchor that Alertmanager puts behind it. */
  #quoted(): Piece {
    const from = this.#at + 2;
    const to = this.#text.indexOf("\\E", from);
    if (to < 0) refuse("missing \\E");
    this.#at = to + 2;
    const chars = [...this.#text.slice(from, to)];
    return plain(chars.map((char) => this.#literal(char.codePointAt(0)!)).join(""));
  }

  #class(): string {
    const { i: fold } = this.#flags;
    const start = this.#at;
    this.#at++;
    const negated = this.#take("^");
    let content = "";
    for (let first = true; first || this.#text[this.#at] !== "]"; first = false) {
      if (this.#at >= this.#text.length) {
        refuse(`missing closing ]: ${this.#text.slice(start, start + 40)}`);
      }
      const named = this.#namedClass() ?? this.#escapedClass();
      if (named !== null) {
        content += named;
        continue;
      }
      const low = this.#classCodePoint();
      const next = this.#text[this.#at + 1];
      if (this.#text[this.#at] !== "-" || next === "]" || next === undefined) {
        content += fold ? foldedCodePoint(low) : escapedCodePoint(low);
        continue;
      }
      const rangeStart = this.#at;
      this.#at++;
      const high = this.#classCodePoint();
      if (high < low) {
        const from = String.fromCodePoint(low);
        refuse(`invalid character class range: ${from}${this.#text.slice(rangeStart, this.#at)}`);
      }
      content += codePointRange(low, high, fold);
    }
    this.#at++;
    return `[${negated ? "^" : ""}${content}]`;
  }

  /** `[:alpha:]` within a class. */
  #namedClass(): string | null {
    const pattern = /\[:(\^?\w*):\]/y;
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match === null) return null;
    this.#at = pattern.lastIndex;
    return posixClass(match[1]!, this.#flags.i)
      ?? refuse(`invalid character class range: ${match[0]}`);
  }

  /** \d, \pL, \P{Greek}: what a class with the same meaning contains. */
  #escapedClass(): string | null {
    const pattern = /\\(?:([dswDSW])|([pP])(?:\{([^}]*)\}|([^{])))/uy;
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match === null) return null;
    this.#at = pattern.lastIndex;
    const [whole, perl, unicode, long, short] = match;
    if (perl !== undefined) return perlClass(perl, this.#flags.i);
    return unicodeClass(long ?? short!, unicode === "P", this.#flags.i)
      ?? refuse(`invalid character class range: ${whole}`);
  }

  #classCodePoint(): number {
    if (this.#text[this.#at] === "\\") return this.#escapedCodePoint();
    const codePoint = this.#text.codePointAt(this.#at);
    if (codePoint === undefined) return refuse("missing closing ]");
    this.#at += String.fromCodePoint(codePoint).length;
    return codePoint;
  }

  #escapedCodePoint(): number {
    const read = readEscapedCodePoint(this.#text, this.#at);
    if (read === null) {
      return refuse(`invalid escape sequence: \`${this.#text.slice(this.#at, this.#at + 2)}\``);
    }
    this.#at = read.end;
    return read.codePoint;
  }

  #literal(codePoint: number): string {
    const folded = this.#flags.i ? foldedCodePoint(codePoint) : escapedCodePoint(codePoint);
    return folded === escapedCodePoint(codePoint) ? folded : `[${folded}]`;
  }

  #take(char: string): boolean {
    if (this.#text[this.#at] !== char) return false;
    this.#at++;
    return true;
  }
}

function plain(source: string): Piece {
  return { source, repeats: 1, isAssertion: false };
}

function assertion(source: string): Piece {
  return { source, repeats: 1, isAssertion: true };
}

/** "i", "i-s", "-U": what is named after the minus is switched off. */
function withFlags(flags: Flags, text: string): Flags {
  const [on, off] = text.split("-") as [string, string | undefined];
  const changed = { ...flags };
  for (const flag of on) changed[flag as keyof Flags] = true;
  for (const flag of off ?? "") changed[flag as keyof Flags] = false;
  return changed;
}
