/** Why an alert goes where it goes; that it goes there is held against dispatching itself. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { DispatchConfig } from "../actors/dispatch/config.ts";
import { compileRoutes, matchingRoutes } from "../actors/dispatch/routes.ts";
import { matchersText } from "../actors/dispatch/text.ts";
import { load, withRoutes } from "../testing/alertmanager-file.ts";
import { type TriedRoute, traceRoutes } from "./route-trace.ts";

const atMs = Date.parse("2026-03-02T09:00:00Z");
const outline = ({ outcome, routes }: TriedRoute): unknown =>
  routes.length === 0 ? outcome : [outcome, ...routes.map(outline)];

function routed(routes: string, more?: string): DispatchConfig {
  return load(withRoutes(routes, more)).dispatch;
}

test("each sibling is tried until one takes the alert and does not continue", () => {
  const config = routed(`{ matchers: [x="1"], continue: true },
    { matchers: [x="2"] },
    { matchers: [x=~"1|2"], routes: [{ matchers: [y="1"] }, { matchers: [y="2"] }] },
    { matchers: [x="1"] },`);
  const { tried, taking } = traceRoutes(config, { x: "1", y: "2" }, atMs);
  const inner = ["passes on", "refuses", "takes"];
  expect(outline(tried)).toEqual(["passes on", "takes", "refuses", inner, "not tried"]);
  expect(tried.routes[1]?.failed).toEqual({
    matcher: { label: "x", op: "=", value: "2" },
    value: "1",
  });
  expect(taking.map(({ route, routeKey }) => [route.index, routeKey])).toEqual([
    [1, '{}/{x="1"}'],
    [5, '{}/{x=~"1|2"}/{y="2"}'],
  ]);
});

test("a route whose routes all refuse takes the alert itself, with its group", () => {
  const config = routed('{ receiver: b, group_by: [x, z], routes: [{ matchers: [y="1"] }] },');
  const { taking, tried } = traceRoutes(config, { x: "1", w: "2" }, atMs);
  expect(outline(tried)).toEqual(["passes on", ["takes", "refuses"]]);
  expect(tried.routes[0]?.routes[0]?.failed?.value).toBe("");
  expect(taking).toMatchObject([
    { groupKey: '{}/{}:{x="1"}', groupLabels: { x: "1" }, mutedBy: [], route: { receiver: "b" } },
  ]);
});

test("what mutes a route at the moment is told apart by its kind", () => {
  const intervals = `time_intervals:
  - { name: mornings, time_intervals: [{ times: [{ start_time: "08:00", end_time: "10:00" }] }] }
  - { name: sundays, time_intervals: [{ weekdays: [sunday] }] }`;
  const config = routed(
    `{ matchers: [x="1"], mute_time_intervals: [mornings, sundays] },
     { matchers: [x="2"], active_time_intervals: [sundays] },
     { matchers: [x="3"], active_time_intervals: [mornings, sundays] },`,
    intervals,
  );
  const muted = (x: string, at = atMs): unknown =>
    traceRoutes(config, { x }, at).taking[0]?.mutedBy;
  expect(muted("1")).toEqual([{ name: "mornings", kind: "mute" }]);
  expect(muted("2")).toEqual([{ name: "sundays", kind: "active" }]);
  expect(muted("3")).toEqual([]);
  expect(muted("1", atMs + 3_600_000)).toEqual([]);
});

test("rules whose target it is, with the labels that would have to be equal", () => {
  const rules = `inhibit_rules:
  - { name: up, source_matchers: [s="c"], target_matchers: [s="w"], equal: [a, b] }
  - { source_matchers: [k="1"], target_matchers: [a="1"] }
  - sources: [{ matchers: [m="1"] }, { matchers: [m="2"], equal: [a] }]
    target_matchers: [s="w"]
  - { source_matchers: [s="x"], target_matchers: [s="y"] }`;
  const config = routed("", rules);
  const { inhibitions } = traceRoutes(config, { s: "w", a: "1", k: "1" }, atMs);
  const shown = inhibitions.map(({ index, name, sources, noTargets }) => {
    return [index, name, ...sources.map((each, at) => [matchersText(each), noTargets[at]])];
  });
  expect(shown).toEqual([
    [0, "up", ['{a="1",b="",s="c"}', false]],
    // It is a source itself: another one that is a target as well does not inhibit it.
    [1, "", ['{k="1"}', true]],
    [2, "", ['{m="1"}', false], ['{a="1",m="2"}', false]],
  ]);
});

test("the routes that take an alert are those that dispatching puts it into", () => {
  const matcher = fc.record({
    label: fc.constantFrom("a", "b"),
    op: fc.constantFrom("=", "!="),
    value: fc.constantFrom("", "1", "2"),
  });
  const routeOf = (routes: fc.Arbitrary<unknown[]>): fc.Arbitrary<unknown> =>
    fc.record({
      matchers: fc.array(matcher, { maxLength: 2 }).map((list) =>
        list.map(({ label, op, value }) => `${label}${op}"${value}"`),
      ),
      continue: fc.boolean(),
      routes,
    });
  const listOf = (route: fc.Arbitrary<unknown>): fc.Arbitrary<unknown[]> =>
    fc.array(route, { maxLength: 3 });
  const tree = routeOf(listOf(routeOf(listOf(routeOf(fc.constant([]))))));
  const labels = fc.dictionary(fc.constantFrom("a", "b"), fc.constantFrom("1", "2"));
  fc.assert(
    fc.property(fc.array(tree, { maxLength: 4 }), labels, (routes, alert) => {
      const text = JSON.stringify({ receivers: [{ name: "r" }], route: { receiver: "r", routes } });
      const { dispatch } = load(text);
      const expected = matchingRoutes(compileRoutes(dispatch.route), alert);
      expect(traceRoutes(dispatch, alert, atMs).taking.map(({ route }) => route.index)).toEqual(
        expected.map(({ config }) => config.index),
      );
    }),
    { numRuns: 150 },
  );
});
