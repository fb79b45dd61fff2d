/**
 * Packs the JSON of alerts, which are nearly all alike: a label or annotation that a partition has
 * seen before takes two bytes. What is kept of a 500-byte alert of a Prometheus is then its
 * instance and some 60 bytes more. Unpacking gives the same bytes, apart from the times of the
 * alert ("startsAt", "endsAt" at its top level), which are left out: rows have them.
 *
 * A text is cut into tokens behind each "," and "{" outside of strings. A token that comes for the
 * second time enters the dictionary, as long as there is room; what is in it stays in it.
 *
 *   packed  = (reference | run)*
 *   reference = 1 bit set, 15 bits: number of the token
 *   run     = 1 bit clear, 7 bits: length (1 to 127), so many bytes as they are
 *
 * P1 Any bytes can be packed, JSON or not.
 * P2 Memory is bounded: tokensMax tokens of tokenBytesMax bytes, dictionaryBytesMax in all.
 */

const tokensMax = 32_768;
const dictionaryBytesMax = 1024 * 1024;
/** Shorter ones save nothing, longer ones hardly ever come again. */
const tokenBytesMin = 4;
const tokenBytesMax = 1024;
const runBytesMax = 127;
const referenceBit = 0x80;
/** Hashes of tokens seen once; one that is overwritten is only seen once more. */
const onceSlots = 8192;
const firstTokens = 64;

/** FNV-1a, 32 bits (Fowler, Noll, Vo). */
const fnvBasis = 0x811c9dc5;
const fnvPrime = 0x01000193;

const [quote, comma, backslash, open, close] = [0x22, 0x2c, 0x5c, 0x7b, 0x7d];
const timeNames = [Buffer.from('"startsAt"'), Buffer.from('"endsAt"')];

/** The dictionary: all tokens in the order of their numbers, and where each of them ends. */
export type PackerSnapshot = { bytes: Uint8Array; ends: Uint8Array };

/** Whether packed bytes [start, end) may hold what is looked for. */
export type Finder = (packed: Uint8Array, start: number, end: number) => boolean;

export class PayloadPacker {
  #bytes = new Uint8Array(firstTokens * 32);
  /** By number: where the token ends; it begins where the one before ends. */
  #ends = new Int32Array(firstTokens);
  #hashes = new Int32Array(firstTokens);
  #count = 0;
  /** Token number + 1; 0: nothing. Twice as many as there can be tokens before it grows. */
  #slots = new Uint16Array(firstTokens * 2);
  #once = new Int32Array(onceSlots);
  #packed = new Uint8Array(1024);
  #length = 0;

  /** A view that is valid until the next call. */
  pack(payload: Uint8Array): Uint8Array {
    const end = payload.length;
    // A run's heads are at most one more byte for each 127, and for each token.
    if (this.#packed.length < end * 2) this.#packed = new Uint8Array(end * 2);
    this.#length = 0;
    let run = 0;
    let at = 0;
    let depth = 0;
    while (at < end) {
      const start = at;
      const outer = depth;
      let hash = fnvBasis;
      for (let inString = false; at < end; ) {
        const byte = payload[at++] as number;
        hash = Math.imul(hash ^ byte, fnvPrime);
        if (inString) {
          if (byte === quote) inString = false;
          else if (byte === backslash && at < end) {
            hash = Math.imul(hash ^ (payload[at++] as number), fnvPrime);
          }
        } else if (byte === quote) inString = true;
        else if (byte === comma) break;
        else if (byte === close) depth -= 1;
        else if (byte === open) {
          depth += 1;
          break;
        }
      }
      if (outer === 1 && depth === 1 && isTime(payload, start, at)) {
        this.#literal(payload, run, start);
        run = at;
        continue;
      }
      const token = this.#number(payload, start, at, hash);
      if (token === -1) continue;
      this.#literal(payload, run, start);
      run = at;
      this.#packed[this.#length++] = referenceBit | (token >> 8);
      this.#packed[this.#length++] = token & 0xff;
    }
    this.#literal(payload, run, end);
    return this.#packed.subarray(0, this.#length);
  }

  /** The bytes that were packed, as a copy. @throws Error for what was never packed here. */
  unpack(packed: Uint8Array): Buffer {
    const out = Buffer.allocUnsafe(this.#unpackedLength(packed));
    let to = 0;
    for (let at = 0; at < packed.length; ) {
      const head = packed[at++] as number;
      if ((head & referenceBit) === 0) {
        out.set(packed.subarray(at, at + head), to);
        to += head;
        at += head;
      } else {
        const token = ((head & ~referenceBit) << 8) | (packed[at++] as number);
        const start = this.#startOf(token);
        const end = this.#ends[token] as number;
        out.set(this.#bytes.subarray(start, end), to);
        to += end - start;
      }
    }
    return out;
  }

  /**
   * Whether packed bytes may hold one of the texts within one string of the JSON: never false where
   * they do, also where a string is written with escapes. Valid until the next `pack`.
   */
  finder(texts: readonly string[]): Finder {
    const needles = [...texts, "\\"].map((text) => Buffer.from(text));
    const tokens = new Uint8Array(this.#count);
    for (let token = 0; token < this.#count; token += 1) {
      const bytes = this.#bytes.subarray(this.#startOf(token), this.#ends[token]);
      if (holdsAny(bytes, 0, bytes.length, needles)) tokens[token] = 1;
    }
    return (packed, start, end) => {
      for (let at = start; at < end; ) {
        const head = packed[at++] as number;
        if ((head & referenceBit) !== 0) {
          const token = ((head & ~referenceBit) << 8) | (packed[at++] as number);
          if (tokens[token] === 1) return true;
        } else {
          // A long run is in pieces, and the text may lie across them.
          if (head === runBytesMax || holdsAny(packed, at, at + head, needles)) return true;
          at += head;
        }
      }
      return false;
    };
  }

  /** Views: valid until the next `pack`. */
  snapshot(): PackerSnapshot {
    return {
      bytes: this.#bytes.subarray(0, this.#startOf(this.#count)),
      ends: Buffer.from(this.#ends.buffer, 0, this.#count * this.#ends.BYTES_PER_ELEMENT),
    };
  }

  /** What was packed with the snapshot's dictionary can be unpacked again. */
  restore({ bytes, ends }: PackerSnapshot): void {
    this.clear();
    const copied = Uint8Array.from(ends);
    let start = 0;
    for (const end of new Int32Array(copied.buffer)) {
      this.#add(bytes, start, end, hashOf(bytes, start, end));
      start = end;
    }
  }

  clear(): void {
    this.#bytes = new Uint8Array(firstTokens * 32);
    this.#ends = new Int32Array(firstTokens);
    this.#hashes = new Int32Array(firstTokens);
    this.#count = 0;
    this.#slots = new Uint16Array(firstTokens * 2);
    this.#once.fill(0);
  }

  #unpackedLength(packed: Uint8Array): number {
    let length = 0;
    for (let at = 0; at < packed.length; ) {
      const head = packed[at++] as number;
      if ((head & referenceBit) === 0) {
        length += head;
        at += head;
        continue;
      }
      const token = ((head & ~referenceBit) << 8) | (packed[at++] as number);
      if (token >= this.#count) throw new Error(`the dictionary has no token ${token}`);
      length += (this.#ends[token] as number) - this.#startOf(token);
    }
    return length;
  }

  #literal(payload: Uint8Array, from: number, end: number): void {
    for (let start = from; start < end; start += runBytesMax) {
      const length = Math.min(runBytesMax, end - start);
      this.#packed[this.#length++] = length;
      const packed = this.#packed;
      for (let at = 0; at < length; at += 1) {
        packed[this.#length + at] = payload[start + at] as number;
      }
      this.#length += length;
    }
  }

  /** The token's number; -1: it goes as it is. */
  #number(payload: Uint8Array, start: number, end: number, hash: number): number {
    const length = end - start;
    if (length < tokenBytesMin || length > tokenBytesMax) return -1;
    const mask = this.#slots.length - 1;
    for (let slot = mix(hash) & mask; ; slot = (slot + 1) & mask) {
      const token = (this.#slots[slot] as number) - 1;
      if (token === -1) break;
      if (this.#hashes[token] === hash && this.#equals(token, payload, start, length)) return token;
    }
    const once = mix(hash) & (onceSlots - 1);
    if (this.#once[once] !== hash) {
      this.#once[once] = hash;
      return -1;
    }
    const tokenCount = this.#count;
    const isFull = tokenCount === tokensMax - 1;
    if (isFull || this.#startOf(tokenCount) + length > dictionaryBytesMax) return -1;
    return this.#add(payload, start, end, hash);
  }

  #add(payload: Uint8Array, start: number, end: number, hash: number): number {
    const token = this.#count;
    const at = this.#startOf(token);
    const to = at + end - start;
    if (to > this.#bytes.length) {
      const bytes = new Uint8Array(Math.max(to, this.#bytes.length * 2));
      bytes.set(this.#bytes);
      this.#bytes = bytes;
    }
    if (token === this.#ends.length) this.#grow();
    this.#bytes.set(payload.subarray(start, end), at);
    this.#ends[token] = to;
    this.#hashes[token] = hash;
    this.#count += 1;
    this.#place(token);
    return token;
  }

  #grow(): void {
    const ends = new Int32Array(this.#ends.length * 2);
    ends.set(this.#ends);
    this.#ends = ends;
    const hashes = new Int32Array(this.#hashes.length * 2);
    hashes.set(this.#hashes);
    this.#hashes = hashes;
    this.#slots = new Uint16Array(this.#slots.length * 2);
    for (let token = 0; token < this.#count; token += 1) this.#place(token);
  }

  #place(token: number): void {
    const mask = this.#slots.length - 1;
    let slot = mix(this.#hashes[token] as number) & mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    this.#slots[slot] = token + 1;
  }

  #startOf(token: number): number {
    return token === 0 ? 0 : (this.#ends[token - 1] as number);
  }

  #equals(token: number, payload: Uint8Array, from: number, length: number): boolean {
    const start = this.#startOf(token);
    if ((this.#ends[token] as number) - start !== length) return false;
    const bytes = this.#bytes;
    for (let at = 0; at < length; at += 1) {
      if (bytes[start + at] !== payload[from + at]) return false;
    }
    return true;
  }
}

/** FNV-1a over signed 32-bit integers, as `pack` computes it on its way. */
function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = fnvBasis;
  for (let at = start; at < end; at += 1) {
    hash = Math.imul(hash ^ (bytes[at] as number), fnvPrime);
  }
  return hash;
}

function holdsAny(bytes: Uint8Array, from: number, end: number, needles: Buffer[]): boolean {
  for (const needle of needles) {
    const first = needle[0];
    const length = needle.length;
    for (let at = from; at <= end - length; at += 1) {
      if (bytes[at] !== first) continue;
      let same = 1;
      while (same < length && bytes[at + same] === needle[same]) same += 1;
      if (same === length) return true;
    }
  }
  return false;
}

/** FNV's low bits are the weak ones. */
function mix(hash: number): number {
  return (hash ^ (hash >>> 15)) >>> 0;
}

/** A member of the alert, with the comma behind it, that is one of its times. */
function isTime(payload: Uint8Array, start: number, end: number): boolean {
  if (payload[end - 1] !== comma) return false;
  const second = payload[start + 1];
  if (second !== 0x73 && second !== 0x65) return false;
  return timeNames.some((name) => {
    if (end - start < name.length) return false;
    return name.every((byte, at) => payload[start + at] === byte);
  });
}
