/** The doors of other senders: all of their routes, with what they share. */
import type { Route } from "../http.ts";
import { IncidentFinder } from "./incident-finder.ts";
import { registerOpsgenie } from "./opsgenie-routes.ts";
import { registerPagerDuty } from "./pagerduty-routes.ts";
import { RecentAlerts } from "./recent-alerts.ts";
import type { SenderDeps } from "./sender-deps.ts";
import { registerWebhooks } from "./webhook-routes.ts";

export function registerSenders(route: Route, deps: SenderDeps): void {
  const recent = new RecentAlerts(deps.clock);
  const finder = new IncidentFinder(deps.incidents, deps.clock, recent);
  registerWebhooks(route, deps);
  registerPagerDuty(route, deps, { finder, recent });
  registerOpsgenie(route, deps, { finder, recent });
}
