/**
 * The dedup stage's memory as plain data for the codec. The alerts are the table's own pages and
 * slabs, copied as they lie there: with a million of them, anything done for each one would hold
 * up the partition. So two stages with the same alerts may have different snapshots, and what
 * lies in a page or slab is part of the format: a change of it is a new version number.
 */
import type { DedupConfig } from "../actors/alert/config.ts";
import type { TableSnapshot } from "./alert-table.ts";
import type { AlertCounters } from "./step.ts";

export type DedupSnapshot = {
  version: typeof snapshotVersion;
  /** The latest log time seen. */
  nowMs: number;
  config: DedupConfig | null;
  counters: AlertCounters;
  table: TableSnapshot;
};

export const snapshotVersion = 2;

/** @throws Error for anything but a snapshot of this version. */
export function readDedupSnapshot(decoded: unknown): DedupSnapshot {
  if (!isSnapshot(decoded)) {
    throw new Error(`this is no snapshot of a dedup stage of version ${snapshotVersion}`);
  }
  return decoded;
}

function isSnapshot(value: unknown): value is DedupSnapshot {
  if (typeof value !== "object" || value === null) return false;
  return "version" in value && value.version === snapshotVersion && "table" in value;
}
