/**
 * What dispatching puts out and shows: one notification per group and integration, silences, and
 * the views that Alertmanager's API v2 asks for. Plain data that survives msgpack and JSON.
 */
import type { AlertBody, Labels } from "../alert/events.ts";
import type { Matcher } from "../incident/types.ts";
import type { ZoneOffsets } from "./zones.ts";

/** Why a group is told again, in Alertmanager's own words (its `notification_reason`). */
export type GroupReason =
  | "first notification"
  | "new alerts in group"
  | "some alerts in group resolved"
  | "all alerts in group resolved"
  | "repeat interval elapsed";

/** One message about one group to one integration of one receiver, put on the outbox. */
export type GroupNotification = {
  kind: "group";
  /** Stable idempotency key: the same decision has the same id after any crash. */
  id: string;
  receiver: string;
  integration: { kind: string; index: number };
  /** As Alertmanager writes it: `{}/{severity="page"}:{alertname="Down"}`. */
  groupKey: string;
  groupLabels: Labels;
  reason: GroupReason;
  /** "firing" as long as one alert fires. */
  status: "firing" | "resolved";
  atMs: number;
  /** In Alertmanager's order: by job, instance, then labels; as many as fit into a message. */
  alerts: NotifiedAlert[];
  /** How many did not fit; absent: none. */
  truncatedAlerts?: number;
};

/** The result of delivering a GroupNotification, sent back by a delivery worker. */
export type GroupDelivery = {
  notificationId: string;
  receiver: string;
  integration: { kind: string; index: number };
  groupKey: string;
  attempt: number;
  outcome: "delivered" | "failed" | "gaveUp";
  detail: string;
};

export type NotifiedAlert = {
  /** Alertmanager's, see `labelFingerprint`. */
  fingerprint: string;
  status: "firing" | "resolved";
  labels: Labels;
  annotations: Labels;
  startsAtMs: number;
  /** Null while it fires. */
  endsAtMs: number | null;
  generatorURL: string;
  /** It joined a group that had been told of before. */
  isNew: boolean;
};

export type Silence = {
  id: string;
  matchers: Matcher[];
  startsAtMs: number;
  endsAtMs: number;
  updatedAtMs: number;
  createdBy: string;
  comment: string;
  annotations: Labels;
  /** Null: once. Otherwise it is active within [startsAtMs, endsAtMs) only in these times. */
  recurrence: SilenceRecurrence | null;
};

/** Active on these weekdays (0 is Sunday) between two minutes of the day in a time zone. */
export type SilenceRecurrence = {
  weekdays: number[];
  fromMinute: number;
  toMinute: number;
  location: string;
  offsets: ZoneOffsets;
};

export type SilenceState = "pending" | "active" | "expired";

/** An alert that began to fire before there were routes, as its owner holds it. */
export type OverlookedAlert = {
  fingerprint: string;
  body: AlertBody;
  startsAtMs: number;
  endsAtMs: number;
};

/** Whether an alert is told of, as Alertmanager's API shows it. */
export type AlertStatus = {
  /** "unprocessed": it has not come to dispatching yet. */
  state: "unprocessed" | "active" | "suppressed";
  /** Ids of active silences, and fingerprints of alerts as Alertmanager has them. */
  silencedBy: string[];
  inhibitedBy: string[];
  /** Names of time intervals that mute one of its routes now. */
  mutedBy: string[];
};
