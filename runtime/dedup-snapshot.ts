/**
 * The dedup stage's memory as plain data for the codec. Alerts are rows without field names, in
 * the order of their fingerprints: the same memory always gives the same bytes, whatever way it
 * came to be. A change of the row's meaning is a new version number.
 */
import type { FiringAlert, RollupPolicy } from "../actors/alert/alert.ts";
import type { DedupConfig } from "../actors/alert/config.ts";
import type { EndedContent } from "./ended-contents.ts";
import { fingerprintText } from "./fingerprint-map.ts";
import type { AlertCounters } from "./step.ts";
import { byteText, textBytes } from "./stored-alert.ts";
import type { StoredAlert } from "./stored-alert.ts";

export type DedupSnapshot = {
  version: typeof snapshotVersion;
  /** The latest log time seen. */
  nowMs: number;
  config: DedupConfig | null;
  counters: AlertCounters;
  alerts: AlertRow[];
  /** Contents of ended alerts, oldest first. */
  ended: EndedRow[];
};

type EndedRow = [id: string, payload: Uint8Array, untilMs: number];

type AlertRow = [
  high: number,
  low: number,
  domain: string,
  payload: Uint8Array,
  startsAtMs: number,
  endsAtMs: number,
  endsByTimeout: boolean,
  contentHash: number,
  updatedAtMs: number,
  total: number,
  pending: number,
  pendingFromMs: number,
  rollupMs: number,
  rollupAtMs: number,
  policyFirstMs: number,
  policyMaxMs: number,
];

export const snapshotVersion = 1;

/** @throws Error for anything but a snapshot of this version. */
export function readDedupSnapshot(decoded: unknown): DedupSnapshot {
  if (!isSnapshot(decoded)) {
    throw new Error(`this is no snapshot of a dedup stage of version ${snapshotVersion}`);
  }
  return decoded;
}

export function alertRows(alerts: Iterable<StoredAlert>): AlertRow[] {
  const sorted = [...alerts].sort((a, b) => a.high - b.high || a.low - b.low);
  return sorted.map(({ high, low, domain, payload, alert }) => [
    high,
    low,
    domain,
    textBytes(payload),
    alert.startsAtMs,
    alert.endsAtMs,
    alert.endsByTimeout,
    alert.contentHash,
    alert.updatedAtMs,
    alert.total,
    alert.pending,
    alert.pendingFromMs,
    alert.rollupMs,
    alert.rollupAtMs,
    alert.policy.firstMs,
    alert.policy.maxMs,
  ]);
}

/** Rebuilds the actors; nothing of them retains the snapshot's bytes. */
export function* storedAlerts(rows: AlertRow[]): Generator<StoredAlert> {
  const policies = new Map<string, RollupPolicy>();
  for (const row of rows) {
    const [
      high,
      low,
      domain,
      payload,
      startsAtMs,
      endsAtMs,
      endsByTimeout,
      contentHash,
      updatedAtMs,
      total,
      pending,
      pendingFromMs,
      rollupMs,
      rollupAtMs,
      firstMs,
      maxMs,
    ] = row;
    const policyKey = `${firstMs} ${maxMs}`;
    const policy = policies.get(policyKey) ?? { firstMs, maxMs };
    policies.set(policyKey, policy);
    const alert: FiringAlert = {
      kind: "firing",
      startsAtMs,
      endsAtMs,
      endsByTimeout,
      contentHash,
      updatedAtMs,
      total,
      pending,
      pendingFromMs,
      rollupMs,
      rollupAtMs,
      policy,
    };
    const id = fingerprintText(high, low);
    yield { high, low, id, domain, payload: byteText(payload), alert };
  }
}

export function endedRows(contents: EndedContent[]): EndedRow[] {
  return contents.map(({ id, payload, untilMs }) => [id, textBytes(payload), untilMs]);
}

export function endedContents(rows: EndedRow[]): EndedContent[] {
  return rows.map(([id, payload, untilMs]) => ({ id, payload: byteText(payload), untilMs }));
}

function isSnapshot(value: unknown): value is DedupSnapshot {
  if (typeof value !== "object" || value === null) return false;
  return "version" in value && value.version === snapshotVersion && "alerts" in value;
}
