/**
 * The state of one incident. There may be hundreds of thousands in memory, nearly all of them
 * with a single alert, so the rare parts are null until needed and nothing is kept twice.
 */
import type { Labels } from "../alert/events.ts";
import type { Sign } from "../correlation/evidence.ts";
import type { EscalationPolicy, EscalationState } from "../escalation/escalation.ts";
import { nextWakeAtMs as nextEscalationAtMs } from "../escalation/escalation.ts";
import type { Assessment } from "./assessor.ts";
import { type FlapState, flappingEndsAtMs } from "./flapping.ts";
import { isOpen } from "./lifecycle.ts";
import type { Link } from "./links.ts";
import { emptyRoll, type Roll } from "./membership.ts";
import type { Settled } from "./severity-steps.ts";
import type { IncidentEventKind, IncidentStatus, Severity } from "./types.ts";

/** Distinct fingerprints one incident takes; a further one opens the next incident. */
export const membersMax = 100_000;
/** Grouping keys beyond its own under which an incident is found. */
export const aliasesMax = 1_000;
/** Timeline entries kept in memory; all of them are in the event log. */
export const timelineMax = 100;

/** One entry of the timeline, as it is kept; `at` becomes text when it is read. */
export type Moment = {
  atMs: number;
  event: IncidentEventKind;
  by: string;
  because: string;
  detail: Record<string, string | number>;
};

export type Mark = { atMs: number; by: string };

export type Incident = {
  id: string;
  /** Order of creation within the partition, from 1. */
  serial: number;
  status: IncidentStatus;
  severity: Severity;
  /** How severe it is by its factors; null: scores are off. */
  assessment: Assessment | null;
  /** What a person decided of its severity, until it rises by itself. */
  settled: Settled | null;
  title: string;
  description: string;
  tenant: string;
  environment: string;
  service: string;
  groupKey: string;
  dedupKey: string | null;
  /** Grouping keys of alerts that joined for another reason, and of incidents merged into it. */
  aliases: string[] | null;
  /** Of the first alert; keys in order. Replaced, never changed in place: views share them. */
  labels: Labels;
  annotations: Labels;
  alertCount: number;
  firingCount: number;
  /** Fingerprints that ever belonged to it (membership.ts); at most `membersMax`. */
  members: Roll;
  createdAtMs: number;
  updatedAtMs: number;
  /** When an alert last began to fire in it (opening and reopening count, repeats do not). */
  lastOpenedMs: number;
  acknowledged: Mark | null;
  resolved: Mark | null;
  closedAtMs: number | null;
  mergedInto: string | null;
  cause: string | null;
  /** The alert that turned out to be the cause of the others; null: it is the first one. */
  root: { service: string; fingerprint: string; because: string } | null;
  /** What its alerts tell about trouble, distinct ones. Replaced, never changed in place. */
  signs: Sign[];
  /** Why its alerts are in it, where evidence said so; at most `linksMax`. */
  links: Link[];
  /** Incidents that a person split from it: they stay apart. */
  apart: string[];
  /** Once it was merged: the alerts that it brought. */
  handedOver: string[];
  reopens: number;
  /** Null until its alerts begin to fire for the second time. Replaced, never changed in place. */
  flap: FlapState | null;
  /** As it was when the incident opened: a new configuration does not change it (I11). */
  policy: EscalationPolicy | null;
  escalation: EscalationState | null;
  /** Receivers that know of it and have to hear of its end; at most those the policies name. */
  told: string[];
  /** When it closes (resolved) or leaves memory (closed, merged), ms. */
  housekeepingAtMs: number | null;
  /** The timer last announced, and how often it changed. */
  timerAtMs: number | null;
  timerGeneration: number;
  version: number;
  /** At most `timelineMax`, oldest first. */
  timeline: Moment[];
};

/** The soonest of its deadlines; null when it waits for nothing. */
export function nextWakeAtMs(incident: Incident): number | null {
  const { escalation, flap, housekeepingAtMs, assessment, status } = incident;
  const climbAtMs = escalation === null ? null : nextEscalationAtMs(escalation);
  const risesAtMs = isOpen(status) && assessment !== null ? assessment.risesAtMs : null;
  return [housekeepingAtMs, flappingEndsAtMs(flap), risesAtMs].reduce(sooner, climbAtMs);
}

function sooner(one: number | null, other: number | null): number | null {
  if (one === null) return other;
  return other === null ? one : Math.min(one, other);
}

/** For lists that are replaced, never changed in place. */
const nothing: never[] = [];

/** A new incident without alerts, policy or history; the caller fills in what it has. */
export function blankIncident(id: string, serial: number, nowMs: number): Incident {
  return {
    id,
    serial,
    status: "triggered",
    severity: "medium",
    assessment: null,
    settled: null,
    title: "",
    description: "",
    tenant: "default",
    environment: "default",
    service: "unknown",
    groupKey: "",
    dedupKey: null,
    aliases: null,
    labels: {},
    annotations: {},
    alertCount: 0,
    firingCount: 0,
    members: emptyRoll(),
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
    lastOpenedMs: nowMs,
    acknowledged: null,
    resolved: null,
    closedAtMs: null,
    mergedInto: null,
    cause: null,
    root: null,
    signs: nothing,
    links: nothing,
    apart: nothing,
    handedOver: nothing,
    reopens: 0,
    flap: null,
    policy: null,
    escalation: null,
    told: [],
    housekeepingAtMs: null,
    timerAtMs: null,
    timerGeneration: 0,
    version: 0,
    timeline: [],
  };
}
