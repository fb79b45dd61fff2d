/**
 * The route tree: which routes an alert takes, and the key of its group on each.
 *
 * An alert falls from the root into the first child that matches, and on into later ones while
 * `continue` is set; a route takes it itself when none of its children does.
 */
import type { Labels } from "../alert/events.ts";
import { type CompiledMatcher, compileMatchers } from "../incident/matchers.ts";
import type { RouteConfig } from "./config.ts";
import { labelsText, matchersText } from "./text.ts";

export type Route = {
  config: RouteConfig;
  /** `{}/{severity="page"}`: the matchers from the root to here. */
  key: string;
  /**
   * Tells apart routes of equal key, in order, from 0. Key and twin name a route across
   * configurations: a reload that leaves both as they were keeps the groups (I11).
   */
  twin: number;
  holds: CompiledMatcher;
  routes: Route[];
};

export function compileRoutes(root: RouteConfig): Route {
  const taken = new Map<string, number>();
  const compile = (config: RouteConfig, above: string): Route => {
    const key = `${above}${matchersText(config.matchers)}`;
    const twin = taken.get(key) ?? 0;
    taken.set(key, twin + 1);
    const routes = config.routes.map((child) => compile(child, `${key}/`));
    return { config, key, twin, holds: compileMatchers(config.matchers), routes };
  };
  return compile(root, "");
}

/** The route itself and all below it, depth first. */
export function routesBelow(route: Route): Route[] {
  return [route, ...route.routes.flatMap(routesBelow)];
}

/** At least one, unless the root itself does not match. */
export function matchingRoutes(route: Route, labels: Labels): Route[] {
  const lookup = lookupOf(labels);
  const fall = (at: Route): Route[] => {
    if (!at.holds(lookup)) return [];
    const taken: Route[] = [];
    for (const child of at.routes) {
      const below = fall(child);
      taken.push(...below);
      if (below.length > 0 && !child.config.continue) break;
    }
    return taken.length > 0 ? taken : [at];
  };
  return fall(route);
}

export function lookupOf(labels: Labels): (label: string) => string {
  return (label) => (Object.hasOwn(labels, label) ? labels[label]! : "");
}

/** The labels that a route groups this alert by. */
export function groupLabelsOf({ config }: Route, labels: Labels): Labels {
  if (config.groupBy === null) return labels;
  const present = config.groupBy.filter((name) => Object.hasOwn(labels, name));
  return Object.fromEntries(present.map((name) => [name, labels[name]!]));
}

/** As Alertmanager writes it: `{}/{severity="page"}:{alertname="Down"}`. */
export function groupKeyOf(route: Route, groupLabels: Labels): string {
  return `${route.key}:${labelsText(groupLabels)}`;
}
