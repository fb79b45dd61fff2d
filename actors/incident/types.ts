/**
 * The vocabulary of the incident stage: what goes in (alert events, commands, configuration,
 * wake-ups, delivery results) and what comes out (facts, notifications, timers, replies).
 * Everything here is plain data that survives msgpack and JSON unchanged.
 */
import type { AlertEvent, Labels } from "../alert/events.ts";
import type { CorrelationConfig } from "../correlation/correlator.ts";
import type { DispatchConfig } from "../dispatch/config.ts";
import type { DispatchOutput } from "../dispatch/dispatcher.ts";
import type { EscalationPolicy } from "../escalation/escalation.ts";
import type { SeverityConfig } from "../severity/config.ts";
import type { SeverityScore } from "../severity/score.ts";
import type { FlappingConfig } from "./flapping.ts";
import type { Link } from "./links.ts";

export const severities = ["critical", "high", "medium", "low", "info"] as const;
export type Severity = (typeof severities)[number];

export const incidentStatuses = [
  "triggered",
  "acknowledged",
  "investigating",
  "identified",
  "resolved",
  "closed",
  "merged",
] as const;
export type IncidentStatus = (typeof incidentStatuses)[number];

/** Label matcher; all of a rule's matchers must hold. An absent label reads as "". */
export type Matcher = { label: string; op: "=" | "!=" | "=~" | "!~"; value: string };

/** What the incident stage needs of the configuration; it travels through the log (I11). */
export type IncidentConfig = {
  /** Identifies this version of the configuration; a record with the current hash is a no-op. */
  hash: string;
  /** Labels whose values form the grouping key of alerts without a dedup key. */
  groupBy: string[];
  correlation: CorrelationConfig;
  /** A resolved incident is reopened, not doubled, when its alerts return within this time. */
  reopenWindowMs: number;
  /** A resolved incident closes by itself after this time; >= reopenWindowMs. */
  closeAfterMs: number;
  /** A closed or merged incident leaves memory after this time. */
  retireAfterMs: number;
  /** Undefined in configurations of versions that knew nothing of it: off. */
  flapping?: FlappingConfig;
  /** Undefined in configurations of versions that knew no scores: off. */
  severity?: SeverityConfig;
  policies: Record<string, EscalationPolicy>;
  /** First match wins; no match: no escalation policy, nobody is told. */
  rules: { matchers: Matcher[]; policy: string }[];
  /** Alertmanager's routes, where there are any; groups of alerts are then told of as well. */
  dispatch: DispatchConfig | null;
};

export type CommandAction =
  | {
      kind: "create";
      title: string;
      description: string;
      severity: Severity;
      service: string;
      labels: Labels;
      dedupKey: string | null;
    }
  | { kind: "acknowledge" }
  | { kind: "investigate" }
  | { kind: "identify"; cause: string }
  | { kind: "resolve"; note: string }
  | { kind: "close" }
  | { kind: "reopen"; reason: string }
  | { kind: "merge"; into: string }
  /** Alerts by fingerprint, and incidents that were merged into this one: 1 to 1,000. */
  | { kind: "split"; alerts: string[]; reason: string }
  /** The reason is not empty. */
  | { kind: "setSeverity"; severity: Severity; reason: string }
  | { kind: "note"; text: string }
  /** Asked by the program itself only, about what the texts of two incidents say. */
  | { kind: "relate"; to: string; evidence: TextEvidence };

/** Why two incidents look like one trouble to somebody who reads their texts. */
export type TextEvidence = {
  kind: "embedding" | "classifier";
  /** Similarity, or how sure the classifier is; 0 to 1. */
  score: number;
  /** One sentence for a person. */
  because: string;
};

export type Command = {
  /** Idempotency key: the same id with the same action has one effect and one answer. */
  id: string;
  /** Null only for "create". */
  incidentId: string | null;
  /** Who asks: a person or a program, for the timeline. */
  by: string;
  action: CommandAction;
  /** Where the answer goes (a NATS inbox); empty: nobody waits for it. */
  replyTo: string;
};

/** Why an alert is in an incident: `link` is null for the first one and for those of its keys. */
export type IncidentMember = { fingerprint: string; firing: boolean; link: MemberLink | null };
/** `sign` is null of an incident that has left memory. */
export type MemberLink = Omit<Link, "sign"> & { sign: Link["sign"] | null };

export type CommandOutcome =
  | { kind: "done"; incident: IncidentView }
  | { kind: "conflict"; reason: string; incident: IncidentView | null }
  | { kind: "notFound"; reason: string };

/** The result of one notification's delivery, sent back by a delivery worker. */
export type DeliveryReport = {
  notificationId: string;
  incidentId: string;
  receiver: string;
  channel: string;
  attempt: number;
  outcome: "delivered" | "failed" | "gaveUp";
  detail: string;
};

export type IncidentInput =
  | { kind: "alert"; event: AlertEvent }
  | { kind: "command"; command: Command }
  | { kind: "delivery"; report: DeliveryReport }
  | { kind: "config"; config: IncidentConfig }
  | { kind: "wake" };

/** An incident as the API, the KV bucket and CloudEvents show it. Times are RFC 3339 UTC. */
export type IncidentView = {
  id: string;
  status: IncidentStatus;
  severity: Severity;
  /** How severe it is by its factors, as last computed; null: scores are off. */
  severity_score: (SeverityScore & { mode: SeverityConfig["mode"]; at: string }) | null;
  /** Who made it less severe than it was by itself, and why; null: nobody, or it rose since. */
  severity_set: { by: string; at: string; reason: string } | null;
  title: string;
  description: string;
  tenant: string;
  environment: string;
  service: string;
  group_key: string;
  dedup_key: string | null;
  labels: Labels;
  annotations: Labels;
  /** Alerts received for this incident, repeats included. */
  alert_count: number;
  /** Distinct fingerprints that ever belonged to it, and those firing now. */
  fingerprint_count: number;
  firing_count: number;
  /** Its alerts end and begin again and again; it stays open until they are quiet. */
  flapping: boolean;
  created_at: string;
  updated_at: string;
  acknowledged_at: string | null;
  acknowledged_by: string | null;
  resolved_at: string | null;
  resolved_by: string | null;
  closed_at: string | null;
  merged_into: string | null;
  cause: string | null;
  /** The weakest of the links that evidence made between its alerts; 1 is enough; null: none. */
  score: number | null;
  /** Where its trouble comes from as far as its alerts tell, and why; null: its first alert. */
  root: { service: string; fingerprint: string; because: string } | null;
  /** Its pattern (pattern.ts). Only where one incident is asked for: it changes with the graph. */
  correlation_fingerprint?: string;
  escalation: {
    policy: string;
    level: number;
    round: number;
    next_at: string | null;
    stopped_because: string | null;
  } | null;
  /** Counts its changes; a reader keeps the view with the higher one. */
  version: number;
};

export const incidentEventKinds = [
  "opened",
  "alertJoined",
  "alertChanged",
  "alertResolved",
  "counted",
  "severityRaised",
  "severityLowered",
  "rootMoved",
  "acknowledged",
  "investigating",
  "identified",
  "resolved",
  "closed",
  "reopened",
  "flappingBegan",
  "flappingEnded",
  "merged",
  "splitOff",
  "alertsMoved",
  "noteAdded",
  "escalated",
  "escalationExhausted",
  "notified",
  "delivered",
  "deliveryFailed",
  "commandRefused",
  "retired",
] as const;
export type IncidentEventKind = (typeof incidentEventKinds)[number];

/** One step of one incident. */
export type IncidentEvent = {
  kind: IncidentEventKind;
  atMs: number;
  /** Who or what caused it: a person, "alerts", "escalation", "timer", "delivery". */
  by: string;
  /** Why, in one sentence for a person (I10). */
  because: string;
  /** The incident after the event. */
  incident: IncidentView;
  /** What is particular to the kind: fingerprint, level, text, receiver, … */
  detail: Record<string, string | number>;
};

export type NotificationReason = "opened" | "escalated" | "reopened" | "resolved" | "flapping";

/** One message to one receiver, put on the outbox of its channel. */
export type Notification = {
  /** Stable idempotency key: the same decision has the same id after any crash. */
  id: string;
  receiver: string;
  reason: NotificationReason;
  level: number;
  atMs: number;
  incident: IncidentView;
};

export type IncidentOutput =
  | { kind: "event"; event: IncidentEvent }
  | { kind: "notify"; notification: Notification }
  | DispatchOutput
  /** Answers whoever stated edges of the service graph: how many of them found no place. */
  | { kind: "edges"; refused: number; replyTo: string }
  | { kind: "reply"; replyTo: string; commandId: string; outcome: CommandOutcome };
