/**
 * A notification as a webhook's body: one CloudEvents 1.0 event in structured JSON. Pure, so
 * that every attempt at the same notification sends the same bytes.
 */
import { assertNever } from "../../actors/incident/assert-never.ts";
import type {
  IncidentView,
  Notification,
  NotificationReason,
} from "../../actors/incident/types.ts";

export const cloudEventContentType = "application/cloudevents+json";

export type WebhookBody = {
  specversion: "1.0";
  type: `io.tocsin.incident.${NotificationReason}`;
  /** The notification's id: equal for every attempt, so a receiver can drop repeats. */
  id: string;
  source: string;
  /** When the notification was decided, RFC 3339 UTC. */
  time: string;
  subject: string;
  datacontenttype: "application/json";
  data: {
    reason: NotificationReason;
    level: number;
    receiver: string;
    text: string;
    incident: IncidentView;
  };
};

/** @param source URI-reference of the installation, e.g. "/tocsin". */
export function renderWebhook(notification: Notification, source: string): WebhookBody {
  const { id, reason, level, receiver, incident, atMs } = notification;
  return {
    specversion: "1.0",
    type: `io.tocsin.incident.${reason}`,
    id,
    source,
    time: new Date(atMs).toISOString(),
    subject: incident.id,
    datacontenttype: "application/json",
    data: { reason, level, receiver, text: summarize(notification), incident },
  };
}

/** The notification in one sentence for a person. */
export function summarize(notification: Notification): string {
  const { incident, reason } = notification;
  const what = `${incident.title || incident.id} (${place(incident)})`;
  const counts = `${count(incident.firing_count, "alert")} firing`;
  switch (reason) {
    case "opened":
      return `${severity(incident)} incident opened: ${what}, ${counts}.`;
    case "escalated":
      return (
        `${severity(incident)} incident still ${incident.status}, escalated to level ` +
        `${notification.level}: ${what}, ${counts}.`
      );
    case "reopened":
      return `${severity(incident)} incident reopened: ${what}, ${counts}.`;
    case "flapping":
      return (
        `${severity(incident)} incident flaps: ${what}. It stays open; what begins and ends in ` +
        "it is not told until it is quiet."
      );
    case "resolved":
      return (
        `Incident resolved${incident.resolved_by ? ` by ${incident.resolved_by}` : ""}: ${what}, ` +
        `${count(incident.alert_count, "alert")} received.`
      );
    default:
      return assertNever(reason);
  }
}

function severity(incident: IncidentView): string {
  return incident.severity.charAt(0).toUpperCase() + incident.severity.slice(1);
}

function place(incident: IncidentView): string {
  const parts = [incident.service, incident.environment, incident.tenant];
  return parts.filter((part) => part !== "").join(", ") || "no service";
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? "" : "s"}`;
}
