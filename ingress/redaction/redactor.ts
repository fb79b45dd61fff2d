/**
 * Takes personal data and secrets out of a text.
 *
 * R1 What comes out holds nothing that these kinds recognise: a replacement can bring together
 *    what was apart, so passes follow until nothing is found, and past `passesMax` of them
 *    nothing of the text is left.
 * R2 What came out before comes out unchanged again: a finding that reads as its own replacement
 *    is none.
 * R3 A text in which nothing is found is returned as it is.
 * R4 The time is in proportion to the text's length (kind-finder.ts).
 */
import type { RedactionConfig, RedactionKind } from "../../runtime/config/redaction-section.ts";
import { compileLinear } from "../../runtime/linear-regexps.ts";
import { findIpv4, findIpv6 } from "./address-finders.ts";
import type { Finder } from "./kind-finder.ts";
import { findMails } from "./mail-finder.ts";
import { findCards, findPhones } from "./number-finders.ts";
import { findPattern } from "./pattern-finder.ts";
import { findTokens } from "./token-finder.ts";

/** Told of each replacement: the kind, or the name of the pattern. */
export type Counting = (kind: string) => void;

type Replacing = { kind: string; replacement: string; find: (text: string, add: Add) => boolean };
type Add = (start: number, end: number) => void;
type Finding = { start: number; end: number; rank: number };

const passesMax = 8;
const withheld = "[redacted]";

/** Of overlapping findings the kind that stands first here counts. */
const finders: [RedactionKind, Finder][] = [
  ["token", findTokens],
  ["mail", findMails],
  ["card", findCards],
  ["ipv6", findIpv6],
  ["ipv4", findIpv4],
  ["phone", findPhones],
];

const replacements: Record<RedactionConfig["style"], (kind: string) => string> = {
  kind: (kind) => `[${kind}]`,
  word: () => withheld,
  stars: () => "***",
};

export class Redactor {
  readonly #replacings: Replacing[] = [];

  /** Patterns go before the built-in kinds. @throws Error when one is not valid. */
  constructor({ kinds, patterns, style }: Pick<RedactionConfig, "kinds" | "patterns" | "style">) {
    const replacementOf = replacements[style];
    for (const { name, match, replacement } of patterns) {
      const compiled = compileLinear(match);
      if (compiled.kind === "error") throw new Error(`pattern ${name}: ${compiled.message}`);
      const { regexp } = compiled;
      this.#replacings.push({
        kind: name,
        replacement: replacement ?? replacementOf(name),
        find: (text, add) => findPattern(regexp, text, add),
      });
    }
    for (const [kind, finder] of finders) {
      if (!kinds.includes(kind)) continue;
      const find = (text: string, add: Add): boolean => {
        finder(text, add);
        return true;
      };
      this.#replacings.push({ kind, replacement: replacementOf(kind), find });
    }
  }

  redact(text: string, counting: Counting): string {
    let redacted = text;
    for (let pass = 0; pass < passesMax; pass += 1) {
      const findings = this.#find(redacted);
      if (findings === null) break;
      if (findings.length === 0) return redacted;
      redacted = this.#replace(redacted, findings, counting);
    }
    counting("text");
    return withheld;
  }

  /** In order and apart from each other; null: there are too many. */
  #find(text: string): Finding[] | null {
    const all: Finding[] = [];
    for (const [rank, { replacement, find }] of this.#replacings.entries()) {
      const isBounded = find(text, (start, end) => {
        const isOwn = end - start === replacement.length && text.startsWith(replacement, start);
        if (!isOwn) all.push({ start, end, rank });
      });
      if (!isBounded) return null;
    }
    if (all.length < 2) return all;
    all.sort((a, b) => a.start - b.start || a.rank - b.rank);
    const kept: Finding[] = [];
    for (const finding of all) {
      const before = kept.at(-1);
      if (before === undefined || before.end <= finding.start) kept.push(finding);
      else if (finding.rank < before.rank) kept[kept.length - 1] = finding;
    }
    return kept;
  }

  #replace(text: string, findings: Finding[], counting: Counting): string {
    let out = "";
    let from = 0;
    for (const { start, end, rank } of findings) {
      const { kind, replacement } = this.#replacings[rank] as Replacing;
      counting(kind);
      out += text.slice(from, start) + replacement;
      from = end;
    }
    return out + text.slice(from);
  }
}
