/**
 * Card and telephone numbers. Alerts are full of numbers, so each has to look like what it is: a
 * card has an issuer's prefix and the right check digit (Luhn), a telephone number a "+", or the
 * grouping of one.
 */
import { type Found, isDigit } from "./kind-finder.ts";

const cardDigitsMin = 13;
const cardDigitsMax = 19;
const issuerDigits = 4;

/** Visa, Mastercard, American Express, Discover, Diners, JCB, UnionPay, Maestro. */
const issuers =
  /^(?:4|5[0-8]|2(?:22[1-9]|2[3-9]|[3-6]|7[01]|720)|3(?:0[0-59]|[4-9])|6(?:0|[2-9]))/;

/**
 * Digits with at most one blank or dash between them. Of a longer sequence each part is tried
 * that consists of whole groups.
 */
export function findCards(text: string, found: Found): void {
  let at = 0;
  while (at < text.length) {
    if (!isDigit(text.charCodeAt(at))) {
      at += 1;
      continue;
    }
    const sequence = sequenceFrom(text, at);
    const { groups } = sequence;
    at = (groups.at(-1) as Group).end;
    // What stands before or behind a decimal point is a part of another number.
    const least = isPoint(text, (groups[0] as Group).start - 1) ? 1 : 0;
    const most = groups.length - (isPoint(text, at) ? 2 : 1);
    for (let first = least; first <= most; first += 1) {
      const until = cardUntil(sequence, first, most);
      if (until === -1) continue;
      found((groups[first] as Group).start, (groups[until] as Group).end);
      first = until;
    }
  }
}

/** Digits without a separator; `digitsBefore` of its sequence stand before it. */
type Group = { start: number; end: number; digitsBefore: number };
type Sequence = { digits: string; groups: Group[] };

function sequenceFrom(text: string, start: number): Sequence {
  const groups: Group[] = [];
  let digits = "";
  let at = start;
  for (;;) {
    const groupStart = at;
    while (at < text.length && isDigit(text.charCodeAt(at))) at += 1;
    groups.push({ start: groupStart, end: at, digitsBefore: digits.length });
    digits += text.slice(groupStart, at);
    const separator = text[at];
    const isOver = separator !== " " && separator !== "-";
    if (isOver || !isDigit(text.charCodeAt(at + 1))) return { digits, groups };
    at += 1;
  }
}

/** A decimal point between digits. */
function isPoint(text: string, at: number): boolean {
  return text[at] === "." && isDigit(text.charCodeAt(at - 1)) && isDigit(text.charCodeAt(at + 1));
}

/** The last group of the longest card number that begins with group `first`; -1: there is none. */
function cardUntil({ digits, groups }: Sequence, first: number, most: number): number {
  const from = (groups[first] as Group).digitsBefore;
  let until = -1;
  if (!issuers.test(digits.slice(from, from + issuerDigits))) return until;
  for (let index = first; index <= most; index += 1) {
    const { start, end, digitsBefore } = groups[index] as Group;
    const count = digitsBefore + end - start - from;
    if (count > cardDigitsMax) return until;
    if (count >= cardDigitsMin && hasCheckDigit(digits.slice(from, from + count))) until = index;
  }
  return until;
}

function hasCheckDigit(digits: string): boolean {
  let sum = 0;
  for (let place = 0; place < digits.length; place += 1) {
    const digit = digits.charCodeAt(digits.length - 1 - place) - 0x30;
    const doubled = digit * 2;
    sum += place % 2 === 0 ? digit : doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

/** Every repetition is bounded, so that a start costs no more than a few dozen steps. */
const phonePatterns = [
  // +49 (0)30 1234567, +1.212.555.0123, +442079460958
  /(?<![A-Za-z0-9+])\+[1-9](?:[ ./-]?\(?\d\)?){7,14}(?!\d)/g,
  // 0049 30 1234567
  /(?<![A-Za-z0-9+.,])00[1-9](?:[ ./-]?\(?\d\)?){7,13}(?![A-Za-z0-9])/g,
  // (212) 555-0123, 212-555-0123, 1-212-555-0123
  new RegExp(
    /(?<![A-Za-z0-9+.,/-])(?:1[-. ])?(?:\([2-9]\d\d\) ?|[2-9]\d\d[-.])\d{3}[-.]\d{4}/.source +
      /(?![A-Za-z0-9]|[.-]\d)/.source,
    "g",
  ),
  // 030 1234567, 06 12 34 56 78, (030) 1234567, 020 7946 0958
  new RegExp(
    /(?<![A-Za-z0-9+.,/:-])(?:0[1-9]\d{0,4}[ /-]|\(0[1-9]\d{0,4}\) ?)\d{2,8}/.source +
      /(?:[ -]\d{2,6}){0,4}(?![A-Za-z0-9:]|[.,/-]\d)/.source,
    "g",
  ),
];
const phoneDigitsMax = 15;

export function findPhones(text: string, found: Found): void {
  for (const [index, pattern] of phonePatterns.entries()) {
    pattern.lastIndex = 0;
    for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
      const [number] = match;
      if (isPhone(number, index)) found(match.index, match.index + number.length);
    }
  }
}

function isPhone(number: string, pattern: number): boolean {
  const digits = number.replace(/\D/g, "").length;
  const separators = number.replace(/[\d+]/g, "");
  switch (pattern) {
    case 0:
      // "+12.3456789" is a change of some quantity.
      return separators !== "." && digits <= phoneDigitsMax && digits >= (separators ? 8 : 9);
    case 1:
      return separators !== "" && separators !== ".";
    case 3:
      // After the area code groups are parted in one way; a date is not.
      return digits >= 9 && digits <= 12 && new Set(separators.replace(/^\W/, "")).size <= 2;
    default:
      return true;
  }
}
