/**
 * Alert events and what they do to incidents.
 *
 * A1 Every alert received for an incident is in `received` of exactly one of its events (I6).
 * A2 Severity rises with the alerts of an incident and never falls by itself.
 * A3 Only an alert that begins to fire opens or reopens an incident; one that merely goes on
 *    does not undo what a person resolved.
 */
import { assertNever } from "./assert-never.ts";
import type { AlertBody, AlertEvent } from "../alert/events.ts";
import { quoted } from "./duration.ts";
import {
  descriptionOf,
  groupKeyOf,
  identityOf,
  labelOf,
  sortedLabels,
  titleOf,
} from "./identity.ts";
import { takeClaims } from "./claim.ts";
import { beginFlapping, countOpening, staysOpen } from "./flap-steps.ts";
import { type Incident, membersMax } from "./incident.ts";
import { isOpen } from "./lifecycle.ts";
import { addLink, linkDetail, linkOf } from "./links.ts";
import type { Arrival } from "./placement.ts";
import { overflowKey, place } from "./placement.ts";
import { gather, signOf } from "./root.ts";
import { assess, openSeverity, raiseSeverity, saidSeverity } from "./severity-steps.ts";
import { isKnown, withChanged } from "./signs.ts";
import { newIncident, open, reopen, resolve } from "./transitions.ts";
import type { Turn } from "./turn.ts";
import { count, record } from "./turn.ts";
import type { Severity } from "./types.ts";

type Opened = Extract<AlertEvent, { kind: "opened" | "changed" }>;
type Resolved = Extract<AlertEvent, { kind: "resolved" }>;

export function applyAlert(turn: Turn, event: AlertEvent): void {
  switch (event.kind) {
    case "opened":
      arrive(turn, event);
      break;
    case "changed": {
      const incident = turn.desk.members.ownerOf(event.fingerprint);
      // Its incident left memory while it went on firing: what changed is news again.
      if (incident === undefined) arrive(turn, event);
      else change(turn, incident, event);
      break;
    }
    case "refreshed": {
      // Without a body there is nothing to open an incident with; the dedup stage counted it.
      const incident = turn.desk.members.ownerOf(event.fingerprint);
      if (incident !== undefined) count(turn, incident, event.received);
      break;
    }
    case "resolved":
      end(turn, event);
      break;
    case "rejected":
      break;
    default:
      assertNever(event);
  }
}

function arrive(turn: Turn, event: Opened): void {
  const { desk, nowMs } = turn;
  const { fingerprint, body } = event;
  const groupKey = groupKeyOf(body.labels, body.dedupKey, desk.config.groupBy);
  const arrival: Arrival = {
    ...identityOf(body.labels),
    fingerprint,
    labels: body.labels,
    annotations: body.annotations,
    dedupKey: body.dedupKey,
    groupKey,
    sign: signOf(turn, fingerprint, body),
    atMs: nowMs,
  };
  const placement = place(desk, arrival);
  // What an incident knows of already began together with the rest of it: it is learnt once.
  if (placement.kind === "open" || !isKnown(placement.incident.signs, arrival.sign)) {
    desk.correlator.learn(arrival);
  }
  if (placement.kind === "open") {
    openFor(turn, arrival, placement.groupKey, body, placement.because);
    return;
  }
  const { incident, because } = placement;
  const opensAgain = incident.firingCount === 0 && incident.members.length > 0;
  const flaps = opensAgain && countOpening(turn, incident);
  desk.enrol(incident, fingerprint);
  if (incident.groupKey !== overflowKey && !isOthersKey(turn, arrival)) {
    desk.claim(incident, groupKey);
  }
  incident.alertCount += event.received;
  const detail = alertDetail(event);
  if (placement.kind === "join" && placement.related !== undefined) {
    const link = linkOf(arrival.sign, placement.related);
    addLink(incident, link);
    Object.assign(detail, linkDetail(link));
  }
  const said = saidSeverity(turn, body.labels);
  assess(turn, incident, { alert: body, said, joining: 0 });
  if (placement.kind === "reopen") {
    reopen(turn, incident, { by: "alerts", because, detail }, flaps);
  } else {
    desk.openedAgain(incident, nowMs);
    desk.likeness.touch(incident, nowMs);
    record(turn, incident, { kind: "alertJoined", by: "alerts", because, detail });
    if (flaps) beginFlapping(turn, incident);
  }
  raiseTo(turn, incident, body, said);
  const related = placement.kind === "join" ? placement.related : undefined;
  gather(turn, incident, arrival, related?.met ?? null);
}

/**
 * An alert comes back to the incident that it was split off to, or that took no more; its key
 * stays with the open incident whose own it is.
 */
function isOthersKey({ desk }: Turn, arrival: Arrival): boolean {
  const owner = desk.byGroupKey(arrival, arrival.groupKey);
  if (owner?.groupKey !== arrival.groupKey || !isOpen(owner.status)) return false;
  return owner.members.length < membersMax;
}

function openFor(
  turn: Turn,
  arrival: Arrival,
  groupKey: string,
  body: AlertBody,
  because: string,
): void {
  const { tenant, environment, service, fingerprint } = arrival;
  const before = turn.desk.byGroupKey(arrival, groupKey);
  const incident = newIncident(turn);
  incident.tenant = tenant;
  incident.environment = environment;
  incident.service = service;
  incident.title = titleOf(body, service);
  incident.description = descriptionOf(body);
  incident.groupKey = groupKey;
  incident.dedupKey = body.dedupKey;
  incident.labels = sortedLabels(body.labels);
  incident.annotations = sortedLabels(body.annotations);
  incident.signs = [arrival.sign];
  const said = saidSeverity(turn, body.labels);
  const worse = openSeverity(turn, incident, { alert: body, said, joining: 1 });
  const detail: Record<string, string | number> = { fingerprint, received: 1 };
  if (worse !== "") detail["severity_because"] = worse;
  // Too late to be reopened, it may still be the same alert, over and over.
  const isNext = before?.firingCount === 0 && before.resolved?.by === "alerts";
  const flaps = isNext && countOpening(turn, incident, before);
  open(turn, incident, fingerprint, { by: "alerts", because, detail }, flaps);
  takeClaims(turn, incident, arrival, null);
}

function change(turn: Turn, incident: Incident, event: Opened): void {
  const { desk } = turn;
  const { body, fingerprint } = event;
  incident.alertCount += event.received;
  if (desk.members.isFounder(incident, fingerprint)) {
    // The title stays: people know the incident by it.
    desk.unrelate(incident);
    incident.labels = sortedLabels(body.labels);
    incident.annotations = sortedLabels(body.annotations);
    incident.description = descriptionOf(body);
    incident.signs = withChanged(incident.signs, signOf(turn, fingerprint, body));
    desk.relate(incident);
    if (isOpen(incident.status)) desk.likeness.add(incident, turn.nowMs);
  }
  const said = saidSeverity(turn, body.labels);
  assess(turn, incident, { alert: body, said, joining: 0 });
  const because = `alert ${quoted(nameOf(body))} has new labels or annotations`;
  const detail = alertDetail(event);
  record(turn, incident, { kind: "alertChanged", by: "alerts", because, detail });
  raiseTo(turn, incident, body, said);
}

function end(turn: Turn, event: Resolved): void {
  const { fingerprint, received, by } = event;
  const { members } = turn.desk;
  const incident = members.ownerOf(fingerprint);
  if (incident === undefined || by === "unmatched") return;
  incident.alertCount += received;
  if (members.isFiring(fingerprint)) incident.firingCount -= 1;
  members.setFiring(fingerprint, false);
  const { firingCount } = incident;
  const how = by === "sender" ? "its sender resolved it" : "its end time passed";
  const because = `${how}; ${firingCount} of ${incident.members.length} alerts still firing`;
  const detail = { fingerprint, received, resolved_by: by, total: event.total };
  record(turn, incident, { kind: "alertResolved", by: "alerts", because, detail });
  if (firingCount > 0 || !isOpen(incident.status)) return;
  if (staysOpen(turn, incident)) return;
  resolve(turn, incident, { by: "alerts", because: "the last firing alert was resolved" });
}

function raiseTo(turn: Turn, incident: Incident, body: AlertBody, said: Severity): void {
  const because = `alert ${quoted(nameOf(body))} is ${said}`;
  raiseSeverity(turn, incident, { by: "alerts", said, because, labels: body.labels });
}

function alertDetail(event: Opened): Record<string, string | number> {
  const { fingerprint, received } = event;
  return { fingerprint, received, alertname: nameOf(event.body) };
}

function nameOf(body: AlertBody): string {
  return labelOf(body.labels, "alertname") || "alert";
}
