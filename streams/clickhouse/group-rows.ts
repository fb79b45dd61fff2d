/** Rows of what dispatching puts out: messages about groups, their deliveries, and silences. */
import type { DispatchOutput } from "../../actors/dispatch/dispatcher.ts";
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
