/** Rows of messages, about incidents and about groups, of their deliveries, and of silences. */
import type { DispatchOutput } from "../../actors/dispatch/dispatcher.ts";
import type { IncidentEvent, Notification } from "../../actors/incident/types.ts";
import { matcherText } from "../../actors/dispatch/text.ts";
import type { Row } from "./engine.ts";

type Output<Kind> = Extract<DispatchOutput, { kind: Kind }>;

export function groupDecidedRow({ notification }: Output<"notifyGroup">): Row {
  const { integration, alerts } = notification;
  return {
    time: notification.atMs,
    event: "decided",
    notification_id: notification.id,
    group_key: notification.groupKey,
    receiver: notification.receiver,
    integration: `${integration.kind}/${integration.index}`,
    reason: notification.reason,
    status: notification.status,
    fingerprints: alerts.map(({ fingerprint }) => fingerprint),
  };
}

export function groupDeliveryRow({ report, atMs }: Output<"groupDelivery">): Row {
  const { integration } = report;
  return {
    time: atMs,
    event: report.outcome,
    notification_id: report.notificationId,
    group_key: report.groupKey,
    receiver: report.receiver,
    integration: `${integration.kind}/${integration.index}`,
    attempt: report.attempt,
    detail: report.detail,
  };
}

export function silenceRow({ silence }: Output<"silence">, storable: (ms: number) => number): Row {
  return {
    time: storable(silence.updatedAtMs),
    silence_id: silence.id,
    matchers: silence.matchers.map(matcherText),
    starts_at: storable(silence.startsAtMs),
    ends_at: storable(silence.endsAtMs),
    created_by: silence.createdBy,
    comment: silence.comment,
  };
}

export function decidedRow(notification: Notification): Row {
  const { incident } = notification;
  return {
    time: notification.atMs,
    event: "decided",
    notification_id: notification.id,
    incident_id: incident.id,
    receiver: notification.receiver,
    reason: notification.reason,
    level: notification.level,
    tenant: incident.tenant,
    service: incident.service,
    severity: incident.severity,
  };
}

export function deliveryRow(event: IncidentEvent): Row {
  const { detail, incident } = event;
  return {
    time: event.atMs,
    event: event.kind,
    notification_id: String(detail["notification_id"] ?? ""),
    incident_id: incident.id,
    receiver: String(detail["receiver"] ?? ""),
    channel: String(detail["channel"] ?? ""),
    attempt: Number(detail["attempt"] ?? 0),
    detail: String(detail["detail"] ?? event.because),
    tenant: incident.tenant,
    service: incident.service,
    severity: incident.severity,
  };
}
