/**
 * Rendezvous (highest random weight) hashing: which shard owns a partition. A shard that joins
 * or leaves moves only its own share; every node computes the same answer without talking.
 * Thaler and Ravishankar, "A name-based mapping scheme for rendezvous", 1996.
 */
export type Hash32 = (text: string, seed: number) => number;

/** @returns the shard of `shards` (names, in any order, not empty) that owns `key`. */
export function ownerOf(key: string, shards: readonly string[], hash: Hash32): string {
  let best = "";
  let bestWeight = -1;
  for (const shard of shards) {
    const weight = hash(`${key}@${shard}`, 0);
    if (weight > bestWeight || (weight === bestWeight && shard < best)) {
      best = shard;
      bestWeight = weight;
    }
  }
  return best;
}

/** Which of so many input lanes has the messages of a dedup partition. */
export function laneOf(partition: number, lanes: number): number {
  return partition % lanes;
}
