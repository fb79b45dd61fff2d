/**
 * Rows by 64-bit fingerprint: open addressing over one array of numbers. A look-up per received
 * alert must allocate nothing, and a map of a million entries is 40 MB that each collection visits.
 *
 * A slot holds the row's number, and in the bits that numbers do not reach a part of the hash. So a
 * look-up goes to no row but the one that it is for: with many rows each of them is a miss of the
 * processor's caches.
 *
 * The halves are signed 32-bit integers (the engine keeps those unboxed). Where a fingerprint
 * stands depends on a seed unknown to senders, so that nobody can craft labels that pile up in one
 * place; no answer depends on it.
 */
const firstSlots = 64;
/** Part of the slots in use at most; beyond it a look-up would search. */
const loadMax = 0.7;

/** Where the rows' fingerprints are. */
export type RowFingerprints = { high(row: number): number; low(row: number): number };

export const absent = -1;

export class FingerprintIndex {
  readonly #rows: RowFingerprints;
  readonly #seed: number;
  /** Row number + 1 in the low bits, bits of its hash above them; 0: nothing. */
  #slots = new Int32Array(firstSlots);
  #size = 0;

  /** @param seed 32 bits. */
  constructor(rows: RowFingerprints, seed: number) {
    this.#rows = rows;
    this.#seed = seed | 0;
  }

  get size(): number {
    return this.#size;
  }

  /** @returns the row, or `absent`. */
  find(high: number, low: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    const hash = this.#home(high, low);
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const entry = slots[slot] as number;
      if (entry === 0) return absent;
      if (((entry ^ hash) & ~mask) !== 0) continue;
      const row = (entry & mask) - 1;
      if (this.#rows.low(row) === low && this.#rows.high(row) === high) return row;
    }
  }

  /**
   * Reads the slots where the look-ups of these fingerprints will begin: `pairs` has the halves of
   * `count`. There is no branch on what is read: a wrong guess of the processor would end the reads
   * that it has begun ahead.
   * @returns nothing of meaning: it keeps the reads from being optimised away.
   */
  touch(pairs: Int32Array, count: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let read = 0;
    for (let at = 0; at < count; at += 1) {
      const hash = this.#home(pairs[at * 2] as number, pairs[at * 2 + 1] as number);
      read ^= slots[hash & mask] as number;
    }
    return read;
  }

  /** The row that `find` will look at first, or `absent`: asks no row. */
  candidate(high: number, low: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    const hash = this.#home(high, low);
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const entry = slots[slot] as number;
      if (entry === 0) return absent;
      if (((entry ^ hash) & ~mask) === 0) return (entry & mask) - 1;
    }
  }

  /** The row's fingerprint must be absent. Numbers are dense: slots are more than rows. */
  add(row: number): void {
    const { length } = this.#slots;
    if (this.#size + 1 > length * loadMax || row + 1 >= length) this.#grow(row);
    this.#size += 1;
    this.#put(row);
  }

  /** Forgets a row whose fingerprint is still readable; those behind it move up. */
  delete(row: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let hole = this.#homeOf(row) & mask;
    while (((slots[hole] as number) & mask) !== row + 1) hole = (hole + 1) & mask;
    this.#size -= 1;
    for (let slot = (hole + 1) & mask; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const home = this.#homeOf(((slots[slot] as number) & mask) - 1) & mask;
      // It may fill the hole unless its home lies behind the hole.
      if (((slot - home) & mask) < ((slot - hole) & mask)) continue;
      slots[hole] = slots[slot] as number;
      hole = slot;
    }
    slots[hole] = 0;
  }

  /** Empties it, with room for `rows` rows, numbered from 0: to add these, nothing is moved. */
  clear(rows = 0): void {
    let length = firstSlots;
    while (rows > length * loadMax || rows >= length) length *= 2;
    this.#slots = new Int32Array(length);
    this.#size = 0;
  }

  #put(row: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    const hash = this.#homeOf(row);
    let slot = hash & mask;
    while (slots[slot] !== 0) slot = (slot + 1) & mask;
    slots[slot] = (hash & ~mask) | (row + 1);
  }

  /** Makes room for one more, and for this number. */
  #grow(row: number): void {
    const former = this.#slots;
    let length = former.length * 2;
    while (row + 1 >= length) length *= 2;
    this.#slots = new Int32Array(length);
    const mask = former.length - 1;
    for (const entry of former) if (entry !== 0) this.#put((entry & mask) - 1);
  }

  #homeOf(row: number): number {
    return this.#home(this.#rows.high(row), this.#rows.low(row));
  }

  /** Multiplies and folds both halves with the seed (the finaliser of MurmurHash3). */
  #home(high: number, low: number): number {
    let hash = Math.imul(high ^ this.#seed, 0x85ebca6b) ^ low;
    hash = Math.imul(hash ^ (hash >>> 16), 0xc2b2ae35);
    hash = Math.imul(hash ^ this.#seed ^ (hash >>> 13), 0x85ebca6b);
    return hash ^ (hash >>> 16);
  }
}
