/** What Alertmanager's API shows of a dispatcher. */
import type { Matcher } from "../incident/types.ts";
import { compileMatchers } from "../incident/matchers.ts";
import type { Dispatcher, HeldAlert } from "./dispatcher.ts";
import type { Group } from "./group.ts";

import { groupKeyOf, lookupOf } from "./routes.ts";
import { mutedBy } from "./telling.ts";
import type { DispatchedAlert, DispatchedGroup } from "./types.ts";

/** In the order of fingerprints, those that fire only. */
export function firingAlerts(dispatcher: Dispatcher, nowMs: number): DispatchedAlert[] {
  return [...dispatcher.alerts.values()]
    .filter((alert) => alert.resolvedAtMs === null)
    .sort((a, b) => (a.fingerprint < b.fingerprint ? -1 : 1))
    .map((alert) => alertView(dispatcher, alert, nowMs));
}

export function alertView(
  dispatcher: Dispatcher,
  alert: HeldAlert,
  nowMs: number,
): DispatchedAlert {
  const routes = alert.groups.flatMap((group) => dispatcher.routeOf(group) ?? []);
  const silencedBy = dispatcher.silencedBy(alert, nowMs);
  const inhibitedBy = dispatcher.inhibition.inhibitorsOf(alert.labels);
  const muting = routes.flatMap((route) => mutedBy(dispatcher, route, nowMs));
  const isSuppressed = silencedBy.length + inhibitedBy.length > 0;
  const { fingerprint, labels, annotations, startsAtMs, endsAtMs, updatedAtMs } = alert;
  return {
    ...{ fingerprint, labels, annotations, startsAtMs, endsAtMs, updatedAtMs },
    generatorURL: alert.generatorURL,
    receivers: [...new Set(routes.map((route) => route.config.receiver))],
    status: {
      state: isSuppressed ? "suppressed" : "active",
      silencedBy,
      inhibitedBy,
      mutedBy: [...new Set(muting)],
    },
  };
}

/** Groups with an alert that fires, in the order of their keys. */
export function groupViews(dispatcher: Dispatcher, nowMs: number): DispatchedGroup[] {
  const views = [...dispatcher.groups.values()].map((group) => view(dispatcher, group, nowMs));
  return views
    .filter((each) => each.fingerprints.length > 0)
    .sort((a, b) => (a.groupKey < b.groupKey ? -1 : a.groupKey > b.groupKey ? 1 : 0));
}

function view(dispatcher: Dispatcher, group: Group, nowMs: number): DispatchedGroup {
  const route = dispatcher.routeOf(group);
  const told = [...group.told.values()].map(({ atMs }) => atMs);
  return {
    groupKey: route === undefined ? group.key : groupKeyOf(route, group.labels),
    labels: group.labels,
    receiver: route?.config.receiver ?? "",
    routeIndex: route?.config.index ?? -1,
    nextFlushAtMs: group.nextFlushAtMs,
    lastNotifiedAtMs: told.length === 0 ? null : Math.max(...told),
    fingerprints: [...group.alerts].filter(
      (fingerprint) => dispatcher.alerts.get(fingerprint)?.resolvedAtMs === null,
    ),
    mutedBy: route === undefined ? [] : mutedBy(dispatcher, route, nowMs),
  };
}

/** How many of the alerts that fire a silence with these matchers would mute. */
export function wouldMute(
  dispatcher: Dispatcher,
  matchers: Matcher[],
): { muted: number; of: number } {
  const holds = compileMatchers(matchers, "bounded");
  let [muted, of] = [0, 0];
  for (const alert of dispatcher.alerts.values()) {
    if (alert.resolvedAtMs !== null) continue;
    of += 1;
    if (holds(lookupOf(alert.labels))) muted += 1;
  }
  return { muted, of };
}
