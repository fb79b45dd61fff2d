/** Names of streams, subjects and buckets. Pure; the one place that spells them. */
import type { StageName } from "../runtime/step.ts";

export const streamNames = {
  input: "IN",
  work: "WORK",
  steps: "STEPS",
  incidents: "INCIDENTS",
  outbox: "OUTBOX",
  dead: "DEAD",
} as const;

export const bucketNames = {
  timers: "tocsin_timers",
  incidents: "tocsin_incidents",
  meta: "tocsin_meta",
  snapshots: "tocsin_snapshots",
  keys: "tocsin_keys",
  heartbeats: "tocsin_heartbeats",
} as const;

export const inputSubject = (partition: number): string => `in.${partition}`;
export const workSubject = (partition: number): string => `work.${partition}`;
export const stepSubject = (stage: StageName, partition: number): string =>
  `step.${stage}.${partition}`;
export const outboxSubject = (channel: string): string => `outbox.${channel}`;
export const deadSubject = (stage: StageName, partition: number): string =>
  `dead.${stage}.${partition}`;
/** Core request subject on which the owner of an incident partition answers reads. */
export const querySubject = (partition: number): string => `tocsin.query.${partition}`;
/** The same for dispatching in an incident partition. */
export const dispatchQuerySubject = (partition: number): string => `tocsin.dispatch.${partition}`;
/** The same for the service graph in an incident partition. */
export const graphQuerySubject = (partition: number): string => `tocsin.graph.${partition}`;
/** The same for a dedup partition and its firing alerts. */
export const alertQuerySubject = (partition: number): string => `tocsin.alerts.${partition}`;

/**
 * One subject token from any text: letters, digits, "_" and "-" stay, any other character
 * becomes "=xx" per UTF-8 byte, so that a label cannot forge a subject. Texts beyond 64 bytes are
 * cut; the event's data has them whole.
 */
export function token(text: string): string {
  if (text === "") return "=";
  if (/^[A-Za-z0-9_-]{1,64}$/.test(text)) return text;
  let out = "";
  for (const byte of new TextEncoder().encode(text).subarray(0, 64)) {
    const char = String.fromCharCode(byte);
    out += /[A-Za-z0-9_-]/.test(char) ? char : `=${byte.toString(16).padStart(2, "0")}`;
  }
  return out;
}

export const incidentSubject = (
  tenant: string,
  severity: string,
  service: string,
  event: string,
): string => `incidents.${token(tenant)}.${token(severity)}.${token(service)}.${token(event)}`;
