/** Reports of delivery workers: whether a notification reached its receiver. */
import { assertNever } from "./assert-never.ts";
import type { Incident } from "./incident.ts";
import type { Turn } from "./turn.ts";
import { record } from "./turn.ts";
import type { DeliveryReport } from "./types.ts";

/** A report about an incident that left memory is of no further use here. */
export function applyDelivery(turn: Turn, report: DeliveryReport): void {
  const incident = turn.desk.incidents.get(report.incidentId);
  if (incident === undefined || isKnown(incident, report)) return;
  const { notificationId, receiver, channel, attempt, outcome } = report;
  const detail = {
    notification_id: notificationId,
    receiver,
    channel,
    attempt,
    outcome,
    detail: report.detail,
  };
  const kind = outcome === "delivered" ? "delivered" : "deliveryFailed";
  record(turn, incident, { kind, by: "delivery", because: becauseOf(report), detail });
}

/** Workers report at least once; the timeline shows whether this report was here before. */
function isKnown(incident: Incident, report: DeliveryReport): boolean {
  return incident.timeline.some(
    ({ detail }) =>
      detail["notification_id"] === report.notificationId &&
      detail["attempt"] === report.attempt &&
      detail["outcome"] === report.outcome,
  );
}

function becauseOf(report: DeliveryReport): string {
  const { receiver, channel, attempt, outcome, detail } = report;
  const to = `${receiver} by ${channel}, attempt ${attempt}`;
  switch (outcome) {
    case "delivered":
      return `reached ${to}`;
    case "failed":
      return `did not reach ${to}, will be tried again: ${detail}`;
    case "gaveUp":
      return `did not reach ${to}, given up: ${detail}`;
    default:
      return assertNever(outcome);
  }
}
