/**
 * Mail addresses: a local part, "@" (or "%40", as URLs write it), and a domain with a dot and a
 * last label of letters. `root@db-1`, a login, is none. Each sign looks back no further than to
 * the sign before it, so that no character is read more than twice in each direction.
 */
import { type Found, isAlphanumeric } from "./kind-finder.ts";

const letterOrDigit = /[\p{L}\p{N}]/u;

export function findMails(text: string, found: Found): void {
  let from = 0;
  for (let at = 0; at < text.length; at += 1) {
    const width = signWidth(text, at);
    if (width === 0) continue;
    const start = localStart(text, from, at);
    from = at + width;
    const end = start === at ? -1 : domainEnd(text, from);
    if (end !== -1) {
      found(start, end);
      from = end;
    }
    at = from - 1;
  }
}

/** How many characters a sign takes here; 0: none is here. */
function signWidth(text: string, at: number): number {
  const code = text.charCodeAt(at);
  if (code === 0x40) return 1;
  return code === 0x25 && text.charCodeAt(at + 1) === 0x34 && text.charCodeAt(at + 2) === 0x30
    ? 3
    : 0;
}

/** Signs of a local part that hardly part it from what stands before it, and all of them. */
const innerSigns = "._%+'-";
const signs = `${innerSigns}!#$&*/=?^\`{|}~`;

/**
 * Where the local part that ends at `end` begins; `end` when there is none. Without a letter or
 * digit among those before the sign, any signs will do.
 */
function localStart(text: string, from: number, end: number): number {
  const least = localRun(text, from, end, innerSigns);
  let start = least;
  while (start < end && !isWord(text, start)) start += 1;
  return start < end ? start : localRun(text, from, end, signs);
}

function localRun(text: string, from: number, end: number, allowed: string): number {
  let start = end;
  while (start > from && (isWord(text, start - 1) || allowed.includes(text[start - 1] as string))) {
    start -= 1;
  }
  return start;
}

function isWord(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  if (code < 0x80) return isAlphanumeric(code);
  return letterOrDigit.test(text[at] as string);
}

/** Where the domain that begins at `start` ends; -1: there is none. */
function domainEnd(text: string, start: number): number {
  let end = -1;
  let labelStart = start;
  let letters = 0;
  let at = start;
  for (; at <= text.length; at += 1) {
    if (at < text.length && isWord(text, at)) {
      const code = text.charCodeAt(at);
      if (code > 0x39) letters += 1;
      continue;
    }
    if (at < text.length && text.charCodeAt(at) === 0x2d && at > labelStart) continue;
    const length = at - labelStart;
    if (labelStart > start && length >= 2 && letters === length) end = at;
    if (at >= text.length || text.charCodeAt(at) !== 0x2e || length === 0) break;
    labelStart = at + 1;
    letters = 0;
  }
  return end;
}
