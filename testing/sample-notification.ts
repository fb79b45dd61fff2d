/** A plausible incident and a notification about it, for tests of channels and delivery. */
import type { IncidentView, Notification } from "../actors/incident/types.ts";

export function sampleIncident(over: Partial<IncidentView> = {}): IncidentView {
  return {
    id: "inc-1",
    status: "triggered",
    severity: "critical",
    severity_score: null,
    severity_set: null,
    title: "HighLatency",
    description: "p99 above 5 s",
    tenant: "acme",
    environment: "prod",
    service: "chat-api",
    group_key: "chat-api/HighLatency",
    dedup_key: null,
    labels: { alertname: "HighLatency", service: "chat-api" },
    annotations: {},
    alert_count: 12,
    fingerprint_count: 3,
    firing_count: 2,
    flapping: false,
    created_at: "2026-01-01T00:00:00.000Z",
    updated_at: "2026-01-01T00:00:05.000Z",
    acknowledged_at: null,
    acknowledged_by: null,
    resolved_at: null,
    resolved_by: null,
    closed_at: null,
    merged_into: null,
    cause: null,
    score: null,
    root: null,
    escalation: null,
    version: 4,
    ...over,
  };
}

export function sampleNotification(over: Partial<Notification> = {}): Notification {
  return {
    id: "inc-1:4:oncall",
    receiver: "oncall",
    reason: "opened",
    level: 1,
    atMs: Date.parse("2026-01-01T00:00:05Z"),
    incident: sampleIncident(),
    ...over,
  };
}
