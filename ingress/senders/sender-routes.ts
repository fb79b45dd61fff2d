/** The doors of other senders: all of their routes, with what they share. */
import type { Route } from "../http.ts";
import { HeartbeatKeeper } from "./heartbeat-keeper.ts";
import { registerHeartbeats } from "./heartbeat-routes.ts";
import { IncidentFinder } from "./incident-finder.ts";
import { registerIncidentIo } from "./incidentio-routes.ts";
import { registerMapped } from "./mapped-routes.ts";
import { registerOpsgenie } from "./opsgenie-routes.ts";
import { registerPagerDuty } from "./pagerduty-routes.ts";
import { RecentAlerts } from "./recent-alerts.ts";
import type { SenderDeps } from "./sender-deps.ts";
import { registerWebhooks } from "./webhook-routes.ts";

/** @returns what keeps time for heartbeats, to be started and stopped. */
export function registerSenders(to: Route, deps: SenderDeps): HeartbeatKeeper {
  // Each door finds the key where its sender puts it, in a header, a query or the body.
  const route: Route = (method, pattern, handler) => to(method, pattern, handler, "open");
  const recent = new RecentAlerts(deps.clock);
  const shared = { recent, finder: new IncidentFinder(deps.incidents, deps.clock, recent) };
  const keeper = new HeartbeatKeeper({ ...deps, store: deps.heartbeats });
  registerWebhooks(route, deps);
  registerPagerDuty(route, deps, shared);
  registerOpsgenie(route, deps, shared);
  registerHeartbeats(route, deps, keeper);
  registerIncidentIo(route, deps);
  registerMapped(route, deps);
  return keeper;
}
