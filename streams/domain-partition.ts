/** Which incident partition owns a correlation domain: xxhash32 of its name. */
import xxhash from "xxhash-wasm";
import type { Hash32 } from "../runtime/placement.ts";

export async function loadHash32(): Promise<Hash32> {
  const api = await xxhash();
  return (text, seed) => api.h32(text, seed) >>> 0;
}

export function domainPartitionOf(hash: Hash32, domain: string, partitions: number): number {
  return hash(domain, 0) % partitions;
}
