/** What Alertmanager's API shows of a dispatcher. */
import type { Matcher } from "../incident/types.ts";
import { compileMatchers } from "../incident/matchers.ts";
import type { Dispatcher, HeldAlert } from "./dispatcher.ts";
import { labelFingerprint } from "./label-fingerprint.ts";
import { lookupOf } from "./routes.ts";
import { mutedBy } from "./telling.ts";
import type { AlertStatus } from "./types.ts";

export function statusOf(dispatcher: Dispatcher, alert: HeldAlert, nowMs: number): AlertStatus {
  const routes = alert.groups.flatMap((group) => dispatcher.routeOf(group) ?? []);
  const silencedBy = dispatcher.silencedBy(alert, nowMs);
  const inhibitedBy = dispatcher.inhibition
    .inhibitorsOf(alert.labels)
    .flatMap((fingerprint) => dispatcher.alerts.get(fingerprint) ?? [])
    .map(({ labels }) => labelFingerprint(labels));
  const muting = routes.flatMap((route) => mutedBy(dispatcher.config, route, nowMs));
  const isSuppressed = silencedBy.length + inhibitedBy.length > 0;
  return {
    state: isSuppressed ? "suppressed" : "active",
    silencedBy,
    inhibitedBy,
    mutedBy: [...new Set(muting)],
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
