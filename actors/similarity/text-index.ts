/**
 * Which known texts are about the same as a new one, by the cosine of their vectors, without
 * comparing it with all of them. Candidates are those that share its rarest words or kinds of
 * trouble. Vectors may come from this folder's Embedder or from any other model.
 *
 * T1 A search looks at no more than `listsMax` × `listScanMax` entries, whatever the index holds.
 * T2 At most `entriesMax` entries, a byte per dimension each; the oldest makes room. One index per
 *    tenant: nothing is found across tenants.
 * T3 An index restored from `entries()` answers as the one it was taken from.
 */
import { NewestFirst } from "./newest-first.ts";
import { featuresOf } from "./text-features.ts";

export type TextMatch = { key: string; similarity: number };

export type TextIndexOptions = {
  entriesMax: number;
  matchesMax: number;
  /** Least cosine of a match. */
  least: number;
};

/** 2,000 entries of 256 dimensions are about 2 MiB. */
export const textIndexDefaults: TextIndexOptions = {
  entriesMax: 2_000,
  matchesMax: 8,
  least: 0.85,
};

/** Features of a text whose entries a search looks at, the rarest. */
const listsMax = 4;
/** Entries that it looks at of each of them, the newest. */
const listScanMax = 10;
/** Features that an entry can be found by. */
const featuresMax = 32;

/** As plain data: `vector` holds signed bytes, the largest of them 127. */
export type TextEntry = { key: string; features: number[]; vector: Uint8Array };
type Entry = TextEntry & { serial: number; signed: Int8Array; length: number };

export class TextIndex {
  readonly #options: TextIndexOptions;
  /** Oldest first. */
  readonly #entries = new Map<string, Entry>();
  readonly #lists = new NewestFirst<Entry>();
  #serial = 0;

  constructor(options: TextIndexOptions = textIndexDefaults) {
    this.#options = options;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** A known key gets the new text and counts as the newest. */
  add(key: string, text: string, vector: ArrayLike<number>): void {
    const features = featuresOf(text).search.slice(0, featuresMax);
    this.#enter({ key, features, vector: bytesOf(vector) });
  }

  /** An unknown key has no effect. */
  remove(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    for (const feature of entry.features) this.#lists.remove(feature, entry);
  }

  /** Most similar first, of equally similar ones the oldest. Vectors of another size match none. */
  similar(text: string, vector: ArrayLike<number>): TextMatch[] {
    const bytes = new Int8Array(bytesOf(vector).buffer);
    const length = lengthOf(bytes);
    const { least, matchesMax } = this.#options;
    const found: (TextMatch & { serial: number })[] = [];
    for (const entry of this.#candidates(text)) {
      const similarity = byteCosine(bytes, length, entry.signed, entry.length);
      if (similarity >= least) found.push({ key: entry.key, similarity, serial: entry.serial });
    }
    found.sort((a, b) => b.similarity - a.similarity || a.serial - b.serial);
    return found.slice(0, matchesMax).map(({ key, similarity }) => ({ key, similarity }));
  }

  /** Oldest first. */
  entries(): TextEntry[] {
    return Array.from(this.#entries.values(), ({ key, features, vector }) => ({
      ...{ key, features, vector },
    }));
  }

  /** @param entries oldest first, as `entries` gave them. */
  restore(entries: readonly TextEntry[]): void {
    for (const entry of entries) this.#enter(entry);
  }

  #enter({ key, features, vector }: TextEntry): void {
    this.remove(key);
    if (this.#entries.size >= this.#options.entriesMax) {
      for (const oldest of this.#entries.keys()) {
        this.remove(oldest);
        break;
      }
    }
    this.#serial += 1;
    const signed = new Int8Array(vector);
    const length = lengthOf(signed);
    const entry: Entry = { key, features, vector, serial: this.#serial, signed, length };
    this.#entries.set(key, entry);
    for (const feature of features) this.#lists.add(feature, entry);
  }

  #candidates(text: string): Set<Entry> {
    const lists = featuresOf(text)
      .search.map((feature) => ({ feature, count: this.#lists.countOf(feature) }))
      .filter(({ count }) => count > 0)
      .sort((a, b) => a.count - b.count)
      .slice(0, listsMax);
    const candidates = new Set<Entry>();
    for (const { feature } of lists) {
      for (const entry of this.#lists.newest(feature, listScanMax)) candidates.add(entry);
    }
    return candidates;
  }
}

/** −1 to 1; 0 if one of them is all zeros or they have other sizes. */
export function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const lengths = lengthOf(a) * lengthOf(b);
  if (a.length !== b.length || !(lengths > 0)) return 0;
  let sum = 0;
  for (let at = 0; at < a.length; at += 1) sum += a[at]! * b[at]!;
  return sum / lengths;
}

/** The same of bytes alone, which the engine can then do in integers. */
function byteCosine(a: Int8Array, lengthA: number, b: Int8Array, lengthB: number): number {
  if (a.length !== b.length || lengthA === 0 || lengthB === 0) return 0;
  let sum = 0;
  for (let at = 0; at < a.length; at += 1) sum += a[at]! * b[at]!;
  return sum / (lengthA * lengthB);
}

function lengthOf(vector: ArrayLike<number>): number {
  let square = 0;
  for (let at = 0; at < vector.length; at += 1) square += vector[at]! * vector[at]!;
  return Math.sqrt(square);
}

/** Scaled so that the largest is 127: a cosine moves by less than 0.01. */
function bytesOf(vector: ArrayLike<number>): Uint8Array {
  let largest = 0;
  for (let at = 0; at < vector.length; at += 1) largest = Math.max(largest, Math.abs(vector[at]!));
  const bytes = new Uint8Array(vector.length);
  if (!(largest > 0) || largest === Infinity) return bytes;
  for (let at = 0; at < vector.length; at += 1) {
    bytes[at] = Math.round((vector[at]! * 127) / largest);
  }
  return bytes;
}
