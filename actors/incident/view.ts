/** An incident as the outside sees it: names with underscores, times as RFC 3339 UTC. */
import { assertNever } from "./assert-never.ts";
import type { Desk } from "./desk.ts";
import type { Incident } from "./incident.ts";
import { weakestLink } from "./links.ts";
import type { IncidentMember, IncidentView } from "./types.ts";

/** The view shares the incident's labels and annotations, which are never changed in place. */
export function viewOf(incident: Incident): IncidentView {
  const { acknowledged, resolved } = incident;
  return {
    id: incident.id,
    status: incident.status,
    severity: incident.severity,
    severity_score: scoreOf(incident),
    severity_set: settledBy(incident),
    title: incident.title,
    description: incident.description,
    tenant: incident.tenant,
    environment: incident.environment,
    service: incident.service,
    group_key: incident.groupKey,
    dedup_key: incident.dedupKey,
    labels: incident.labels,
    annotations: incident.annotations,
    alert_count: incident.alertCount,
    fingerprint_count: incident.members.length,
    firing_count: incident.firingCount,
    flapping: incident.flap !== null && incident.flap.sinceMs !== null,
    created_at: timeText(incident.createdAtMs),
    updated_at: timeText(incident.updatedAtMs),
    acknowledged_at: acknowledged === null ? null : timeText(acknowledged.atMs),
    acknowledged_by: acknowledged === null ? null : acknowledged.by,
    resolved_at: resolved === null ? null : timeText(resolved.atMs),
    resolved_by: resolved === null ? null : resolved.by,
    closed_at: incident.closedAtMs === null ? null : timeText(incident.closedAtMs),
    merged_into: incident.mergedInto,
    cause: incident.cause,
    score: weakestLink(incident),
    root: incident.root,
    escalation: escalationOf(incident),
    version: incident.version,
  };
}

/** Those that left it for another incident are left out. */
export function membersOf(
  { members }: Desk,
  incident: Incident,
  from: number,
  limit: number,
): IncidentMember[] {
  const links = new Map(incident.links.map((link) => [link.fingerprint, link]));
  return members.list(incident, from, limit).map((member) => {
    return { ...member, link: links.get(member.fingerprint) ?? null };
  });
}

/** Answers of `timeText`, each at its place: one turn has one time, a storm few beginnings. */
const placesMax = 64;
const knownMs = new Array<number>(placesMax).fill(NaN);
const knownTexts = new Array<string>(placesMax).fill("");

/** Milliseconds since the epoch as "2026-01-31T23:59:59.000Z". */
export function timeText(ms: number): string {
  const place = Math.abs(ms) % placesMax;
  if (knownMs[place] === ms) return knownTexts[place] as string;
  const text = new Date(ms).toISOString();
  if (!Number.isInteger(place)) return text;
  knownMs[place] = ms;
  knownTexts[place] = text;
  return text;
}

function scoreOf({ assessment }: Incident): IncidentView["severity_score"] {
  if (assessment === null) return null;
  const { score, mode, atMs } = assessment;
  return { ...score, mode, at: timeText(atMs) };
}

function settledBy({ settled }: Incident): IncidentView["severity_set"] {
  if (settled === null) return null;
  return { by: settled.by, at: timeText(settled.atMs), reason: settled.reason };
}

function escalationOf(incident: Incident): IncidentView["escalation"] {
  const { policy, escalation: state } = incident;
  if (policy === null || state === null) return null;
  return {
    policy: policy.name,
    level: state.level,
    round: state.round,
    next_at: state.kind === "climbing" ? timeText(state.nextAtMs) : null,
    stopped_because: stoppedBecause(state),
  };
}

function stoppedBecause(state: NonNullable<Incident["escalation"]>): string | null {
  switch (state.kind) {
    case "climbing":
      return null;
    case "stopped":
      return state.because;
    case "exhausted":
      return "every level was told and nobody took the incident";
    default:
      return assertNever(state);
  }
}
