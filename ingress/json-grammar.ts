/**
 * The JSON grammar (RFC 8259) over bytes: every method takes the offset where its construct
 * begins and returns the offset behind it, or throws a JsonRefusal. It builds nothing.
 */
import { jsonDepthMax } from "./alert-limits.ts";

export class JsonRefusal extends Error {
  offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

const quote = 0x22;
const backslash = 0x5c;
const literals = {
  true: Buffer.from("true"),
  false: Buffer.from("false"),
  null: Buffer.from("null"),
};
/** Four bytes in a word: the same in each. */
const quoteWord = 0x22222222;
const backslashWord = 0x5c5c5c5c;
const blankWord = 0x20202020;
const onesWord = 0x01010101;
const topBitsWord = 0x80808080 | 0;
const tooDeep = `more than ${jsonDepthMax} levels of nesting`;
const shortEscapes = new Uint8Array(128);
for (const char of '"\\/bfnrt') shortEscapes[char.charCodeAt(0)] = 1;

const noBytes = new Uint8Array(0);
const noView = new DataView(noBytes.buffer);

export class JsonGrammar {
  protected bytes: Uint8Array = noBytes;
  /** The same bytes, to be read four at a time. */
  view: DataView = noView;
  /** The document's end: a line's, for NDJSON. */
  protected end = 0;
  /** Set by each string that holds an escape; cleared by whoever asks. */
  protected escaped = false;

  /** The bytes that all further offsets are about, up to their end. */
  protected open(bytes: Uint8Array): void {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.end = bytes.length;
  }

  protected refuse(at: number, message: string): never {
    if (at >= this.end) throw new JsonRefusal("unexpected end of the JSON document", this.end);
    throw new JsonRefusal(message, at);
  }

  /** Any value; `depth` counts the containers around it. */
  protected value(at: number, depth: number): number {
    if (at >= this.end) this.refuse(at, "");
    switch (this.bytes[at]) {
      case quote:
        return this.string(at);
      case 0x7b:
        return this.object(at, depth + 1);
      case 0x5b:
        return this.array(at, depth + 1);
      case 0x74:
        return this.literal(at, literals.true);
      case 0x66:
        return this.literal(at, literals.false);
      case 0x6e:
        return this.literal(at, literals.null);
      default:
        return this.number(at);
    }
  }

  protected nest(open: number, depth: number): void {
    if (depth > jsonDepthMax) this.refuse(open, tooDeep);
  }

  private object(open: number, depth: number): number {
    this.nest(open, depth);
    let at = this.space(open + 1);
    if (at < this.end && this.bytes[at] === 0x7d) return at + 1;
    for (;;) {
      at = this.colon(this.name(at));
      at = this.space(this.value(at, depth));
      const byte = at < this.end ? this.bytes[at] : 0;
      if (byte === 0x7d) return at + 1;
      if (byte !== 0x2c) this.refuse(at, "expected ',' or '}'");
      at = this.space(at + 1);
    }
  }

  private array(open: number, depth: number): number {
    this.nest(open, depth);
    let at = this.space(open + 1);
    if (at < this.end && this.bytes[at] === 0x5d) return at + 1;
    for (;;) {
      at = this.space(this.value(at, depth));
      const byte = at < this.end ? this.bytes[at] : 0;
      if (byte === 0x5d) return at + 1;
      if (byte !== 0x2c) this.refuse(at, "expected ',' or ']'");
      at = this.space(at + 1);
    }
  }

  protected name(at: number): number {
    if (at >= this.end || this.bytes[at] !== quote) this.refuse(at, "expected a name");
    return this.string(at);
  }

  protected colon(nameEnd: number): number {
    const { bytes } = this;
    const next = nameEnd + 1;
    // As nearly all senders write it.
    if (next < this.end && bytes[nameEnd] === 0x3a && (bytes[next] as number) > 0x20) return next;
    const at = this.space(nameEnd);
    if (at >= this.end || this.bytes[at] !== 0x3a) this.refuse(at, "expected ':'");
    const value = this.space(at + 1);
    if (value >= this.end) this.refuse(value, "");
    return value;
  }

  protected space(at: number): number {
    const { bytes, end } = this;
    while (at < end) {
      const byte = bytes[at] as number;
      if (byte > 0x20) return at;
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return at;
      at += 1;
    }
    return at;
  }

  /**
   * Four bytes at a time, up to the first that is a quote, a backslash or a control character. All
   * numbers are kept 32-bit integers by `| 0`: the engine would box them otherwise.
   */
  protected string(open: number): number {
    const { view } = this;
    const lastWord = (this.end - 4) | 0;
    let at = (open + 1) | 0;
    while (at <= lastWord) {
      const word = view.getInt32(at, true);
      const quotes = word ^ quoteWord;
      const backslashes = word ^ backslashWord;
      // The top bit of each byte that is one of those; in a byte behind one, it may be set wrongly.
      const found =
        ((((word - blankWord) | 0) & ~word) |
          (((quotes - onesWord) | 0) & ~quotes) |
          (((backslashes - onesWord) | 0) & ~backslashes)) &
        topBitsWord;
      if (found !== 0) {
        at = (at + ((31 - Math.clz32(found & -found)) >> 3)) | 0;
        if (view.getUint8(at) === quote) return (at + 1) | 0;
        break;
      }
      at = (at + 4) | 0;
    }
    return this.restOfString(at);
  }

  private restOfString(first: number): number {
    const { bytes, end } = this;
    let at = first;
    while (at < end) {
      const byte = bytes[at] as number;
      if (byte > backslash || (byte >= 0x23 && byte < backslash)) {
        at += 1;
      } else if (byte === quote) {
        return at + 1;
      } else if (byte === backslash) {
        this.escaped = true;
        at = this.escape(at);
      } else if (byte < 0x20) {
        return this.refuse(at, "control character in a string");
      } else {
        at += 1;
      }
    }
    return this.refuse(end, "");
  }

  private escape(at: number): number {
    const { bytes, end } = this;
    if (at + 1 >= end) this.refuse(end, "");
    const kind = bytes[at + 1] as number;
    if (kind !== 0x75) {
      if (kind > 0x7f || shortEscapes[kind] !== 1) this.refuse(at, "unknown escape");
      return at + 2;
    }
    for (let digit = at + 2; digit < at + 6; digit += 1) {
      if (digit >= end) this.refuse(end, "");
      const byte = (bytes[digit] as number) | 0x20;
      const isHex = (byte >= 0x30 && byte <= 0x39) || (byte >= 0x61 && byte <= 0x66);
      if (!isHex || (bytes[digit] as number) < 0x30) {
        this.refuse(digit, "expected four hexadecimal digits");
      }
    }
    return at + 6;
  }

  private literal(at: number, word: Uint8Array): number {
    for (let index = 1; index < word.length; index += 1) {
      if (at + index >= this.end || this.bytes[at + index] !== word[index]) {
        this.refuse(at + index, "expected true, false or null");
      }
    }
    return at + word.length;
  }

  private number(first: number): number {
    let at = first;
    if (this.bytes[at] === 0x2d) at += 1;
    if (at < this.end && this.bytes[at] === 0x30) at += 1;
    else at = this.digits(at);
    if (at < this.end && this.bytes[at] === 0x2e) at = this.digits(at + 1);
    if (at < this.end && ((this.bytes[at] as number) | 0x20) === 0x65) {
      at += 1;
      if (at < this.end && (this.bytes[at] === 0x2b || this.bytes[at] === 0x2d)) at += 1;
      at = this.digits(at);
    }
    return at;
  }

  private digits(first: number): number {
    const { bytes, end } = this;
    let at = first;
    while (at < end && (bytes[at] as number) >= 0x30 && (bytes[at] as number) <= 0x39) at += 1;
    if (at === first) this.refuse(at, "expected a value or a digit");
    return at;
  }
}
