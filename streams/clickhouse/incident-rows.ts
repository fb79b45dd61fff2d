/** Rows of incidents: what happened to them, how they are now, and answers to commands. */
import type { CommandOutcome, IncidentEvent, IncidentView } from "../../actors/incident/types.ts";
import type { Row } from "./engine.ts";
import { milliseconds } from "./row-times.ts";

export function eventRow(event: IncidentEvent): Row {
  const { incident } = event;
  return {
    time: event.atMs,
    incident_id: incident.id,
    event: event.kind,
    by: event.by,
    because: event.because,
    detail: texts(event.detail),
    ...belonging(incident),
    severity: incident.severity,
    ...scored(incident),
    status: incident.status,
    title: incident.title,
    created_at: milliseconds(incident.created_at),
    alert_count: incident.alert_count,
    fingerprint_count: incident.fingerprint_count,
    firing_count: incident.firing_count,
    version: incident.version,
  };
}

function texts(detail: Record<string, string | number>): Record<string, string> {
  const all: Record<string, string> = {};
  for (const name of Object.keys(detail)) all[name] = String(detail[name]);
  return all;
}

export function stateRow(incident: IncidentView): Row {
  const { escalation, created_at, updated_at, acknowledged_at, resolved_at, closed_at } = incident;
  const { escalation: _, root: __, severity_set: ___, ...columns } = incident;
  return {
    ...columns,
    ...scored(incident),
    created_at: milliseconds(created_at),
    updated_at: milliseconds(updated_at),
    acknowledged_at: milliseconds(acknowledged_at),
    resolved_at: milliseconds(resolved_at),
    closed_at: milliseconds(closed_at),
    escalation_policy: escalation?.policy ?? "",
    escalation_level: escalation?.level ?? 0,
    escalation_round: escalation?.round ?? 0,
    escalation_stopped_because: escalation?.stopped_because ?? null,
  };
}

export function outcomeRow(outcome: CommandOutcome): Row {
  const incident = outcome.kind === "notFound" ? null : outcome.incident;
  return {
    outcome: outcome.kind,
    reason: outcome.kind === "done" ? "" : outcome.reason,
    incident_id: incident?.id ?? "",
  };
}

/** Steps of earlier versions have no score. */
const scored = ({ severity_score: score }: IncidentView): Row => ({
  severity_score: Math.round(score?.score ?? 0),
  severity_level: score?.level ?? "",
});

const belonging = ({ tenant, environment, service }: IncidentView): Row => ({
  tenant,
  environment,
  service,
});
