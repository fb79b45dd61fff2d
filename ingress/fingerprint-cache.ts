/**
 * Remembers the fingerprint of label bytes seen before, so that a repeated alert is neither
 * parsed nor sorted (design, section 5).
 *
 * C1 A hit has compared every byte: two alerts can never be joined by this cache.
 * C2 Memory is bounded: two generations, each with entriesMax entries and arenaBytesMax bytes.
 *    A full generation becomes the old one; what is asked for again moves to the young one.
 *
 * C3 An entry also says which content the log is known to hold for it, and since when: what ingress
 *    may refer to instead of sending it again (runtime/frame.ts). Forgetting it costs bytes only.
 *
 * The key is two slices of one body: the labels object and the dedup key (empty if none).
 */
import type { Confirmations } from "./confirmations.ts";
import { xxhash32 } from "./xxhash32.ts";

export type CacheLimits = { entriesMax: number; arenaBytesMax: number };

export const defaultCacheLimits: CacheLimits = {
  entriesMax: 131_072,
  arenaBytesMax: 24 * 1024 * 1024,
};

/** Slots looked at before giving up: a crafted pile of equal hashes costs no more than this. */
const probesMax = 16;
const firstArenaBytes = 256 * 1024;
const firstEntries = 1024;
/**
 * Numbers of an entry: hash, arena offset, bytes of slice one and two, high, low, and of the
 * content in the log its hash and when it was sent, in ticks of the callers (0: never).
 */
const width = 8;
const contentColumn = 6;
const sentColumn = 7;

export class Generation {
  /** Counts its lives: it is emptied and used again rather than allocated anew. */
  epoch = 0;
  count = 0;
  used = 0;
  slots = new Int32Array(firstEntries * 2);
  entries = new Uint32Array(firstEntries * width);
  arena = new Uint8Array(firstArenaBytes);

  /** The log holds this content for the entry at `at`; without effect after that life. */
  confirm(epoch: number, at: number, contentHash: number, sentTick: number): void {
    if (epoch !== this.epoch) return;
    this.entries[at + contentColumn] = contentHash;
    this.entries[at + sentColumn] = sentTick;
  }

  empty(): void {
    this.epoch += 1;
    this.count = 0;
    this.used = 0;
    this.slots.fill(0);
  }
}

/** The bytes to look up: [start1, end1) and [start2, end2) of `bytes`; `view` shows the same. */
export type CacheKey = {
  bytes: Uint8Array;
  view: DataView;
  start1: number;
  end1: number;
  start2: number;
  end2: number;
};

export class FingerprintCache {
  /** The result of the last successful `find`, or what the last `add` added. */
  high = 0;
  low = 0;
  private generation: Generation;
  private at = -1;
  private missedHash = 0;

  private young = new Generation();
  private old = new Generation();
  private readonly limits: CacheLimits;
  private readonly seed: number;

  /** @param seed a number that senders cannot know, so that they cannot aim at one slot. */
  constructor(limits: CacheLimits, seed: number) {
    this.limits = limits;
    this.seed = seed;
    this.generation = this.young;
  }

  /** @returns whether it was found; then `high` and `low` are set. */
  find(key: CacheKey): boolean {
    const hash = this.hash(key);
    if (this.lookUp(this.young, key, hash)) return true;
    this.missedHash = hash;
    if (!this.lookUp(this.old, key, hash)) return false;
    const content = this.column(contentColumn);
    const sentTick = this.column(sentColumn);
    this.insert(key, hash, this.high, this.low);
    this.know(content, sentTick);
    return true;
  }

  /** Takes in the key that the last `find` missed. */
  add(key: CacheKey, high: number, low: number): void {
    this.insert(key, this.missedHash, high, low);
  }

  /** Notes that a frame carries this content of the entry last found or added, if it fitted. */
  noteSent(frame: Confirmations, contentHash: number, sentTick: number): void {
    if (this.at !== -1) frame.add(this.generation, this.at, contentHash, sentTick);
  }

  /** Whether the log holds this content for the entry last found, sent at `sinceTick` or later. */
  holds(contentHash: number, sinceTick: number): boolean {
    if (this.at === -1) return false;
    const sentTick = this.column(sentColumn);
    return sentTick !== 0 && sentTick >= sinceTick && this.column(contentColumn) === contentHash;
  }

  private column(column: number): number {
    return this.generation.entries[this.at + column] as number;
  }

  private know(contentHash: number, sentTick: number): void {
    if (this.at === -1) return;
    this.generation.entries[this.at + contentColumn] = contentHash;
    this.generation.entries[this.at + sentColumn] = sentTick;
  }

  private hash(key: CacheKey): number {
    const hash = xxhash32(key.view, key.start1, key.end1, this.seed);
    return key.end2 > key.start2 ? xxhash32(key.view, key.start2, key.end2, hash) : hash;
  }

  private lookUp(generation: Generation, key: CacheKey, hash: number): boolean {
    const { slots, entries } = generation;
    const mask = slots.length - 1;
    for (let probe = 0; probe < probesMax; probe += 1) {
      const slot = slots[(hash + probe) & mask] as number;
      if (slot === 0) return false;
      const entry = (slot - 1) * width;
      if (entries[entry] === hash && this.equal(generation, entry, key)) {
        this.high = entries[entry + 4] as number;
        this.low = entries[entry + 5] as number;
        this.generation = generation;
        this.at = entry;
        return true;
      }
    }
    return false;
  }

  private equal(generation: Generation, entry: number, key: CacheKey): boolean {
    const { entries, arena } = generation;
    const length1 = key.end1 - key.start1;
    const length2 = key.end2 - key.start2;
    if (entries[entry + 2] !== length1 || entries[entry + 3] !== length2) return false;
    const offset = entries[entry + 1] as number;
    return (
      sameBytes(arena, offset, key.bytes, key.start1, length1) &&
      sameBytes(arena, offset + length1, key.bytes, key.start2, length2)
    );
  }

  private insert(key: CacheKey, hash: number, high: number, low: number): void {
    const length1 = key.end1 - key.start1;
    const length2 = key.end2 - key.start2;
    const bytes = length1 + length2;
    const { entriesMax, arenaBytesMax } = this.limits;
    this.at = -1;
    if (bytes > arenaBytesMax) return;
    let generation = this.young;
    if (generation.count >= entriesMax || generation.used + bytes > arenaBytesMax) {
      generation = this.old;
      generation.empty();
      this.old = this.young;
      this.young = generation;
    }
    makeRoom(generation, bytes, arenaBytesMax);
    const { entries, arena, slots, count, used } = generation;
    const entry = count * width;
    entries[entry] = hash;
    entries[entry + 1] = used;
    entries[entry + 2] = length1;
    entries[entry + 3] = length2;
    entries[entry + 4] = high;
    entries[entry + 5] = low;
    arena.set(key.bytes.subarray(key.start1, key.end1), used);
    if (length2 > 0) arena.set(key.bytes.subarray(key.start2, key.end2), used + length1);
    entries[entry + contentColumn] = 0;
    entries[entry + sentColumn] = 0;
    this.generation = generation;
    this.at = entry;
    generation.count = count + 1;
    generation.used = used + bytes;
    place(slots, hash, count + 1);
  }
}

function sameBytes(
  arena: Uint8Array,
  offset: number,
  bytes: Uint8Array,
  start: number,
  length: number,
): boolean {
  for (let index = 0; index < length; index += 1) {
    if (arena[offset + index] !== bytes[start + index]) return false;
  }
  return true;
}

/** A pile longer than probesMax loses its first member: a later miss, never a wrong hit. */
function place(slots: Int32Array, hash: number, value: number): void {
  const mask = slots.length - 1;
  for (let probe = 0; probe < probesMax; probe += 1) {
    const slot = (hash + probe) & mask;
    if (slots[slot] === 0) {
      slots[slot] = value;
      return;
    }
  }
  slots[hash & mask] = value;
}

/** Doubles what is full, so that an idle process pays for little. */
function makeRoom(generation: Generation, bytes: number, arenaBytesMax: number): void {
  if (generation.used + bytes > generation.arena.length) {
    let length = generation.arena.length;
    while (length < generation.used + bytes) length *= 2;
    const arena = new Uint8Array(Math.min(length, arenaBytesMax));
    arena.set(generation.arena.subarray(0, generation.used));
    generation.arena = arena;
  }
  if ((generation.count + 1) * width <= generation.entries.length) return;
  const entries = new Uint32Array(generation.entries.length * 2);
  entries.set(generation.entries);
  generation.entries = entries;
  generation.slots = new Int32Array(generation.slots.length * 2);
  for (let index = 0; index < generation.count; index += 1) {
    place(generation.slots, entries[index * width] as number, index + 1);
  }
}
