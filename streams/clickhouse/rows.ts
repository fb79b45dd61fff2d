/**
 * From steps to rows. Pure: the same steps give the same rows, in the same order, which is what
 * lets an interrupted range be repeated under the same deduplication token.
 */
import type { AlertEvent } from "../../actors/alert/events.ts";
import type { IncidentOutput, IncidentView } from "../../actors/incident/types.ts";
import type { DedupOutput, DedupStep, IncidentStep } from "../../runtime/step.ts";
import { identify, unknownAlert, type AlertIdentity } from "./alert-identity.ts";
import type { Row } from "./engine.ts";
import { eventRow, outcomeRow, stateRow } from "./incident-rows.ts";
import {
  decidedRow,
  deliveryRow,
  groupDecidedRow,
  groupDeliveryRow,
  silenceRow,
} from "./notification-rows.ts";
import { storable } from "./row-times.ts";

/** Tables of events: a row has a key (step_seq, idx) and must be stored exactly once. */
export const eventTables = [
  "alert_events",
  "incident_events",
  "notifications",
  "command_outcomes",
  "group_notifications",
  "silence_events",
] as const;

/** Tables of states: a newer version replaces an older one, so repeating is harmless. */
export const stateTables = ["alerts", "incident_states"] as const;

export type TableName = (typeof eventTables)[number] | (typeof stateTables)[number];
export type Rows = Record<TableName, Row[]>;

export type StepMessage = { subject: string; seq: number } & (
  | { stage: "dedup"; step: DedupStep }
  | { stage: "incident"; step: IncidentStep }
);

export function noRows(): Rows {
  return {
    alert_events: [],
    incident_events: [],
    notifications: [],
    command_outcomes: [],
    group_notifications: [],
    silence_events: [],
    alerts: [],
    incident_states: [],
  };
}

export function countRows(rows: Rows): number {
  return Object.values(rows).reduce((sum, list) => sum + list.length, 0);
}

/** The fingerprints whose identity `addRows` will ask for without having been told it. */
export function strangers(messages: StepMessage[], known: (id: string) => boolean): string[] {
  const introduced = new Set<string>();
  const missing = new Set<string>();
  for (const message of messages) {
    if (message.stage !== "dedup" || message.step.kind !== "step") continue;
    for (const { event } of message.step.outputs) {
      if (event.kind === "rejected") continue;
      if ("body" in event) introduced.add(event.fingerprint);
      else if (!introduced.has(event.fingerprint) && !known(event.fingerprint)) {
        missing.add(event.fingerprint);
      }
    }
  }
  return [...missing];
}

/** What `addRows` needs of the memory of alerts. */
export type IdentityMemory = {
  get(fingerprint: string): AlertIdentity | undefined;
  learn(fingerprint: string, identity: AlertIdentity): void;
};

/**
 * Of the states of one range the newest of each thing: the older ones would be replaced anyway,
 * and in a storm an incident has a hundred of them.
 */
export function withoutOldStates(rows: Rows): Rows {
  return {
    ...rows,
    alerts: newestOf(rows.alerts, "fingerprint"),
    incident_states: newestOf(rows.incident_states, "id"),
  };
}

/** Rows come in the order of the log, in which each thing has one partition. */
function newestOf(rows: Row[], key: string): Row[] {
  return [...new Map(rows.map((row) => [row[key], row])).values()];
}

/** Appends the rows of one step. */
export function addRows(rows: Rows, message: StepMessage, memory: IdentityMemory): void {
  const partition = Number(message.subject.split(".")[2]);
  const origin = (idx: number): Row => ({ partition, step_seq: message.seq, idx });
  if (message.step.kind !== "step") return;
  if (message.stage === "dedup") {
    for (const [idx, output] of message.step.outputs.entries()) {
      addAlertRows(rows, output, origin(idx), memory);
    }
    return;
  }
  // Of each incident the state after the step: those within it would be replaced anyway, and in
  // a storm they are as many as the events.
  const newest = new Map<string, IncidentView>();
  for (const [idx, output] of message.step.outputs.entries()) {
    addIncidentRows(rows, output, origin(idx), message.step.timeMs);
    if (output.kind === "event") newest.set(output.event.incident.id, output.event.incident);
  }
  for (const incident of newest.values()) rows.incident_states.push(stateRow(incident));
}

function addAlertRows(
  rows: Rows,
  { domain, event }: DedupOutput,
  origin: Row,
  memory: IdentityMemory,
): void {
  if (event.kind === "rejected") {
    const { reason, detail, received } = event;
    rows.alert_events.push({
      ...{ time: event.atMs, kind: event.kind, received, ...unknownAlert, domain },
      ...{ reason, detail },
      ...origin,
    });
    return;
  }
  const identity = identityOfEvent(event, memory);
  rows.alert_events.push({
    time: event.atMs,
    kind: event.kind,
    received: event.received,
    fingerprint: event.fingerprint,
    domain,
    ...identity,
    ...particulars(event),
    ...origin,
  });
  if (!("body" in event)) return;
  rows.alerts.push({
    fingerprint: event.fingerprint,
    seen_at: event.atMs,
    ...identity,
    labels: event.body.labels,
    annotations: event.body.annotations,
    generator_url: event.body.generatorURL,
    step_seq: origin["step_seq"],
  });
}

type KnownEvent = Exclude<AlertEvent, { kind: "rejected" }>;

function identityOfEvent(event: KnownEvent, memory: IdentityMemory): AlertIdentity {
  if (!("body" in event)) return memory.get(event.fingerprint) ?? unknownAlert;
  const identity = identify(event.body.labels);
  memory.learn(event.fingerprint, identity);
  return identity;
}

function particulars(event: KnownEvent): Row {
  switch (event.kind) {
    case "opened":
    case "changed":
      return {
        starts_at: storable(event.startsAtMs),
        ends_at: storable(event.endsAtMs),
        labels: event.body.labels,
        annotations: event.body.annotations,
        generator_url: event.body.generatorURL,
        dedup_key: event.body.dedupKey,
      };
    case "refreshed":
      return { ends_at: storable(event.endsAtMs), rolled_up_from: storable(event.fromMs) };
    case "resolved":
      return {
        ends_at: storable(event.endedAtMs),
        resolved_by: event.by,
        occurrence_total: event.total,
      };
    default:
      return assertNever(event);
  }
}

function addIncidentRows(rows: Rows, output: IncidentOutput, origin: Row, timeMs: number): void {
  switch (output.kind) {
    case "event":
      rows.incident_events.push({ ...eventRow(output.event), ...origin });
      if (output.event.kind === "delivered" || output.event.kind === "deliveryFailed") {
        rows.notifications.push({ ...deliveryRow(output.event), ...origin });
      }
      return;
    case "notify":
      rows.notifications.push({ ...decidedRow(output.notification), ...origin });
      return;
    case "reply":
      rows.command_outcomes.push({
        time: timeMs,
        command_id: output.commandId,
        ...outcomeRow(output.outcome),
        ...origin,
      });
      return;
    case "notifyGroup":
      rows.group_notifications.push({ ...groupDecidedRow(output), ...origin });
      return;
    case "groupDelivery":
      rows.group_notifications.push({ ...groupDeliveryRow(output), ...origin });
      return;
    case "silence":
      // Every partition has every silence; one of them tells of it.
      if (origin["partition"] !== 0 || !output.taken) return;
      rows.silence_events.push({ ...silenceRow(output, storable), ...origin });
      return;
    case "timer":
    case "edges":
      return;
    default:
      assertNever(output);
  }
}

function assertNever(value: never): never {
  throw new Error(`unknown kind: ${JSON.stringify(value)}`);
}
