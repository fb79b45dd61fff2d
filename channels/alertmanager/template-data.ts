/**
 * What Alertmanager's notification templates see of a group, in the form of webhooks. Pure; the
 * same notification always gives the same object, keys in sorted order.
 */
import type { Labels } from "../../actors/alert/events.ts";
import type { GroupNotification, NotifiedAlert } from "../../actors/dispatch/types.ts";
import type { TemplateAlert, TemplateData } from "../templates/template-data.ts";

/** Go's zero time: what a firing alert ends at. */
const zeroTime = "0001-01-01T00:00:00Z";

/**
 * @param externalUrl where people reach this installation; links in messages begin with it.
 * @param receiverName as configured; templates see it quoted for use in a regular expression,
 *   because Alertmanager's own do (its links filter by receiver).
 */
export function templateData(
  notification: GroupNotification,
  externalUrl: string,
  receiverName: string,
): TemplateData {
  const { status, alerts, reason, groupLabels } = notification;
  return {
    receiver: quoteRegexp(receiverName),
    status,
    alerts: alerts.map(templateAlert),
    notification_reason: reason,
    groupLabels: sorted(groupLabels),
    commonLabels: common(alerts.map((alert) => alert.labels)),
    commonAnnotations: common(alerts.map((alert) => alert.annotations)),
    routeLabels: {},
    externalURL: externalUrl,
  };
}

function templateAlert(alert: NotifiedAlert): TemplateAlert {
  return {
    status: alert.status,
    labels: sorted(alert.labels),
    annotations: sorted(alert.annotations),
    startsAt: goTime(alert.startsAtMs),
    endsAt: alert.endsAtMs === null ? zeroTime : goTime(alert.endsAtMs),
    generatorURL: alert.generatorURL,
    fingerprint: alert.fingerprint,
    ...(alert.isNew ? { isNew: true as const } : {}),
  };
}

/** RFC 3339 as Go writes it: no fraction of a second when it is zero, no trailing zeros. */
function goTime(ms: number): string {
  return new Date(ms).toISOString().replace(/\.?0*Z$/, "Z");
}

/** The pairs that all have. */
function common(sets: Labels[]): Labels {
  const [first = {}, ...others] = sets;
  const pairs = Object.entries(first).filter(([name, value]) =>
    others.every((other) => Object.hasOwn(other, name) && other[name] === value),
  );
  return sorted(Object.fromEntries(pairs));
}

function sorted(labels: Labels): Labels {
  const pairs = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(pairs);
}

/** The characters that Go's regexp.QuoteMeta escapes. */
function quoteRegexp(text: string): string {
  return text.replace(/[\\.+*?()|[\]{}^$]/g, "\\$&");
}
