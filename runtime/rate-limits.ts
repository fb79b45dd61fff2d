/**
 * Token buckets in shared memory, so that all threads that listen draw from the same ones.
 *
 * A bucket is one number: when it will be full again (its debt, as a time). Taking pushes that time
 * on by what was taken; a bucket whose time has passed is full, which is what a bucket unknown
 * so far is, too. So a slot of the table whose time has passed may be given to any other bucket,
 * and nothing has to be forgotten explicitly.
 *
 * B1 Memory is fixed: `bucketsMax` slots. When all places of a bucket are taken by buckets in
 *    debt, two buckets share one, and both wait a little longer than they would have to.
 * B2 What is asked is whether a bucket is in debt beyond its burst, before it is known how much
 *    will be taken: one taking may go beyond the burst, and those after it wait for that.
 */
import { createHash } from "node:crypto";

export const limitNames = [
  "key_alerts",
  "key_requests",
  "tenant_alerts",
  "tenant_requests",
] as const;
export type LimitName = (typeof limitNames)[number];

/** Units per second of each limit, null: none; and how many seconds' worth may come at once. */
export type RateLimits = Record<LimitName, number | null> & { burstMs: number };

export const bucketsMax = 32_768;
/** Places that a bucket may be in. */
const placesMax = 8;
/** Other threads may be quicker so many times; after that, their taking stands for ours. */
const racesMax = 16;
/** Of a burst that is used up to the last unit. */
const waitMsMin = 0.001;

/** Memory for one process's buckets, 512 KiB. */
export function rateMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(bucketsMax * 2 * BigInt64Array.BYTES_PER_ELEMENT);
}

/** A bucket's identity in the table: 63 bits of its name's hash, never 0. */
export function bucketTag(name: string): bigint {
  const hash = createHash("sha256").update(name).digest().readBigInt64LE(0);
  return BigInt.asUintN(63, hash) | 1n;
}

export class RateTable {
  /** [tag, µs at which it is full again] of each slot. */
  private readonly slots: BigInt64Array;

  constructor(memory: SharedArrayBuffer) {
    this.slots = new BigInt64Array(memory);
  }

  /** How long until something may be taken, ms; 0: now. @param clockMs never steps back. */
  waitMs(tag: bigint, burstMs: number, clockMs: number): number {
    const slot = this.find(tag, micros(clockMs));
    const fullAtMs = Number(Atomics.load(this.slots, slot + 1)) / 1000;
    const overMs = fullAtMs - burstMs - clockMs;
    return overMs < 0 ? 0 : Math.max(overMs, waitMsMin);
  }

  /** Takes so many units from the bucket, whether it has them or not. */
  take(tag: bigint, units: number, perSecond: number, clockMs: number): void {
    const now = micros(clockMs);
    const slot = this.find(tag, now);
    const cost = BigInt(Math.ceil((units * 1e6) / perSecond));
    for (let race = 0; race < racesMax; race += 1) {
      const before = Atomics.load(this.slots, slot + 1);
      const after = (before > now ? before : now) + cost;
      if (Atomics.compareExchange(this.slots, slot + 1, before, after) === before) return;
    }
  }

  /** The bucket's slot; where it has none yet, one that is free or out of debt. */
  private find(tag: bigint, now: bigint): number {
    const home = Number(tag % BigInt(bucketsMax));
    let spare = -1;
    for (let place = 0; place < placesMax; place += 1) {
      const slot = ((home + place) % bucketsMax) * 2;
      const found = Atomics.load(this.slots, slot);
      if (found === tag) return slot;
      if (spare === -1 && Atomics.load(this.slots, slot + 1) <= now) spare = slot;
    }
    if (spare === -1) return home * 2;
    Atomics.store(this.slots, spare, tag);
    return spare;
  }
}

function micros(ms: number): bigint {
  return BigInt(Math.round(ms * 1000));
}
