/**
 * One group of alerts on one route: when it is looked at, and whether a receiver is to be told.
 *
 * G1 A new group waits `group_wait`, then is looked at every `group_interval` until it is empty.
 * G2 A receiver is told when an alert fires that it has not been told of, when one that it was
 *    told of has ended (if it wants to know), and again after `repeat_interval`.
 * G3 What a receiver was told of is kept with the group: it survives restarts and reloads.
 * Source of the rules: Alertmanager's notification log (nflog) and its DedupStage.
 */
import type { Labels } from "../alert/events.ts";
import type { GroupReason } from "./types.ts";

export type Group = {
  /** `grp-<partition>-<serial>`: names its timer and its notifications. */
  id: string;
  /** Route key, twin and labels: finds the group again, whatever the configuration. */
  key: string;
  labels: Labels;
  /** Fingerprints in it: those that fire, and those that ended since it was looked at last. */
  alerts: Set<string>;
  nextFlushAtMs: number;
  /** Alerts that began long ago need not wait in a group that was never looked at. */
  hasFlushed: boolean;
  flushes: number;
  /** By integration, see `integrationKey`. */
  told: Map<string, Told>;
  timerGeneration: number;
};

/** What an integration was told last. */
export type Told = {
  notificationId: string;
  reason: GroupReason;
  atMs: number;
  firing: Set<string>;
  resolved: Set<string>;
};

export function newGroup(id: string, key: string, labels: Labels, nextFlushAtMs: number): Group {
  return {
    id,
    key,
    labels,
    alerts: new Set(),
    nextFlushAtMs,
    hasFlushed: false,
    flushes: 0,
    told: new Map(),
    timerGeneration: 0,
  };
}

/** Within one receiver: `webhook/0`. */
export function integrationKey(receiver: string, kind: string, index: number): string {
  return `${kind}/${index}/${receiver}`;
}

/** Why the integration has to be told now (G2); null: it has not. */
export function reasonToTell(
  told: Told | undefined,
  firing: readonly string[],
  resolved: readonly string[],
  options: { sendResolved: boolean; repeatIntervalMs: number; nowMs: number },
): GroupReason | null {
  if (told === undefined) return firing.length > 0 ? "first notification" : null;
  if (firing.some((fingerprint) => !told.firing.has(fingerprint))) return "new alerts in group";
  if (firing.length === 0) return told.firing.size > 0 ? "all alerts in group resolved" : null;
  const isNews = resolved.some((fingerprint) => !told.resolved.has(fingerprint));
  if (options.sendResolved && isNews) return "some alerts in group resolved";
  // A multiple of group_interval is reached exactly, not one look late.
  const isDue = options.nowMs - told.atMs >= options.repeatIntervalMs;
  return isDue ? "repeat interval elapsed" : null;
}
