/** Names of streams, subjects and buckets. Pure; the one place that spells them. */
import type { Lanes, Part } from "../runtime/lane-log.ts";
import { laneOf } from "../runtime/placement.ts";
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

/** Where a lane's messages are stored. */
export const laneSubject = (lane: number): string => `in.${lane}`;
/** A dedup partition's part of its lane: no subject of the log, see runtime/lane-log.ts. */
export const inputSubject = (partition: number, lanes: number): string =>
  `${laneSubject(laneOf(partition, lanes))}.${partition}`;
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

/** How so many dedup partitions share so many lanes. */
export function lanesOf(partitions: number, lanes: number): Lanes {
  return {
    partOf(subject): Part | null {
      const [head, lane, partition] = subject.split(".");
      if (head !== "in" || partition === undefined) return null;
      return { lane: `in.${lane}`, partition: Number(partition) };
    },
    partitionsOf(lane): number[] {
      const number = Number(lane.slice("in.".length));
      const all = Array.from({ length: partitions }, (_, partition) => partition);
      return all.filter((partition) => laneOf(partition, lanes) === number);
    },
  };
}

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
