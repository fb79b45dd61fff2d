/**
 * Remembers, outside a shard's own heap, which record each processor is working on, so that
 * whoever survives its death knows which record to suspect. Two slots a partition in shared
 * memory: the record under work, and a count of the deaths it has caused.
 */

/** A record that killed its shard this often is sent to the dead-letter stream. */
export const deathsMax = 3;

export interface Suspects {
  began(seq: number): void;
  finished(): void;
  /** To be called once after each death: counts the record that was under work, if any. */
  died(): void;
  /** The record to skip: it was under work at `deathsMax` deaths; null: none. */
  condemned(): number | null;
}

const slotsPerPartition = 3;

export function suspectsBytes(partitions: number): number {
  return partitions * slotsPerPartition * Float64Array.BYTES_PER_ELEMENT;
}

/** Slots: 0 record under work (0: none), 1 last suspect, 2 deaths of the last suspect. */
export class SharedSuspects implements Suspects {
  private readonly slots: Float64Array;

  constructor(memory: SharedArrayBuffer | ArrayBuffer, index: number) {
    const bytes = slotsPerPartition * Float64Array.BYTES_PER_ELEMENT;
    this.slots = new Float64Array(memory, index * bytes, slotsPerPartition);
  }

  began(seq: number): void {
    this.slots[0] = seq;
  }

  finished(): void {
    this.slots[0] = 0;
  }

  died(): void {
    const seq = this.slots[0] ?? 0;
    this.slots[0] = 0;
    if (seq === 0) return;
    const again = this.slots[1] === seq;
    this.slots[1] = seq;
    this.slots[2] = again ? (this.slots[2] ?? 0) + 1 : 1;
  }

  condemned(): number | null {
    return (this.slots[2] ?? 0) >= deathsMax ? (this.slots[1] ?? null) : null;
  }
}
