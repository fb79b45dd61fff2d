/**
 * What Alertmanager's notification templates see of a group: its data object, as JSON with Go's
 * names. Pure; the same notification always gives the same object, keys in sorted order.
 */
import type { Labels } from "../../actors/alert/events.ts";
import type { GroupNotification, NotifiedAlert } from "../../actors/dispatch/types.ts";

/** Go's zero time: what a firing alert ends at. */
const zeroTime = "0001-01-01T00:00:00Z";

export type TemplateAlert = {
  Status: "firing" | "resolved";
  Labels: Labels;
  Annotations: Labels;
  /** RFC 3339 UTC. */
  StartsAt: string;
  EndsAt: string;
  GeneratorURL: string;
  Fingerprint: string;
};

export type TemplateData = {
  Receiver: string;
  Status: "firing" | "resolved";
  Alerts: TemplateAlert[];
  NotificationReason: string;
  GroupLabels: Labels;
  CommonLabels: Labels;
  CommonAnnotations: Labels;
  /** Always empty: the decision to notify does not carry a route's labels. */
  RouteLabels: Labels;
  ExternalURL: string;
};

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
    Receiver: quoteRegexp(receiverName),
    Status: status,
    Alerts: alerts.map(templateAlert),
    NotificationReason: reason,
    GroupLabels: sorted(groupLabels),
    CommonLabels: common(alerts.map((alert) => alert.labels)),
    CommonAnnotations: common(alerts.map((alert) => alert.annotations)),
    RouteLabels: {},
    ExternalURL: externalUrl,
  };
}

function templateAlert(alert: NotifiedAlert): TemplateAlert {
  return {
    Status: alert.status,
    Labels: sorted(alert.labels),
    Annotations: sorted(alert.annotations),
    StartsAt: goTime(alert.startsAtMs),
    EndsAt: alert.endsAtMs === null ? zeroTime : goTime(alert.endsAtMs),
    GeneratorURL: alert.generatorURL,
    Fingerprint: alert.fingerprint,
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
