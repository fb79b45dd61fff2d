/**
 * Remembers the fingerprint of label bytes seen before, so that a repeated alert is neither
 * parsed nor sorted (design, section 5).
 *
 * C1 An entry knows its key by 64 bits of a hash with seeds that no sender knows, and by its
 *    length: two alerts are joined by this cache no more likely than by their 64-bit fingerprints,
 *    and nobody can bring it about (docs/decisions/0008).
 * C2 Memory is bounded: two generations, each with entriesMax entries of 36 bytes. A full
 *    generation becomes the old one; what is asked for again moves to the young one.
 * C3 An entry also says which content the log is known to hold for it, and since when: what ingress
 *    may refer to instead of sending it again (runtime/frame.ts). Forgetting it costs bytes only.
 *
 * The key is two slices of one body: the labels object and the dedup key (empty if none). The scan
 * hashes them (scan/assembly/hashes.ts).
 */
import type { Confirmations } from "./confirmations.ts";

/** Entries of a generation at most: so many alerts can fire and still be told by their bytes. */
export const entriesMaxDefault = 1_048_576;

/** Keys that `foresee` takes in at once: their entries are a fraction of the caches. */
export const foreseenMax = 64;
/** Slots looked at before giving up: a pile of equal hashes costs no more than this. */
const probesMax = 16;
const firstEntries = 1024;
/**
 * Numbers of an entry: two halves of the hash, the length of slice one, high, low, and of the
 * content in the log its hash and when it was sent, in ticks of the callers (0: never).
 */
const width = 7;
const lengthColumn = 2;
const highColumn = 3;
const lowColumn = 4;
const contentColumn = 5;
const sentColumn = 6;
const none = -1;

export class Generation {
  /** Counts its lives: it is emptied and used again rather than allocated anew. */
  epoch = 0;
  count = 0;
  /** Number of the entry + 1 in the low bits, bits of its hash above them; 0: nothing. */
  slots = new Int32Array(firstEntries * 2);
  entries = new Uint32Array(firstEntries * width);

  /** The log holds this content for the entry at `at`; without effect after that life. */
  confirm(epoch: number, at: number, contentHash: number, sentTick: number): void {
    if (epoch !== this.epoch) return;
    this.entries[at + contentColumn] = contentHash;
    this.entries[at + sentColumn] = sentTick;
  }

  empty(): void {
    this.epoch += 1;
    this.count = 0;
    this.slots.fill(0);
  }
}

export class FingerprintCache {
  /** The result of the last successful `find`. */
  high = 0;
  low = 0;
  private generation: Generation;
  private at = -1;
  /** The key last asked for: both halves of its hash, and the length of its first slice. */
  private first = 0;
  private second = 0;
  private length = 0;
  /** What `foresee` took in, and where `bringIn` found the entries. */
  private readonly foreseen = new Int32Array(foreseenMax);
  private readonly candidates = new Int32Array(foreseenMax);
  private read = 0;

  private young = new Generation();
  private old = new Generation();
  private readonly entriesMax: number;

  constructor(entriesMax: number) {
    this.entriesMax = entriesMax;
    this.generation = this.young;
  }

  /** Takes in the hash of a key to be asked for soon, as the `nth` of at most `foreseenMax`. */
  foresee(nth: number, first: number): void {
    this.foreseen[nth] = first;
  }

  /**
   * Brings the slots and entries of the first `count` keys foreseen into the processor's caches.
   * One after another each look-up would wait for memory. These loops are short, so that the
   * processor sees several turns ahead, and no turn needs what another has read. The first one has
   * no branch on what it reads: a wrong guess would end what the processor has begun ahead.
   */
  bringIn(count: number): void {
    const { slots, entries } = this.young;
    const { foreseen, candidates } = this;
    const mask = slots.length - 1;
    let read = 0;
    for (let nth = 0; nth < count; nth += 1) {
      read ^= slots[(foreseen[nth] as number) & mask] as number;
    }
    for (let nth = 0; nth < count; nth += 1) {
      candidates[nth] = this.candidate(foreseen[nth] as number);
    }
    for (let nth = 0; nth < count; nth += 1) {
      const entry = candidates[nth] as number;
      if (entry === none) continue;
      read ^= (entries[entry] as number) ^ (entries[entry + sentColumn] as number);
    }
    // The result must be kept, or the reads would be optimised away.
    this.read ^= read;
  }

  /**
   * The key: the halves of its hash, signed, and the length of its first slice.
   * @returns whether it was found; then `high` and `low` are set.
   */
  find(first: number, second: number, length: number): boolean {
    this.first = first;
    this.second = second;
    this.length = length;
    if (this.lookUp(this.young)) return true;
    if (!this.lookUp(this.old)) return false;
    const content = this.column(contentColumn);
    const sentTick = this.column(sentColumn);
    this.insert(this.high, this.low);
    this.know(content, sentTick);
    return true;
  }

  /** Takes in the key that the last `find` missed. */
  add(high: number, low: number): void {
    this.insert(high, low);
  }

  /** Notes that a frame carries this content of the entry last found or added. */
  noteSent(frame: Confirmations, contentHash: number, sentTick: number): void {
    frame.add(this.generation, this.at, contentHash, sentTick);
  }

  /** Whether the log holds this content for the entry last found, sent at `sinceTick` or later. */
  holds(contentHash: number, sinceTick: number): boolean {
    const sentTick = this.column(sentColumn);
    return sentTick !== 0 && sentTick >= sinceTick && this.column(contentColumn) === contentHash;
  }

  private column(column: number): number {
    return this.generation.entries[this.at + column] as number;
  }

  private know(contentHash: number, sentTick: number): void {
    this.generation.entries[this.at + contentColumn] = contentHash;
    this.generation.entries[this.at + sentColumn] = sentTick;
  }

  private lookUp(generation: Generation): boolean {
    const { slots, entries } = generation;
    const { first, second, length } = this;
    const mask = slots.length - 1;
    for (let probe = 0; probe < probesMax; probe += 1) {
      const slot = slots[(first + probe) & mask] as number;
      if (slot === 0) return false;
      if (((slot ^ first) & ~mask) !== 0) continue;
      const entry = ((slot & mask) - 1) * width;
      if (((entries[entry] as number) ^ first) !== 0) continue;
      if (((entries[entry + 1] as number) ^ second) !== 0) continue;
      if (entries[entry + lengthColumn] !== length) continue;
      this.high = entries[entry + highColumn] as number;
      this.low = entries[entry + lowColumn] as number;
      this.generation = generation;
      this.at = entry;
      return true;
    }
    return false;
  }

  /** Where the young generation's entry of a key so hashed is, if it is there; or `none`. */
  private candidate(first: number): number {
    const { slots } = this.young;
    const mask = slots.length - 1;
    for (let probe = 0; probe < probesMax; probe += 1) {
      const slot = slots[(first + probe) & mask] as number;
      if (slot === 0) return none;
      if (((slot ^ first) & ~mask) === 0) return ((slot & mask) - 1) * width;
    }
    return none;
  }

  private insert(high: number, low: number): void {
    let generation = this.young;
    if (generation.count >= this.entriesMax) {
      generation = this.old;
      generation.empty();
      this.old = this.young;
      this.young = generation;
    }
    makeRoom(generation, this.entriesMax);
    const { entries, slots, count } = generation;
    const entry = count * width;
    entries[entry] = this.first;
    entries[entry + 1] = this.second;
    entries[entry + lengthColumn] = this.length;
    entries[entry + highColumn] = high;
    entries[entry + lowColumn] = low;
    entries[entry + contentColumn] = 0;
    entries[entry + sentColumn] = 0;
    this.generation = generation;
    this.at = entry;
    generation.count = count + 1;
    place(slots, this.first, count + 1);
  }
}

/**
 * A pile longer than probesMax loses its first member: a later miss, never a wrong hit. Slots are
 * at least twice as many as entries, so that a number fits below the bits of the hash.
 */
function place(slots: Int32Array, hash: number, number: number): void {
  const mask = slots.length - 1;
  const entry = (hash & ~mask) | number;
  for (let probe = 0; probe < probesMax; probe += 1) {
    const slot = (hash + probe) & mask;
    if (slots[slot] === 0) {
      slots[slot] = entry;
      return;
    }
  }
  slots[hash & mask] = entry;
}

/** Doubles what is full, so that an idle process pays for little. */
function makeRoom(generation: Generation, entriesMax: number): void {
  const { count } = generation;
  if ((count + 1) * width <= generation.entries.length) return;
  const entries = new Uint32Array(Math.min(count * 2, Math.max(entriesMax, firstEntries)) * width);
  entries.set(generation.entries);
  generation.entries = entries;
  generation.slots = new Int32Array(generation.slots.length * 2);
  for (let index = 0; index < count; index += 1) {
    place(generation.slots, entries[index * width] as number, index + 1);
  }
}
