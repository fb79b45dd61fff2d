/**
 * `route`: the tree that alerts fall through. What a route does not set it inherits from the one
 * above it, except matchers, continue and the time intervals.
 */
import type { RouteConfig } from "../../../actors/dispatch/config.ts";
import type { ConfigValue } from "../value.ts";
import { readDuration, textMap, type Section } from "./fields.ts";
import { readLabelName, readMatchers } from "./label-matchers.ts";

const routesMax = 20_000;
const depthMax = 100;
const groupByMax = 1_000;

const keys = [
  "receiver",
  "group_by",
  "match",
  "match_re",
  "matchers",
  "mute_time_intervals",
  "active_time_intervals",
  "continue",
  "routes",
  "group_wait",
  "group_interval",
  "repeat_interval",
  "labels",
] as const;

/** A route and where it is written, for warnings. */
export type PlacedRoute = {
  config: RouteConfig;
  value: ConfigValue;
  section: Section;
  children: PlacedRoute[];
};

/** What a route may refer to. */
export type RouteNames = {
  receivers: ReadonlyMap<string, unknown>;
  timeIntervals: ReadonlyMap<string, unknown>;
};

type Inherited = Pick<
  RouteConfig,
  "receiver" | "groupBy" | "groupWaitMs" | "groupIntervalMs" | "repeatIntervalMs"
> & { labels: Record<string, string> };

const rootDefaults: Inherited = {
  receiver: "",
  groupBy: [],
  groupWaitMs: 30_000,
  groupIntervalMs: 5 * 60_000,
  repeatIntervalMs: 4 * 3_600_000,
  labels: {},
};

export function readRoutes(value: ConfigValue, names: RouteNames): PlacedRoute {
  if (!value.present) value.problem("no route, expected the root of the tree with a receiver");
  let count = 0;
  const read = (at: ConfigValue, inherited: Inherited, depth: number): PlacedRoute => {
    if (depth > depthMax) at.problem(`routes nest deeper than ${depthMax}`);
    const section = at.section(keys);
    const own = readOwn(section, inherited, names);
    const index = count++;
    if (index === routesMax) at.problem(`more than ${routesMax} routes`);
    const nested = depth > depthMax || index >= routesMax ? [] : section("routes").list(routesMax);
    const children = nested.map((child) => {
      if (!child.present) child.expected("a route");
      return read(child, own, depth + 1);
    });
    const config: RouteConfig = {
      index,
      ...own,
      matchers: readMatchers(section("matchers"), section("match"), section("match_re")),
      continue: section("continue").flag(false),
      muteTimeIntervals: readIntervalNames(section("mute_time_intervals"), names),
      activeTimeIntervals: readIntervalNames(section("active_time_intervals"), names),
      routes: children.map((child) => child.config),
    };
    return { config, value: at, section, children };
  };
  const root = read(value, rootDefaults, 1);
  if (value.present) checkRoot(root);
  return root;
}

function readOwn(section: Section, inherited: Inherited, names: RouteNames): Inherited {
  const receiver = section("receiver").scalarText("");
  if (receiver !== "" && !names.receivers.has(receiver)) {
    section("receiver").expected(`the name of a receiver${oneOf(names.receivers)}`);
  }
  const labels = textMap.read(section, "labels", "");
  if (Object.keys(labels).length > 0) {
    section("labels").warn("labels of routes are kept but shown nowhere yet");
  }
  if (Object.hasOwn(labels, "")) section("labels").problem("a label without a name");
  return {
    receiver: receiver === "" ? inherited.receiver : receiver,
    groupBy: readGroupBy(section("group_by"), inherited.groupBy),
    groupWaitMs: readDuration(section("group_wait"), inherited.groupWaitMs),
    groupIntervalMs: readInterval(section("group_interval"), inherited.groupIntervalMs),
    repeatIntervalMs: readInterval(section("repeat_interval"), inherited.repeatIntervalMs),
    labels: { ...inherited.labels, ...labels },
  };
}

function readInterval(value: ConfigValue, inheritedMs: number): number {
  const ms = readDuration(value, inheritedMs);
  if (value.present && ms === 0) value.expected("a duration longer than zero");
  return ms;
}

/** Null: '...', which must stand alone. An empty list is none: the groups are those above. */
function readGroupBy(value: ConfigValue, inherited: string[] | null): string[] | null {
  if (!value.present) return inherited;
  const labels = new Set<string>();
  for (const item of value.list(groupByMax)) {
    const label = readLabelName(item);
    if (label === null) continue;
    if (label !== "..." && labels.has(label)) item.problem(`the label ${label} is there twice`);
    labels.add(label);
  }
  if (labels.size === 0) {
    if (inherited?.length !== 0) value.warn("an empty list changes nothing: the parent's counts");
    return inherited;
  }
  if (!labels.has("...")) return [...labels].sort();
  if (labels.size > 1) value.problem("'...' stands for all labels, expected no other beside it");
  return null;
}

function readIntervalNames(value: ConfigValue, names: RouteNames): string[] {
  return value.list(groupByMax).map((item) => {
    const name = item.scalarText("");
    if (!names.timeIntervals.has(name)) {
      item.expected(`the name of a time interval${oneOf(names.timeIntervals)}`);
    }
    return name;
  });
}

function oneOf(names: ReadonlyMap<string, unknown>): string {
  if (names.size === 0) return ", of which there are none";
  return names.size <= 20 ? `: one of ${[...names.keys()].join(", ")}` : "";
}

/** The root takes what nothing else takes, at any time. */
function checkRoot({ config, section }: PlacedRoute): void {
  if (config.receiver === "") section("receiver").expected("a receiver for what no route takes");
  if (config.matchers.length > 0) {
    const key = ["matchers", "match", "match_re"].find((each) => section(each).present);
    section(key!).problem("the root route takes every alert, expected no matchers");
  }
  if (config.muteTimeIntervals.length + config.activeTimeIntervals.length > 0) {
    const isMuted = config.muteTimeIntervals.length > 0;
    const key = isMuted ? "mute_time_intervals" : "active_time_intervals";
    section(key).problem("the root route is never muted, expected no time intervals");
  }
  if (config.continue) section("continue").problem("the root route has no sibling to go on to");
}
