/**
 * The steps of an incident's life, whoever asks for them: alerts, people or time. Legality is
 * the caller's question (lifecycle.ts); here is what each step does to the incident, to the
 * desk's indexes and to the people who are told.
 */
import { durationText } from "./duration.ts";
import { beginFlapping, endFlapping, tellStillFiring } from "./flap-steps.ts";
import { flappingEndsAtMs } from "./flapping.ts";
import type { Incident } from "./incident.ts";
import { blankIncident } from "./incident.ts";
import { isOpen } from "./lifecycle.ts";
import { wakeSeverity } from "./severity-steps.ts";
import {
  startEscalation,
  stopEscalation,
  tellEffects,
  tellResolved,
  wakeEscalation,
} from "./telling.ts";
import type { Happening, Turn } from "./turn.ts";
import { record } from "./turn.ts";
import type { IncidentStatus, IncidentView } from "./types.ts";

/** Who and why; the step itself knows what. */
export type Cause = Omit<Happening, "kind">;

/** A new incident with its id, not on the desk yet: `open` puts it there. */
export function newIncident(turn: Turn): Incident {
  const { desk } = turn;
  turn.opened += 1;
  desk.serial += 1;
  const nth = turn.opened === 1 ? "" : `-${turn.opened}`;
  const id = `inc-${desk.partition}-${turn.seq.toString(36)}${nth}`;
  return blankIncident(id, desk.serial, turn.nowMs);
}

/**
 * @param fingerprint the alert that it opens with; null when a person opened it.
 * @param flaps it continues an incident, and begins to flap with this opening.
 * @returns the incident as it was at its opening, version 1.
 */
export function open(
  turn: Turn,
  incident: Incident,
  fingerprint: string | null,
  cause: Cause,
  flaps = false,
): IncidentView {
  const { desk } = turn;
  incident.policy = desk.choosePolicy(incident, incident.labels);
  desk.add(incident);
  if (fingerprint !== null) {
    desk.enrol(incident, fingerprint);
    incident.alertCount = 1;
  }
  desk.likeness.add(incident, turn.nowMs);
  const effects = startEscalation(turn, incident);
  const view = record(turn, incident, { kind: "opened", ...cause });
  if (flaps) beginFlapping(turn, incident);
  else tellEffects(turn, incident, effects);
  return view;
}

/** Somebody works on it: the escalation is over, the incident is not. */
export function take(
  turn: Turn,
  incident: Incident,
  status: "acknowledged" | "investigating" | "identified",
  cause: Cause,
): void {
  incident.status = status;
  incident.acknowledged ??= { atMs: turn.nowMs, by: cause.by };
  stopEscalation(turn, incident, `${status} by ${cause.by}`);
  record(turn, incident, { kind: status, ...cause });
}

export function resolve(turn: Turn, incident: Incident, cause: Cause): void {
  endFlapping(turn, incident, cause.by, `resolved by ${cause.by}`);
  leaveOpen(turn, incident, "resolved", `resolved by ${cause.by}`);
  incident.resolved = { atMs: turn.nowMs, by: cause.by };
  incident.housekeepingAtMs = turn.nowMs + turn.desk.config.closeAfterMs;
  record(turn, incident, { kind: "resolved", ...cause });
  tellResolved(turn, incident);
}

export function close(turn: Turn, incident: Incident, cause: Cause): void {
  incident.status = "closed";
  incident.closedAtMs = turn.nowMs;
  incident.housekeepingAtMs = turn.nowMs + turn.desk.config.retireAfterMs;
  record(turn, incident, { kind: "closed", ...cause });
}

/** @param flaps it begins to flap with this opening: that is told instead of the opening. */
export function reopen(turn: Turn, incident: Incident, cause: Cause, flaps = false): void {
  incident.status = "triggered";
  incident.acknowledged = null;
  incident.resolved = null;
  incident.closedAtMs = null;
  incident.cause = null;
  incident.housekeepingAtMs = null;
  incident.reopens += 1;
  incident.lastOpenedMs = turn.nowMs;
  turn.desk.relate(incident);
  turn.desk.likeness.add(incident, turn.nowMs);
  const heir = turn.desk.byGroupKey(incident, incident.groupKey);
  if (heir === undefined || !isOpen(heir.status)) turn.desk.claim(incident, incident.groupKey);
  const effects = startEscalation(turn, incident);
  record(turn, incident, { kind: "reopened", ...cause });
  if (flaps) beginFlapping(turn, incident);
  else tellEffects(turn, incident, effects);
}

/** The incident leaves the open ones; what people were told of it moves with the caller. */
export function leaveOpen(
  turn: Turn,
  incident: Incident,
  status: IncidentStatus,
  because: string,
): void {
  if (isOpen(incident.status)) turn.desk.unrelate(incident);
  turn.desk.likeness.remove(incident);
  incident.status = status;
  stopEscalation(turn, incident, because);
}

/** A deadline of the incident may have passed; one that has not is left alone. */
export function wake(turn: Turn, incident: Incident): void {
  turn.touched.add(incident);
  wakeEscalation(turn, incident);
  wakeFlapping(turn, incident);
  wakeSeverity(turn, incident);
  const dueAtMs = incident.housekeepingAtMs;
  if (dueAtMs === null || dueAtMs > turn.nowMs) return;
  if (incident.status === "resolved") {
    const sinceMs = dueAtMs - (incident.resolved?.atMs ?? dueAtMs);
    close(turn, incident, { by: "timer", because: `resolved for ${durationText(sinceMs)}` });
  } else {
    retire(turn, incident);
  }
}

function wakeFlapping(turn: Turn, incident: Incident): void {
  const endsAtMs = flappingEndsAtMs(incident.flap);
  if (endsAtMs === null || endsAtMs > turn.nowMs) return;
  const quiet = `quiet for ${durationText(incident.flap?.coolDownMs ?? 0)}`;
  endFlapping(turn, incident, "timer", `no alert began or ended: ${quiet}`);
  if (incident.firingCount > 0) tellStillFiring(turn, incident);
  else {
    const because = `the last firing alert was resolved, and the incident ${quiet}`;
    resolve(turn, incident, { by: "alerts", because });
  }
}

function retire(turn: Turn, incident: Incident): void {
  incident.housekeepingAtMs = null;
  const because = `${incident.status} and untouched; it leaves memory, its history stays`;
  record(turn, incident, { kind: "retired", by: "timer", because });
  turn.desk.drop(incident);
}
