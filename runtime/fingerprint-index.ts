/**
 * Rows by 64-bit fingerprint: open addressing over one array of row numbers. A look-up per
 * received alert must allocate nothing, and a map of a million entries is 40 MB that each
 * collection visits.
 *
 * The halves are signed 32-bit integers (the engine keeps those unboxed). Where a fingerprint
 * stands depends on a number unknown to senders, so that nobody can craft labels that pile up in
 * one place.
 */
import { randomInt } from "node:crypto";

const firstSlots = 64;
/** Part of the slots in use at most; beyond it a look-up would search. */
const loadMax = 0.7;

/** Where the rows' fingerprints are. */
export type RowFingerprints = { high(row: number): number; low(row: number): number };

export const absent = -1;

export class FingerprintIndex {
  readonly #rows: RowFingerprints;
  readonly #seed = randomInt(2 ** 32);
  /** Row number + 1; 0: nothing. */
  #slots = new Int32Array(firstSlots);
  #size = 0;

  constructor(rows: RowFingerprints) {
    this.#rows = rows;
  }

  /** @returns the row, or `absent`. */
  find(high: number, low: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let slot = this.#home(high, low) & mask; ; slot = (slot + 1) & mask) {
      const row = (slots[slot] as number) - 1;
      if (row === absent) return absent;
      if (this.#rows.low(row) === low && this.#rows.high(row) === high) return row;
    }
  }

  /** The row's fingerprint must be absent. */
  add(row: number): void {
    if (this.#size + 1 > this.#slots.length * loadMax) this.#grow();
    this.#size += 1;
    this.#put(row);
  }

  /** Forgets a row whose fingerprint is still readable; those behind it move up. */
  delete(row: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let hole = this.#homeOf(row) & mask;
    while (slots[hole] !== row + 1) hole = (hole + 1) & mask;
    this.#size -= 1;
    for (let slot = (hole + 1) & mask; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const home = this.#homeOf((slots[slot] as number) - 1) & mask;
      // It may fill the hole unless its home lies behind the hole.
      if (((slot - home) & mask) < ((slot - hole) & mask)) continue;
      slots[hole] = slots[slot] as number;
      hole = slot;
    }
    slots[hole] = 0;
  }

  clear(): void {
    this.#slots = new Int32Array(firstSlots);
    this.#size = 0;
  }

  #put(row: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = this.#homeOf(row) & mask;
    while (slots[slot] !== 0) slot = (slot + 1) & mask;
    slots[slot] = row + 1;
  }

  #grow(): void {
    const former = this.#slots;
    this.#slots = new Int32Array(former.length * 2);
    for (const entry of former) if (entry !== 0) this.#put(entry - 1);
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
