/**
 * Why an alert goes where it goes: which routes were tried, which matcher refused it, which groups
 * it joins, what keeps those quiet at a moment, and which alerts would inhibit it. Nothing runs:
 * it follows from a configuration and labels alone.
 */
import type { Labels } from "../actors/alert/events.ts";
import type { DispatchConfig, InhibitRule, RouteConfig } from "../actors/dispatch/config.ts";
import {
  compileRoutes,
  groupKeyOf,
  groupLabelsOf,
  lookupOf,
  type Route,
} from "../actors/dispatch/routes.ts";
import { mutedBy } from "../actors/dispatch/telling.ts";
import { containsMoment } from "../actors/dispatch/times.ts";
import { compileMatchers } from "../actors/incident/matchers.ts";
import type { Matcher } from "../actors/incident/types.ts";

export type TriedRoute = {
  route: RouteConfig;
  /**
   * "takes": the alert joins a group of this route. "passes on": routes in it take it. "refuses":
   * a matcher does not hold. "not tried": an earlier sibling without `continue` has taken it.
   */
  outcome: "takes" | "passes on" | "refuses" | "not tried";
  /** The first matcher that does not hold, and the label's value, "" when it is absent. */
  failed: { matcher: Matcher; value: string } | null;
  /** None below a route that refuses or was not tried. */
  routes: TriedRoute[];
};

export type TakingRoute = {
  route: RouteConfig;
  /** The matchers from the root to here, as Alertmanager writes them. */
  routeKey: string;
  groupKey: string;
  groupLabels: Labels;
  /** What keeps the route quiet at the moment: "mute" contains it, "active" does not. */
  mutedBy: { name: string; kind: "mute" | "active" }[];
};

/** A rule whose target the alert is. */
export type PossibleInhibition = {
  /** Position among the rules, from 0. */
  index: number;
  /** May be "". */
  name: string;
  /** While for each of these a matching alert fires; the labels that must be equal included. */
  sources: Matcher[][];
  /** For each source: the alert is one itself, so only alerts that are no target inhibit it. */
  noTargets: boolean[];
};

export type RouteTrace = {
  tried: TriedRoute;
  taking: TakingRoute[];
  inhibitions: PossibleInhibition[];
};

export function traceRoutes(config: DispatchConfig, labels: Labels, atMs: number): RouteTrace {
  const lookup = lookupOf(labels);
  const taking: TakingRoute[] = [];
  const take = (route: Route): void => {
    const groupLabels = groupLabelsOf(route, labels);
    taking.push({
      route: route.config,
      routeKey: route.key,
      groupKey: groupKeyOf(route, groupLabels),
      groupLabels,
      mutedBy: mutedBy(config, route, atMs).map((name) => {
        const isInside = containsMoment(config.timeIntervals[name] ?? [], atMs, config.zones);
        return { name, kind: isInside ? "mute" : "active" };
      }),
    });
  };
  const tried = tryRoute(compileRoutes(config.route), lookup, take);
  const inhibitions = config.inhibitRules.flatMap((rule, index) =>
    possibleInhibition(rule, index, lookup),
  );
  return { tried, taking, inhibitions };
}

type Lookup = (label: string) => string;

/** Follows `matchingRoutes`, and says why. */
function tryRoute(route: Route, lookup: Lookup, take: (route: Route) => void): TriedRoute {
  const { config } = route;
  if (!route.holds(lookup)) {
    return { route: config, outcome: "refuses", failed: failedOf(config, lookup), routes: [] };
  }
  const routes: TriedRoute[] = [];
  let isTaken = false;
  let isOver = false;
  for (const child of route.routes) {
    if (isOver) {
      routes.push({ route: child.config, outcome: "not tried", failed: null, routes: [] });
      continue;
    }
    const tried = tryRoute(child, lookup, take);
    routes.push(tried);
    if (tried.outcome === "refuses") continue;
    isTaken = true;
    isOver = !child.config.continue;
  }
  if (!isTaken) take(route);
  return { route: config, outcome: isTaken ? "passes on" : "takes", failed: null, routes };
}

function failedOf({ matchers }: RouteConfig, lookup: Lookup): TriedRoute["failed"] {
  const matcher = matchers.find((each) => !compileMatchers([each])(lookup));
  return matcher === undefined ? null : { matcher, value: lookup(matcher.label) };
}

function possibleInhibition(
  rule: InhibitRule,
  index: number,
  lookup: Lookup,
): PossibleInhibition[] {
  const { name, sources, equal, targetMatchers } = rule;
  if (sources.length === 0 || !compileMatchers(targetMatchers)(lookup)) return [];
  return [
    {
      index,
      name,
      sources: sources.map((source) => {
        const labels = new Set([...equal, ...source.equal]);
        const same = [...labels].map((label): Matcher => {
          return { label, op: "=", value: lookup(label) };
        });
        return [...source.matchers, ...same];
      }),
      noTargets: sources.map(({ matchers }) => compileMatchers(matchers)(lookup)),
    },
  ];
}
