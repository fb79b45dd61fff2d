/**
 * How evenly a node's partitions fall on its shards: by the very hashing that deals them out
 * (runtime/shard-pool.ts), because with few partitions it is far from even.
 */
import { type Hash32, ownerOf } from "../runtime/placement.ts";
import type { BusiestShare } from "./plan.ts";

const node = "node-0";
const stages = ["dedup", "incident"];

export function busiestShareBy(hash: Hash32): BusiestShare {
  return (shards, partitions) => {
    const names = Array.from({ length: shards }, (_, index) => `${node}-${index}`);
    const owned = new Map<string, number>();
    for (const stage of stages) {
      for (let partition = 0; partition < partitions; partition += 1) {
        const owner = ownerOf(`${stage}.${partition}`, names, hash);
        owned.set(owner, (owned.get(owner) ?? 0) + 1);
      }
    }
    return Math.max(...owned.values()) / (partitions * stages.length);
  };
}
