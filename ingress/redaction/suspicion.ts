/**
 * A look at the JSON bytes of a map of texts: can anything in there be personal data or a secret?
 * It may suspect too much, never too little: what it clears is neither parsed nor redacted. Most
 * bytes are letters of words and cost one look-up in a table.
 */
import type { RedactionConfig } from "../../runtime/config/redaction-section.ts";

const codeOf = (letter: string): number => letter.charCodeAt(0);
const space = 0x20;
const quote = 0x22;
const percent = 0x25;
const apostrophe = 0x27;
const dash = 0x2d;
const point = 0x2e;
const colon = 0x3a;
const equals = 0x3d;
const at = 0x40;
const bigJ = 0x4a;
const backslash = 0x5c;

/** Escapes that are characters of no finding. */
const plainEscapes = new Set([...'nrtbf"\\'].map(codeOf));
/** Besides digits and dashes, what may stand within a number. */
const between = new Uint8Array(256);
for (const letter of " ./()+") between[codeOf(letter)] = 1;

const phoneDigitsMin = 8;
const cardDigitsMin = 13;
const keyCharsMin = 16;
const dashesMin = 5;
const ipv6ColonsMin = 7;
/** Last letters of the words that go before a secret. */
const endings = new Set(
  ["ord", "swd", "ase", "ass", "pwd", "ret", "key", "ken", "sig"].map((word) => packed(word)),
);
/** Blanks and quotes, as escapes too, that may stand between a word and its sign. */
const gapBytesMax = 10;

export class Suspicion {
  readonly #always: boolean;
  readonly #mails: boolean;
  readonly #tokens: boolean;
  readonly #digitsMin: number;
  readonly #pointsMin: number;
  readonly #ipv6: boolean;
  /** 1 for letters that can only end a number. */
  readonly #plain = new Uint8Array(256);

  constructor({ kinds, patterns }: Pick<RedactionConfig, "kinds" | "patterns">) {
    // What a pattern of the configuration looks like is not known.
    this.#always = patterns.length > 0;
    this.#tokens = kinds.includes("token");
    this.#mails = kinds.includes("mail");
    this.#ipv6 = kinds.includes("ipv6");
    const cardsMin = kinds.includes("card") ? cardDigitsMin : Infinity;
    this.#digitsMin = kinds.includes("phone") ? phoneDigitsMin : cardsMin;
    this.#pointsMin = kinds.includes("ipv4") ? 3 : Infinity;
    for (const letter of "abcdefghijklmnopqrstuvwxyz_ABCDEFGHIJKLMNOPQRSTUVWXYZ") {
      const isPart = letter === "J" || (this.#ipv6 && /[a-f]/i.test(letter));
      if (!isPart) this.#plain[codeOf(letter)] = 1;
    }
  }

  /** @param bytes [start, end) is JSON, checked before. */
  suspects(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.#always) return true;
    const plain = this.#plain;
    const tokens = this.#tokens;
    const digitsMin = this.#digitsMin;
    const pointsMin = this.#pointsMin;
    let digits = 0;
    let points = 0;
    let colons = 0;
    let dashes = 0;
    let keyStart = start;
    let keyHasDigit = false;
    for (let here = start; here < end; here += 1) {
      let byte = bytes[here] as number;
      if (plain[byte] === 1) {
        digits = points = colons = dashes = 0;
        do here += 1;
        while (here < end && plain[bytes[here] as number] === 1);
        if (here === end) break;
        byte = bytes[here] as number;
      }
      if (byte >= 0x30 && byte <= 0x39) {
        digits += 1;
        dashes = 0;
        keyHasDigit = true;
        if (digits >= digitsMin) return true;
      } else if (byte === dash) {
        colons = 0;
        dashes += 1;
        if (tokens && dashes >= dashesMin) return true;
      } else if ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a) {
        digits = points = dashes = 0;
        if (byte === bigJ && tokens && isAfterEy(bytes, here)) return true;
      } else {
        if (tokens && keyHasDigit && here - keyStart >= keyCharsMin) return true;
        keyStart = here + 1;
        keyHasDigit = false;
        dashes = 0;
        if (byte === colon) colons += 1;
        else if (byte !== point) colons = 0;
        if (byte === point) points += 1;
        else if (between[byte] === 0) digits = points = 0;
        if (points >= pointsMin || this.#isTelling(bytes, start, here, colons)) return true;
        if (byte === backslash) {
          here += 1;
          keyStart = here + 1;
        }
      }
    }
    return tokens && keyHasDigit && end - keyStart >= keyCharsMin;
  }

  /** Whether the sign at `here` may belong to a finding. */
  #isTelling(bytes: Uint8Array, start: number, here: number, colons: number): boolean {
    const tokens = this.#tokens;
    switch (bytes[here]) {
      case at:
        return this.#mails || tokens;
      case percent:
        return this.#mails && bytes[here + 1] === 0x34;
      case backslash:
        if (!plainEscapes.has(bytes[here + 1] as number)) return true;
        return tokens && isAfterScheme(bytes, start, here);
      case space:
        return tokens && isAfterScheme(bytes, start, here);
      case equals:
        return tokens && isAfterSecretWord(bytes, start, here);
      case colon:
        if (this.#ipv6 && (bytes[here - 1] === colon || colons >= ipv6ColonsMin)) return true;
        return tokens && isAfterSecretWord(bytes, start, here);
      default:
        return false;
    }
  }
}

/** A JSON web token begins with "eyJ". */
function isAfterEy(bytes: Uint8Array, here: number): boolean {
  return bytes[here - 1] === 0x79 && bytes[here - 2] === 0x65;
}

/** After "bearer" or "basic" comes a secret. */
function isAfterScheme(bytes: Uint8Array, start: number, end: number): boolean {
  const last = small(bytes, end - 1);
  if (last !== 0x72 && last !== 0x63) return false;
  return endsWith(bytes, start, end, "bearer") || endsWith(bytes, start, end, "basic");
}

function isAfterSecretWord(bytes: Uint8Array, start: number, sign: number): boolean {
  const least = Math.max(start + 3, sign - gapBytesMax);
  for (let end = sign; end >= least; end -= 1) {
    const byte = bytes[end - 1] as number;
    if (byte === space || byte === quote || byte === apostrophe || byte === backslash) continue;
    // A tab, as it is written in JSON.
    if (byte === 0x74 && bytes[end - 2] === backslash) continue;
    const three =
      (small(bytes, end - 3) << 16) | (small(bytes, end - 2) << 8) | small(bytes, end - 1);
    // "authorization", and not each "description".
    return endings.has(three) || endsWith(bytes, start, end, "zation");
  }
  return false;
}

function endsWith(bytes: Uint8Array, start: number, end: number, word: string): boolean {
  const from = end - word.length;
  if (from < start) return false;
  for (let index = 0; index < word.length; index += 1) {
    if (small(bytes, from + index) !== word.charCodeAt(index)) return false;
  }
  return true;
}

function small(bytes: Uint8Array, here: number): number {
  return (bytes[here] as number) | 0x20;
}

function packed(word: string): number {
  return (word.charCodeAt(0) << 16) | (word.charCodeAt(1) << 8) | word.charCodeAt(2);
}
