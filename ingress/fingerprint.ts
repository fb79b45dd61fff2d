/**
 * Identity of an alert: 64 bits of xxhash over its identity bytes (seed 0).
 *
 *   labels     "l" then, for each label with a value, sorted by name (UTF-16 order):
 *              0xFF name 0xFF value
 *   dedup key  "k" 0xFF tenant 0xFF key; the labels do not count, apart from the tenant's
 *
 * 0xFF never occurs in UTF-8, so no choice of names and values can imitate another set. These
 * bytes are on disk in the shape of partitions and incident identities: they never change.
 */
import xxhash from "xxhash-wasm";
import type { Labels } from "../actors/alert/events.ts";
import { withoutEmpty } from "./alert-check.ts";

export type Fingerprint = { high: number; low: number };

/** The labels that may name an alert's tenant; the first present one counts. */
export const tenantLabels = ["tenant_id", "tenant"];
export const defaultTenant = "default";

const hasher = await xxhash();
const separator = 0xff;
let scratch = Buffer.alloc(64 * 1024);
/** A digest and its halves, low one first: every platform that Node runs on is little-endian. */
const digest = new BigUint64Array(1);
const digestHalves = new Uint32Array(digest.buffer);

/** @param labels as sent: those with an empty value are ignored. */
export function fingerprintOf(labels: Labels, dedupKey: string | null): Fingerprint {
  const present = withoutEmpty(labels);
  const parts: string[] = [];
  if (dedupKey !== null) {
    const tenantLabel = tenantLabels.find((name) => present[name] !== undefined);
    parts.push(tenantLabel === undefined ? defaultTenant : (present[tenantLabel] as string));
    parts.push(dedupKey);
  } else {
    for (const name of Object.keys(present).sort()) parts.push(name, present[name] as string);
  }
  return hash(dedupKey !== null ? "k" : "l", parts);
}

/** The dedup partition of a fingerprint. @param count at most 2^20. */
export function partitionOf(high: number, low: number, count: number): number {
  // Remainders of numbers beyond 31 bits took longer than all else that is done to a repeat here.
  if ((count & (count - 1)) === 0) return low & (count - 1);
  return ((high % count) * (0x1_0000_0000 % count) + (low % count)) % count;
}

function hash(kind: string, parts: string[]): Fingerprint {
  let needed = 1;
  for (const part of parts) needed += 1 + part.length * 3;
  identityScratch(needed);
  scratch[0] = kind.charCodeAt(0);
  let at = 1;
  for (const part of parts) {
    scratch[at] = separator;
    at += 1 + scratch.write(part, at + 1);
  }
  return hashIdentity(at);
}

/** A buffer for at least so many identity bytes, until the next call. */
export function identityScratch(bytes: number): Uint8Array {
  if (bytes > scratch.length) scratch = Buffer.alloc(bytes);
  return scratch;
}

/** The fingerprint of the first `length` bytes of the scratch buffer. */
export function hashIdentity(length: number): Fingerprint {
  digest[0] = hasher.h64Raw(scratch.subarray(0, length));
  return { high: digestHalves[1] as number, low: digestHalves[0] as number };
}
