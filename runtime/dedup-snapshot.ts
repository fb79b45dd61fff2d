/**
 * The dedup stage's memory as plain data for the codec. Alerts are rows without field names, in
 * the order of their fingerprints: the same memory always gives the same bytes, whatever way it
 * came to be. A change of the row's meaning is a new version number.
 */
import type { FiringAlert, RollupPolicy } from "../actors/alert/alert.ts";
import type { DedupConfig } from "../actors/alert/config.ts";
import type { AlertTable } from "./alert-table.ts";
import type { AlertCounters } from "./step.ts";
import { storedAlert } from "./stored-alert.ts";

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

/** The payloads are views of the table's: valid until the table changes. */
export function alertRows(table: AlertTable): AlertRow[] {
  const sorted = [...table.firing()].sort((a, b) => a.high - b.high || a.low - b.low);
  return sorted.map(({ high, low, domain, payload, alert }) => [
    high,
    low,
    domain,
    table.payloads.view(payload),
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

/**
 * Makes the table what it was; nothing of it retains the snapshot's bytes.
 * @param domainName the one string that stands for equal domains.
 */
export function restoreTable(
  table: AlertTable,
  { alerts, ended }: DedupSnapshot,
  domainName: (domain: string) => string,
): void {
  table.clear();
  const policies = new Map<string, RollupPolicy>();
  for (const row of alerts) {
    const alert = firingAlert(row, policies);
    const [high, low, domain, payload] = row;
    const block = table.payloads.put(payload);
    table.add(storedAlert({ high, low }, domainName(domain), block, alert));
  }
  for (const [id, payload, untilMs] of ended) {
    table.ended.add({ id, payload: table.payloads.put(payload), untilMs });
  }
}

function firingAlert(row: AlertRow, policies: Map<string, RollupPolicy>): FiringAlert {
  const [
    ,
    ,
    ,
    ,
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
  return {
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
}

/** As `alertRows`. */
export function endedRows({ ended, payloads }: AlertTable): EndedRow[] {
  return Array.from(ended.values(), ({ id, payload, untilMs }) => [
    id,
    payloads.view(payload),
    untilMs,
  ]);
}

function isSnapshot(value: unknown): value is DedupSnapshot {
  if (typeof value !== "object" || value === null) return false;
  return "version" in value && value.version === snapshotVersion && "alerts" in value;
}
