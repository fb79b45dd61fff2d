/** Routes: what is refused, what is inherited, and which valid trees are warned of. */
import { expect, test } from "vitest";
import {
  load,
  problemsOf,
  smallest,
  warningsOf,
  withRoutes,
} from "../../../testing/alertmanager-file.ts";

const refusedRoots: [root: string, line: string][] = [
  ["{}", "1:8: route.receiver: got nothing, expected a receiver for what no route takes"],
  ["{ receiver: x }", '1:20: route.receiver: got "x", expected the name of a receiver: one of a'],
  ["{ receiver: a, matchers: [a=b] }", "1:33: route.matchers: the root route takes every alert"],
  ["{ receiver: a, match: { a: b } }", "1:30: route.match: the root route takes every alert"],
  ["{ receiver: a, match_re: { a: b } }", "1:33: route.match_re: the root route takes every"],
  ["{ receiver: a, continue: true }", "1:33: route.continue: the root route has no sibling"],
  [
    "{ receiver: a, mute_time_intervals: [n] }",
    "1:44: route.mute_time_intervals: the root route is never muted",
  ],
  [
    "{ receiver: a, active_time_intervals: [n] }",
    "1:46: route.active_time_intervals: the root route is never muted",
  ],
  ["[]", "1:8: route: got a list, expected a map of settings"],
];

test.each(refusedRoots)("refused root: %s", (root, line) => {
  const text = `route: ${root}
receivers: [{ name: a }]
time_intervals: [{ name: n, time_intervals: [{}] }]`;
  expect(problemsOf(text).some((found) => found.startsWith(line))).toBe(true);
});

const refused: [route: string, message: string][] = [
  ["{ group_by: [x, y, x] }", "group_by[2]: the label x is there twice"],
  ["{ group_by: [..., x] }", "group_by: '...' stands for all labels, expected no other beside it"],
  ["{ group_by: [''] }", 'group_by[0]: got "", expected a label\'s name'],
  ["{ group_interval: 0s }", 'group_interval: got "0s", expected a duration longer than zero'],
  ["{ repeat_interval: 0s }", 'repeat_interval: got "0s", expected a duration longer than zero'],
  ["{ group_wait: 30 }", "group_wait: got 30, expected a duration such as 30s, 5m, 1h30m or 1d"],
  ["{ group_wait: 1.5h }", 'group_wait: got "1.5h", expected a duration such as 30s'],
  ["{ matchers: [a] }", "matchers[0]: got the end at character 2, expected one of =, !=, =~, !~"],
  ["{ matchers: [a=~\"(\"] }", "matchers[0]: not a valid regular expression: missing closing )"],
  ["{ matchers: 'a=b' }", 'matchers: got "a=b", expected a list'],
  ["{ match: { a-b: c } }", "match.a-b: not a label name of the old kind"],
  ["{ match_re: { a: '(?=b)' } }", "match_re.a: not a valid regular expression: invalid or"],
  ["{ match_re: { a: } }", "match_re.a: got nothing, expected a regular expression"],
  ["{ receiver: c }", 'receiver: got "c", expected the name of a receiver: one of a, b'],
  ["{ mute_time_intervals: [n] }", "mute_time_intervals[0]: got n, expected the name of a time"],
  ["{ active_time_intervals: [m] }", 'active_time_intervals[0]: got "m", expected the name of'],
  ["{ continue: 1 }", "continue: got 1, expected true or false"],
  ["{ routes: {} }", "routes: got a map, expected a list"],
  ["null", "routes[0]: got nothing, expected a route"],
  ["{ labels: { '': x } }", "labels: a label without a name"],
];

test.each(refused)("refused: %s", (route, message) => {
  const found = problemsOf(withRoutes(route));
  expect(found).toHaveLength(1);
  expect(found[0]).toContain(message);
});

test("yes and no are truth values, as for Alertmanager", () => {
  const text = withRoutes("{ continue: yes, matchers: [a=b] },\n{ continue: no }");
  const { route } = load(text).dispatch;
  expect(route.routes.map((each) => each.continue)).toEqual([true, false]);
});

test("group_by: inherited, replaced, empty (which is inherited), and all labels", () => {
  const { route } = load(`receivers: [{ name: a }]
route:
  receiver: a
  group_by: [y, x]
  routes:
    - matchers: [a=1]
    - { matchers: [a=2], group_by: [z] }
    - { matchers: [a=3], group_by: [] }
    - { matchers: [a=4], group_by: [...], routes: [{ matchers: [b=1] }] }`).dispatch;
  const all = [...route.routes, route.routes[3]!.routes[0]!];
  expect(all.map((each) => each.groupBy)).toEqual([["x", "y"], ["z"], ["x", "y"], null, null]);
});

const warned: [what: string, text: string, lines: string[]][] = [
  ["an earlier route takes everything", "{ receiver: b },\n{ matchers: [x=y] }", [
    "5:2: route.routes[1]: never reached: the route of line 4 takes all that it would",
  ]],
  ["it goes on", "{ receiver: b, continue: true },\n{ matchers: [x=y] }", []],
  ["fewer matchers", "{ receiver: b, matchers: [x=y] },\n{ matchers: [x=y, z=1] }", [
    "5:2: route.routes[1]: never reached: the route of line 4 takes all that it would",
  ]],
  ["more matchers", "{ receiver: b, matchers: [x=y, z=1] },\n{ matchers: [x=y] }", []],
  ["an expression for the word", "{ receiver: b, matchers: [x=~y.*] },\n{ matchers: [x=yz] }", [
    "5:2: route.routes[1]: never reached: the route of line 4 takes all that it would",
  ]],
  ["words among words", "{ receiver: b, match_re: { x: '^(u|v|w)$' } },\n{ matchers: [x=~v|w] }", [
    "5:2: route.routes[1]: never reached: the route of line 4 takes all that it would",
  ]],
  ["one word more", "{ receiver: b, matchers: [x=~u|v] },\n{ matchers: [x=~v|w] }", []],
  ["not that word", "{ receiver: b, matchers: [x!=y] },\n{ matchers: [x=z] }", [
    "5:2: route.routes[1]: never reached: the route of line 4 takes all that it would",
  ]],
  [
    "what the parent asks for",
    "{ receiver: b, matchers: [x=y], routes: [{ matchers: [x=y] },\n{ matchers: [z=1] }] }",
    ["5:2: route.routes[0].routes[1]: never reached: the route of line 4 takes all that it would"],
  ],
  ["two values of one label", "{ receiver: b, matchers: [x=y, x=z] }", [
    '4:2: route.routes[0]: never matches: no alert has both x="y" and x="z"',
  ]],
  ["words that fail an expression", "{ receiver: b, matchers: [x=~u|v, x!~u|v|w] }", [
    '4:2: route.routes[0]: never matches: no alert has both x=~"u|v" and x!~"u|v|w"',
  ]],
  ["against the parent", "{ receiver: b, matchers: [x=y], routes: [\n{ matchers: [x=z] }] }", [
    '5:2: route.routes[0].routes[0]: never matches: no alert has both x="y" and x="z", routes '
      + "above included",
  ]],
  ["rare repeats", "{ receiver: b, group_interval: 1h, repeat_interval: 30m }", [
    "4:54: route.routes[0].repeat_interval: repeats come every 1h, at the group_interval, which "
      + "is longer than the repeat_interval of 30m",
  ]],
  ["a long first wait", "{ receiver: b, group_wait: 10m }", [
    "4:29: route.routes[0].group_wait: a group waits longer for its first message (10m) than for "
      + "the next (5m)",
  ]],
  ["an unused receiver", "{ matchers: [x=y] }", [
    "2:34: receivers[1].name: no route has the receiver b",
  ]],
];

test.each(warned)("traps: %s", (_what, routes, lines) => {
  expect(warningsOf(withRoutes(routes))).toEqual(lines);
});

test("traps: time intervals that are unused, or mute a route in its only active time", () => {
  const text = withRoutes(
    "{ receiver: b, mute_time_intervals: [n], active_time_intervals: [n] }",
    "time_intervals: [{ name: n, time_intervals: [{}] }, { name: m, time_intervals: [{}] }]",
  );
  expect(warningsOf(text)).toEqual([
    "1:61: time_intervals[1].name: no route has the time interval m",
    "4:38: route.routes[0].mute_time_intervals: always muted: n is its active time as well",
  ]);
});

test("thousands of routes are compared where they may meet, not each with each", () => {
  const routes = Array.from({ length: 3_000 }, (_, i) => `{ matchers: [team=t${i}, x=~"."] }`);
  const warnings = warningsOf(withRoutes([...routes, routes[7]].join(",\n")));
  // Each with each were 4.5 million pairs, of which some would not be looked at.
  expect(warnings.filter((line) => line.includes("too many routes"))).toEqual([]);
  expect(warnings.at(-1)).toMatch(/^3004:.*never reached: the route of line 11 /);
});

const inhibition: [rule: string, problems: string[], warnings: string[]][] = [
  ["{ source_matchers: [a=b], target_matchers: [c=d], equal: [e] }", [], []],
  ["{ source_match: { a: b }, target_match_re: { c: 'd|e' } }", [], []],
  ["{ sources: [{ matchers: [a=b] }, { match: { a: c } }], target_match: { a: d } }", [], []],
  ["{ sources: [{ matchers: [a=b] }], source_match: { a: b }, target_match: { a: d } }", [
    "source_match: cannot stand beside sources, expected one of them",
  ], []],
  ["{ source_matchers: [a=b], target_matchers: [c=d], equal: [''] }", [
    'equal[0]: got "", expected a label\'s name',
  ], []],
  ["{ source_matchers: [a], target_matchers: [c=d] }", ["source_matchers[0]: got the end"], []],
  ["{ source_matchers: [a=b] }", [], ["no target matchers: it keeps every alert quiet"]],
  ["{ target_matchers: [a=b] }", [], ["a source without matchers: every alert is one"]],
  ["{ source_matchers: [a=b, a=c], target_matchers: [c=d] }", [], [
    'never holds: no alert has both a="b" and a="c"',
  ]],
  ["{ source_matchers: [a=b], target_matchers: [a=~b] }", [], [
    "never inhibits: sources and targets are the same alerts",
  ]],
];

test.each(inhibition)("inhibition: %s", (rule, problems, warnings) => {
  const text = `${smallest}inhibit_rules: [${rule}]`;
  const found = problemsOf(text);
  expect(found).toHaveLength(problems.length);
  for (const [i, line] of problems.entries()) expect(found[i]).toContain(line);
  if (problems.length > 0) return;
  expect(warningsOf(text)).toEqual(warnings.map((line) => `3:17: inhibit_rules[0]: ${line}`));
});
