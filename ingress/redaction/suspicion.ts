/**
 * A look at the JSON bytes of a map of texts: can anything in there be personal data or a secret?
 * It may suspect too much, never too little: what it clears is neither parsed nor redacted. Most
 * bytes are letters of words and cost one look-up in a table.
 */
import type { RedactionConfig } from "../../runtime/config/redaction-section.ts";

const backslash = 0x5c;
const colon = 0x3a;
const dash = 0x2d;
const point = 0x2e;
/** Escapes that are characters of no finding. */
const plainEscapes = new Set([..."nrtbf\"\\"].map((letter) => letter.charCodeAt(0)));

/** What a byte can be part of. */
const digit = 1;
const hex = 2;
/** Of keys: letters, digits, "-" and "_". */
const key = 4;
/** Between the digits of a number. */
const between = 8;
/** Looked at in itself. */
const special = 16;

const classes = new Uint8Array(256);
const mark = (text: string, what: number): void => {
  for (const letter of text) classes[letter.charCodeAt(0)]! |= what;
};
mark("0123456789", digit | hex | key);
mark("abcdefABCDEF", hex | key);
mark("ghijklmnopqrstuvwxyzGHIJKLMNOPQRSTUVWXYZ_-", key);
mark(" -./()+", between);
mark("@%\\:= y", special);
mark(".:-", special);

const phoneDigitsMin = 8;
const cardDigitsMin = 13;
const keyCharsMin = 16;
const dashesMin = 5;
const ipv6ColonsMin = 7;
/** Last letters of the words that go before a secret. */
const endings = new Set(["ord", "swd", "ase", "ass", "pwd", "ret", "key", "ken", "sig"]);
/** Blanks and quotes, as escapes too, that may stand between a word and its sign. */
const gapBytesMax = 10;

export class Suspicion {
  readonly #always: boolean;
  readonly #signs: boolean;
  readonly #tokens: boolean;
  readonly #digitsMin: number;
  readonly #pointsMin: number;
  readonly #ipv6: boolean;

  constructor({ kinds, patterns }: Pick<RedactionConfig, "kinds" | "patterns">) {
    // What a pattern of the configuration looks like is not known.
    this.#always = patterns.length > 0;
    this.#tokens = kinds.includes("token");
    this.#signs = kinds.includes("mail") || this.#tokens;
    this.#ipv6 = kinds.includes("ipv6");
    this.#digitsMin = kinds.includes("phone")
      ? phoneDigitsMin
      : kinds.includes("card")
        ? cardDigitsMin
        : Infinity;
    this.#pointsMin = kinds.includes("ipv4") ? 3 : Infinity;
  }

  /** @param bytes [start, end) is JSON, checked before. */
  suspects(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.#always) return true;
    let digits = 0;
    let points = 0;
    let keyStart = start;
    let keyHasDigit = false;
    let colons = 0;
    let dashes = 0;
    for (let at = start; at < end; at += 1) {
      const byte = bytes[at] as number;
      const what = classes[byte] as number;
      if ((what & digit) !== 0) {
        digits += 1;
        keyHasDigit = true;
        if (digits >= this.#digitsMin) return true;
      } else if ((what & between) === 0) digits = points = 0;
      if ((what & key) === 0) {
        keyStart = at + 1;
        keyHasDigit = false;
      } else if (this.#tokens && keyHasDigit && at - keyStart >= keyCharsMin - 1) return true;
      if ((what & hex) === 0 && byte !== colon && byte !== point) colons = 0;
      dashes = byte === dash ? dashes + 1 : 0;
      if ((what & special) === 0) continue;
      if (byte === backslash) {
        at += 1;
        if (!plainEscapes.has(bytes[at] as number)) return true;
        keyStart = at + 1;
        if (this.#isAfterScheme(bytes, start, at - 1)) return true;
        continue;
      }
      if (byte === point && ++points >= this.#pointsMin) return true;
      if (byte === colon) {
        colons += 1;
        const isDouble = bytes[at - 1] === colon;
        if (this.#ipv6 && (isDouble || colons >= ipv6ColonsMin)) return true;
      }
      if (dashes >= dashesMin && this.#tokens) return true;
      if (this.#isTelling(bytes, start, at, byte)) return true;
    }
    return false;
  }

  #isTelling(bytes: Uint8Array, start: number, at: number, byte: number): boolean {
    switch (byte) {
      case 0x40:
        return this.#signs;
      case 0x25:
        return this.#signs && bytes[at + 1] === 0x34;
      case 0x20:
        return this.#isAfterScheme(bytes, start, at);
      case 0x79:
        return this.#tokens && bytes[at - 1] === 0x65 && bytes[at + 1] === 0x4a;
      case 0x3d:
      case colon:
        return this.#tokens && isAfterSecretWord(bytes, start, at);
      default:
        return false;
    }
  }

  /** After "bearer" or "basic" comes a secret. */
  #isAfterScheme(bytes: Uint8Array, start: number, at: number): boolean {
    if (!this.#tokens) return false;
    const last = (bytes[at - 1] as number) | 0x20;
    if (last !== 0x72 && last !== 0x63) return false;
    const word = ending(bytes, start, at, 5);
    return word === "earer" || word === "basic";
  }
}

function isAfterSecretWord(bytes: Uint8Array, start: number, sign: number): boolean {
  const least = Math.max(start, sign - gapBytesMax);
  for (let at = sign; at > least; at -= 1) {
    const byte = bytes[at - 1] as number;
    if (byte === 0x20 || byte === 0x22 || byte === 0x27 || byte === backslash) continue;
    // A tab, as it is written in JSON.
    if (byte === 0x74 && bytes[at - 2] === backslash) continue;
    // "authorization", and not each "description".
    return endings.has(ending(bytes, start, at, 3)) || ending(bytes, start, at, 6) === "zation";
  }
  return false;
}

/** The letters before `end`, small. */
function ending(bytes: Uint8Array, start: number, end: number, length: number): string {
  if (end - length < start) return "";
  let word = "";
  for (let at = end - length; at < end; at += 1) {
    word += String.fromCharCode((bytes[at] as number) | 0x20);
  }
  return word;
}
