/**
 * Routes that are valid and yet hardly meant: never reached, never matching, told at other times
 * than written; receivers and time intervals that nothing uses.
 */
import type { Matcher } from "../../../actors/incident/types.ts";
import type { ConfigValue } from "../value.ts";
import { formatDuration } from "../units.ts";
import { contradiction, holdsAlways, implies, matcherText, wordsOf } from "./matcher-logic.ts";
import type { PlacedRoute } from "./routes.ts";

/** Pairs of siblings whose matchers are compared; real trees need a few per route. */
const comparisonsMax = 200_000;

type PlacedNames = {
  receivers: ReadonlyMap<string, ConfigValue>;
  timeIntervals: ReadonlyMap<string, ConfigValue>;
};

export function warnOfRoutes(root: PlacedRoute, names: PlacedNames): void {
  warnOfMatchers(root);
  const receivers = new Set<string>();
  const intervals = new Set<string>();
  for (const route of allRoutes(root)) {
    warnOfTimes(route, route === root);
    const { receiver, muteTimeIntervals: mute, activeTimeIntervals: active } = route.config;
    receivers.add(receiver);
    for (const name of [...mute, ...active]) intervals.add(name);
    const both = mute.find((name) => active.includes(name));
    if (both === undefined) continue;
    route.section("mute_time_intervals").warn(`always muted: ${both} is its active time as well`);
  }
  for (const [name, value] of names.receivers) {
    if (!receivers.has(name)) value.warn(`no route has the receiver ${name}`);
  }
  for (const [name, value] of names.timeIntervals) {
    if (!intervals.has(name)) value.warn(`no route has the time interval ${name}`);
  }
}

function* allRoutes(route: PlacedRoute): Generator<PlacedRoute> {
  yield route;
  for (const child of route.children) yield* allRoutes(child);
}

/** Said where one of the two is written, not again for every route that inherits them. */
function warnOfTimes({ config, section }: PlacedRoute, isRoot: boolean): void {
  const { groupWaitMs, groupIntervalMs, repeatIntervalMs } = config;
  const written = (...keys: string[]): ConfigValue | null => {
    const key = keys.find((each) => section(each).present);
    return key === undefined && !isRoot ? null : section(key ?? keys[0]!);
  };
  const interval = formatDuration(groupIntervalMs);
  if (repeatIntervalMs < groupIntervalMs) {
    written("repeat_interval", "group_interval")?.warn(
      `repeats come every ${interval}, at the group_interval, which is longer than the `
        + `repeat_interval of ${formatDuration(repeatIntervalMs)}`,
    );
  }
  if (groupIntervalMs < groupWaitMs) {
    written("group_interval", "group_wait")?.warn(
      `a group waits longer for its first message (${formatDuration(groupWaitMs)}) than for the `
        + `next (${interval})`,
    );
  }
}

function warnOfMatchers(root: PlacedRoute): void {
  let comparisons = 0;
  const visit = (parent: PlacedRoute, above: Matcher[]): void => {
    const earlier = new EarlierRoutes();
    for (const child of parent.children) {
      const all = [...above, ...child.config.matchers];
      const pair = contradiction(all);
      if (pair !== null) {
        const [a, b] = pair.map(matcherText);
        const isOwn = contradiction(child.config.matchers) !== null;
        const where = isOwn ? "" : ", routes above included";
        child.value.warn(`never matches: no alert has both ${a} and ${b}${where}`);
        continue;
      }
      const taker = earlier.candidates(all).find((route) => {
        return comparisons++ < comparisonsMax && implies(all, route.config.matchers);
      });
      if (taker === undefined) visit(child, all);
      else {
        const { line } = taker.value.position();
        child.value.warn(`never reached: the route of line ${line} takes all that it would`);
      }
      if (!child.config.continue) earlier.add(child);
    }
  };
  visit(root, []);
  if (comparisons < comparisonsMax) return;
  root.value.warn(`too many routes to find all that are never reached`);
}

/** The siblings so far that keep what they match, found by what their first matcher asks for. */
class EarlierRoutes {
  readonly #byKey = new Map<string, PlacedRoute[]>();

  add(route: PlacedRoute): void {
    const first = route.config.matchers.find((matcher) => !holdsAlways(matcher));
    const key = first === undefined ? "" : first.op === "=" ? equalKey(first) : `${first.label}~`;
    const routes = this.#byKey.get(key);
    if (routes === undefined) this.#byKey.set(key, [route]);
    else routes.push(route);
  }

  /** All of which `matchers` may imply the matchers. */
  candidates(matchers: Matcher[]): PlacedRoute[] {
    const keys = new Set([""]);
    for (const matcher of matchers) {
      keys.add(`${matcher.label}~`);
      const words = wordsOf(matcher);
      if (words?.length === 1) keys.add(equalKey({ ...matcher, value: words[0]! }));
    }
    return [...keys].flatMap((key) => this.#byKey.get(key) ?? []);
  }
}

function equalKey({ label, value }: Matcher): string {
  return `${label}=${value}`;
}
