/**
 * What each sender's word for severity means here, in one table; docs/senders.md shows the same
 * one. Senders whose alerts carry labels (Alertmanager, Grafana, mappings of your own) are not in
 * it: their `severity` label is read as anywhere else (actors/incident/severity.ts).
 *
 *   sender         identity of an alert                 severity
 *   Alertmanager   its labels                           label "severity"
 *   Grafana        its labels                           label "severity"
 *   PagerDuty v2   routing key and dedup_key            payload.severity
 *   PagerDuty v1   service key and incident_key         always "high": v1 has no severity
 *   Opsgenie       tenant of the key and alias          priority; none: P3
 *   incident.io    alert source and deduplication_key   metadata.severity or .priority
 *   mapped         dedup_key if mapped, else labels     as mapped
 */
import type { Severity } from "../../actors/incident/types.ts";

export const pagerDutySeverities: Readonly<Record<string, Severity>> = {
  critical: "critical",
  error: "high",
  warning: "medium",
  info: "info",
};

/** Version 1 of the Events API cannot say it, and PagerDuty pages for it at once. */
export const pagerDutyV1Severity: Severity = "high";

export const opsgeniePriorities: Readonly<Record<string, Severity>> = {
  P1: "critical",
  P2: "high",
  P3: "medium",
  P4: "low",
  P5: "info",
};

export const opsgeniePriorityDefault = "P3";

/** Opsgenie's word for one of ours. */
export function priorityOf(severity: Severity): string {
  const found = Object.entries(opsgeniePriorities).find(([, word]) => word === severity);
  return found?.[0] ?? opsgeniePriorityDefault;
}

/** Words of a status that mean that it is over, for mapped senders; anything in lower case. */
export const resolvedWords: ReadonlySet<string> = new Set([
  ...["resolved", "resolve", "ok", "closed", "close", "recovered", "recovery", "cleared", "clear"],
  ...["normal", "healthy", "up", "success", "inactive", "ended", "false", "0"],
]);

export const firingWords: ReadonlySet<string> = new Set([
  ...["firing", "fire", "alerting", "alert", "alarm", "trigger", "triggered", "open", "opened"],
  ...["active", "problem", "down", "failed", "failure", "critical", "error", "warning"],
  ...["unhealthy", "new", "started", "acknowledged", "true", "1"],
]);
