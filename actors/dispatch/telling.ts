/** What a group tells: which of its alerts may be told, to which integrations, and why. */
import type { DispatchConfig } from "./config.ts";
import type { Dispatcher, HeldAlert } from "./dispatcher.ts";
import { type Group, integrationKey, reasonToTell } from "./group.ts";
import { labelFingerprint } from "./label-fingerprint.ts";
import type { Route } from "./routes.ts";
import { groupKeyOf } from "./routes.ts";
import { byCodeUnits, compareLabels } from "./text.ts";
import { containsMoment } from "./times.ts";
import type { GroupNotification, NotifiedAlert } from "./types.ts";

/**
 * Bytes of one notification as JSON, at most: it goes through messages of the log, which may have
 * 1 MB. One alert goes in any case.
 */
export const notificationBytesMax = 640 * 1024;
const encoder = new TextEncoder();

/** Decides, and keeps with the group what it told. Alerts that are muted count as not there. */
export function notificationsOf(
  dispatcher: Dispatcher,
  group: Group,
  route: Route,
  nowMs: number,
): GroupNotification[] {
  if (mutedBy(dispatcher.config, route, nowMs).length > 0) return [];
  const alerts = [...group.alerts]
    .map((fingerprint) => dispatcher.alerts.get(fingerprint))
    .filter((alert) => alert !== undefined)
    .filter((alert) => !isMuted(dispatcher, alert, nowMs));
  if (alerts.length === 0) return [];
  alerts.sort(inAlertmanagersOrder);
  const firing = alerts.filter((alert) => alert.resolvedAtMs === null).map(fingerprintOf);
  const resolved = alerts.filter((alert) => alert.resolvedAtMs !== null).map(fingerprintOf);
  const { receiver: name, repeatIntervalMs } = route.config;
  const receiver = dispatcher.config.receivers.find((each) => each.name === name);
  const notifications: GroupNotification[] = [];
  for (const { kind, index, sendResolved } of receiver?.integrations ?? []) {
    const key = integrationKey(name, kind, index);
    const told = group.told.get(key);
    const options = { sendResolved, repeatIntervalMs, nowMs };
    const reason = reasonToTell(told, firing, resolved, options);
    if (reason === null) continue;
    const id = `${group.id}:${group.flushes}:${kind}.${index}`;
    const known = { firing: new Set(firing), resolved: new Set(resolved) };
    group.told.set(key, { notificationId: id, reason, atMs: nowMs, ...known });
    const shown = sendResolved ? alerts : alerts.filter((alert) => alert.resolvedAtMs === null);
    // Whoever does not want to hear of ends is told of none, but is known to have nothing open.
    if (shown.length === 0) continue;
    const isNew = (alert: HeldAlert): boolean =>
      told !== undefined && alert.resolvedAtMs === null && !told.firing.has(alert.fingerprint);
    const groupKey = groupKeyOf(route, group.labels);
    const fitting = thoseThatFit(shown, isNew, bytesOf([groupKey, group.labels]));
    const truncatedAlerts = shown.length - fitting.length;
    notifications.push({
      kind: "group",
      id,
      receiver: name,
      integration: { kind, index },
      groupKey,
      groupLabels: group.labels,
      reason,
      status: firing.length > 0 ? "firing" : "resolved",
      atMs: nowMs,
      alerts: fitting,
      ...(truncatedAlerts > 0 && { truncatedAlerts }),
    });
  }
  return notifications;
}

/** In the order given; where not all fit, those that fire go before those that have ended. */
function thoseThatFit(
  alerts: readonly HeldAlert[],
  isNew: (alert: HeldAlert) => boolean,
  bytesTaken: number,
): NotifiedAlert[] {
  const isFiring = ({ resolvedAtMs }: HeldAlert): boolean => resolvedAtMs === null;
  const kept = new Map<HeldAlert, NotifiedAlert>();
  let bytes = bytesTaken;
  for (const alert of [...alerts.filter(isFiring), ...alerts.filter((one) => !isFiring(one))]) {
    const shown = notifiedAlert(alert, isNew(alert));
    bytes += bytesOf(shown);
    if (bytes > notificationBytesMax && kept.size > 0) break;
    kept.set(alert, shown);
  }
  return alerts.flatMap((alert) => kept.get(alert) ?? []);
}

function bytesOf(value: object): number {
  return encoder.encode(JSON.stringify(value)).length;
}

/** Names of time intervals that keep the route quiet now. */
export function mutedBy(config: DispatchConfig, route: Route, nowMs: number): string[] {
  const { muteTimeIntervals, activeTimeIntervals } = route.config;
  const contains = (name: string): boolean =>
    containsMoment(config.timeIntervals[name] ?? [], nowMs, config.zones);
  const muting = muteTimeIntervals.filter(contains);
  const isActive = activeTimeIntervals.length === 0 || activeTimeIntervals.some(contains);
  return isActive ? muting : [...muting, ...activeTimeIntervals];
}

function isMuted(dispatcher: Dispatcher, alert: HeldAlert, nowMs: number): boolean {
  if (dispatcher.inhibition.inhibitorsOf(alert.labels).length > 0) return true;
  return dispatcher.silencedBy(alert, nowMs).length > 0;
}

function notifiedAlert(alert: HeldAlert, isNew: boolean): NotifiedAlert {
  const { labels, annotations, startsAtMs, resolvedAtMs, generatorURL } = alert;
  return {
    fingerprint: labelFingerprint(labels),
    status: resolvedAtMs === null ? "firing" : "resolved",
    labels,
    annotations,
    startsAtMs,
    endsAtMs: resolvedAtMs,
    generatorURL,
    isNew,
  };
}

function fingerprintOf({ fingerprint }: HeldAlert): string {
  return fingerprint;
}

/** By job, then instance, those without one last; then fewer labels first; then label by label. */
function inAlertmanagersOrder({ labels: a }: HeldAlert, { labels: b }: HeldAlert): number {
  for (const name of ["job", "instance"]) {
    const [inA, inB] = [Object.hasOwn(a, name), Object.hasOwn(b, name)];
    if (!inA && !inB) continue;
    if (inA !== inB) return inA ? -1 : 1;
    const order = byCodeUnits(a[name]!, b[name]!);
    if (order !== 0) return order;
  }
  return compareLabels(a, b);
}
