/**
 * Expressions of the configuration. They are looked for within a line, and in pieces of a long
 * one: looking for several findings may read what follows each of them, and so costs time in
 * proportion to the pieces' lengths instead of the square of the text's.
 */
import type { Found } from "./kind-finder.ts";

const pieceCharsMax = 1024;
/** Findings in one text; beyond them the text is withheld as a whole. */
export const findingsMax = 1_000;

/** @returns false when there are more than `findingsMax`. */
export function findPattern(pattern: RegExp, text: string, found: Found): boolean {
  let findings = 0;
  for (let start = 0; start < text.length; ) {
    const end = pieceEnd(text, start);
    const piece = text.slice(start, end);
    pattern.lastIndex = 0;
    for (let match = pattern.exec(piece); match !== null; match = pattern.exec(piece)) {
      const { length } = match[0];
      if (length === 0) {
        pattern.lastIndex += 1;
        continue;
      }
      found(start + match.index, start + match.index + length);
      findings += 1;
      if (findings > findingsMax) return false;
    }
    start = text[end] === "\n" ? end + 1 : end;
  }
  return true;
}

/** Where the line ends, or a blank within what a piece may have, or the piece. */
function pieceEnd(text: string, start: number): number {
  const most = Math.min(text.length, start + pieceCharsMax);
  const piece = text.slice(start, most);
  const newline = piece.indexOf("\n");
  if (newline !== -1) return start + newline;
  if (most === text.length) return most;
  const blank = piece.lastIndexOf(" ");
  return blank > 0 ? start + blank : most;
}
