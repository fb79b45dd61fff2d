/** Routes, and why an alert takes them, as texts for people. */
import type { Labels } from "../actors/alert/events.ts";
import type { RouteConfig } from "../actors/dispatch/config.ts";
import { labelsText, matchersText, matcherText } from "../actors/dispatch/text.ts";
import type { AlertmanagerConfig } from "../runtime/config/alertmanager/load.ts";
import { formatDuration } from "../runtime/config/units.ts";
import type { PossibleInhibition, TakingRoute, TriedRoute } from "../runtime/route-trace.ts";
import type { Colour, Paint } from "./colours.ts";
import { plain } from "./plain-text.ts";
import type { TreeNode } from "./tree-drawing.ts";

/** `on-call (pagerduty, slack)`; what is not delivered is marked. */
export function receiverText(config: AlertmanagerConfig, name: string): string {
  const settings = config.receivers.find((receiver) => receiver.name === name);
  const isMissing = (kind: string): boolean =>
    config.notDelivered.some((each) => each.receiver === name && each.kind === kind);
  const integrations = (settings?.integrations ?? []).map(
    ({ kind }) => kind + (isMissing(kind) ? ": NOT DELIVERED" : ""),
  );
  return plain(`${name} (${integrations.length === 0 ? "tells nobody" : integrations.join(", ")})`);
}

/** The whole tree, with every setting that holds, inherited or not. */
export function routeTree(config: AlertmanagerConfig, paint: Paint): TreeNode {
  const nodeOf = (route: RouteConfig): TreeNode => ({
    lines: [
      `${paint("bold", headOf(route))} → ${receiverText(config, route.receiver)}` +
        (route.continue ? paint("yellow", "  continue") : ""),
      ...settingLines(route).map((line) => paint("dim", plain(line))),
    ],
    children: route.routes.map(nodeOf),
  });
  return nodeOf(config.dispatch.route);
}

function headOf({ index, matchers }: RouteConfig): string {
  if (matchers.length > 0) return plain(matchersText(matchers));
  return index === 0 ? "root" : "everything";
}

function settingLines(route: RouteConfig): string[] {
  const lines = [`by ${groupingText(route)}; ${timingText(route)}`];
  if (route.muteTimeIntervals.length > 0) {
    lines.push(`muted during ${route.muteTimeIntervals.join(", ")}`);
  }
  if (route.activeTimeIntervals.length > 0) {
    lines.push(`only during ${route.activeTimeIntervals.join(", ")}`);
  }
  return lines;
}

function groupingText({ groupBy }: RouteConfig): string {
  if (groupBy === null) return "all labels, each alert alone";
  return groupBy.length === 0 ? "nothing, all in one group" : groupBy.join(", ");
}

function timingText({ groupWaitMs, groupIntervalMs, repeatIntervalMs }: RouteConfig): string {
  const [wait, interval, repeat] = [groupWaitMs, groupIntervalMs, repeatIntervalMs].map(
    formatDuration,
  );
  return `wait ${wait}, interval ${interval}, repeat ${repeat}`;
}

const marks: Record<TriedRoute["outcome"], [mark: string, colour: Colour]> = {
  takes: ["✓", "green"],
  "passes on": ["✓", "green"],
  refuses: ["✗", "red"],
  "not tried": ["·", "dim"],
};

/**
 * What was tried, in order.
 * @param whole also the routes that were not tried, one by one; otherwise they are counted.
 */
export function triedTree(tried: TriedRoute, whole: boolean, paint: Paint): TreeNode {
  const [mark, colour] = marks[tried.outcome];
  const { route } = tried;
  const why = whyOf(tried);
  const line =
    `${paint(colour, mark)} ${headOf(route)} → ${plain(route.receiver)}` +
    (why === "" ? "" : paint("dim", `  ${plain(why)}`));
  const shown = whole ? tried.routes : tried.routes.filter((each) => each.outcome !== "not tried");
  const children = shown.map((child) => triedTree(child, whole, paint));
  const hidden = tried.routes.length - shown.length;
  if (hidden > 0) {
    const more = `${hidden} more not tried: the one above has taken it and does not continue`;
    children.push({ lines: [paint("dim", `· ${more}`)], children: [] });
  }
  return { lines: [line], children };
}

function whyOf({ outcome, failed, route, routes }: TriedRoute): string {
  const goesOn = route.continue ? "; continue: the next ones are tried, too" : "";
  switch (outcome) {
    case "takes":
      return `takes it${routes.length > 0 ? ", none of its routes does" : ""}${goesOn}`;
    case "passes on":
      return `matches, its routes take it${goesOn}`;
    case "not tried":
      return "not tried";
    case "refuses": {
      if (failed === null) return "does not match";
      const { matcher, value } = failed;
      const is = value === "" ? "absent or empty" : JSON.stringify(value);
      return `${matcherText(matcher)} does not hold: ${matcher.label} is ${is}`;
    }
  }
}

/** One route that takes the alert: whom it tells, of which group, when, and if at all. */
export function takingText(
  config: AlertmanagerConfig,
  { route, groupKey, groupLabels, mutedBy }: TakingRoute,
  paint: Paint,
): string {
  const quiet = mutedBy.map(({ name, kind }) =>
    kind === "mute" ? `inside of ${name}` : `outside of ${name}`,
  );
  const told = quiet.length === 0 ? "yes" : paint("yellow", `NO, ${plain(quiet.join(", "))}`);
  const lines = [
    paint("bold", receiverText(config, route.receiver)),
    `  group      ${plain(labelsText(groupLabels))}, by ${plain(groupingText(route))}`,
    `  group key  ${plain(groupKey)}`,
    `  times      ${timingText(route)}`,
    `  told then  ${told}`,
  ];
  return lines.map((line) => `${line}\n`).join("");
}

/** `while {…} fires (inhibit_rules[0], critical hides warning)` */
export function inhibitionText({ index, name, sources, noTargets }: PossibleInhibition): string {
  const each = sources.map(
    (matchers, at) =>
      matchersText(matchers) + (noTargets[at] === true ? " (that is no target of the rule)" : ""),
  );
  const fires = each.length === 1 ? "an alert fires with" : "alerts fire with each of";
  const rule = `inhibit_rules[${index}]${name === "" ? "" : `, ${name}`}`;
  return plain(`while ${fires} ${each.join(" and ")} (${rule})`);
}

/** Plain data for programs; whoever reads them need not know the tree. */
export function triedJson({ route, outcome, failed, routes }: TriedRoute): object {
  return {
    route: route.index,
    matchers: route.matchers.map(matcherText),
    receiver: route.receiver,
    continue: route.continue,
    outcome,
    failed: failed === null ? null : { ...failed, matcher: matcherText(failed.matcher) },
    routes: routes.map(triedJson),
  };
}

export function routeJson(config: AlertmanagerConfig, route: RouteConfig): object {
  const receiver = config.receivers.find(({ name }) => name === route.receiver);
  return {
    route: route.index,
    matchers: route.matchers.map(matcherText),
    receiver: route.receiver,
    integrations: (receiver?.integrations ?? []).map(({ kind, index, settings }) => {
      const delivered = !config.notDelivered.some(
        (each) => each.receiver === route.receiver && each.kind === kind,
      );
      return { kind, index, sendResolved: settings.send_resolved, delivered };
    }),
    continue: route.continue,
    groupBy: route.groupBy ?? ["..."],
    groupWaitMs: route.groupWaitMs,
    groupIntervalMs: route.groupIntervalMs,
    repeatIntervalMs: route.repeatIntervalMs,
    muteTimeIntervals: route.muteTimeIntervals,
    activeTimeIntervals: route.activeTimeIntervals,
    routes: route.routes.map((child) => routeJson(config, child)),
  };
}

/** `{alertname="Down"}` and the like, safe to print. */
export const shownLabels = (labels: Labels): string => plain(labelsText(labels));
