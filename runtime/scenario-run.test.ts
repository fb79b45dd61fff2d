/** Scenarios that hold and scenarios that do not, and whether what is said of these is true. */
import { expect, test } from "vitest";
import { utcOffsets } from "../actors/dispatch/zones.ts";
import { load, withRoutes } from "../testing/alertmanager-file.ts";
import type { Expectation, ScenarioAction, ScenarioStep } from "./scenario.ts";
import { runScenario, type ScenarioFailure } from "./scenario-run.ts";

const minute = 60_000;
const place = { file: "s.yml", line: 1, column: 1 };
const config = load(`
route:
  receiver: team
  group_by: [alertname]
  group_wait: 0s
  routes:
    - { receiver: pager, matchers: [severity="page"], mute_time_intervals: [nights] }
receivers:
  - name: team
    webhook_configs: [{ url: "http://x" }, { url: "http://y", send_resolved: false }]
    slack_configs: [{ api_url: "http://x", channel: "#a", send_resolved: true }]
  - { name: pager, webhook_configs: [{ url: "http://x" }] }
inhibit_rules: [{ source_matchers: [alertname="Root"], target_matchers: [alertname="Leaf"] }]
time_intervals:
  - { name: nights, time_intervals: [{ times: [{ start_time: "00:00", end_time: "06:00" }] }] }
`).dispatch;

const fire = (...names: string[]): ScenarioAction => ({
  kind: "fire",
  alerts: names.map((alertname) => ({ alertname })),
});
const resolve = (alertname: string): ScenarioAction => ({
  kind: "resolve",
  alerts: [{ alertname }],
});
const told = (receiver: string, more: Partial<Expectation> = {}): Expectation => ({
  ...{ place, receiver, integrations: null, afterMs: null, groupLabels: null, groupKey: null },
  ...{ status: null, reason: null, alerts: null, firing: null, resolved: null },
  ...more,
});
const expects = (...expected: Expectation[]): ScenarioAction => ({ kind: "expect", expected });
const at = (minutes: number, ...actions: ScenarioAction[]): ScenarioStep => ({
  place,
  afterMs: minutes * minute,
  actions,
});

function failures(
  steps: ScenarioStep[],
  start = "2026-03-02T09:00:00Z",
  looksMax?: number,
): ScenarioFailure[] {
  const story = { name: "a", place, startMs: Date.parse(start), config, steps };
  return runScenario(story, looksMax).failures;
}

test("what is told at the very moment belongs to the step that looks", () => {
  const first = told("team", { reason: "first notification", firing: 1, afterMs: 0 });
  expect(failures([at(0, fire("A"), expects(first))])).toEqual([]);
  expect(failures([at(0, fire("A")), at(0, expects(first)), at(4, expects())])).toEqual([]);
});

test("integrations that are told the same are one message, others are not", () => {
  const all = told("team", { integrations: ["slack", "webhook", "webhook/1"], status: "firing" });
  const ended = told("team", { integrations: ["webhook", "slack"], status: "resolved" });
  const steps = [at(0, fire("A"), expects(all)), at(1, resolve("A")), at(5, expects(ended))];
  expect(failures(steps)).toEqual([]);
  const slack = told("team", { integrations: ["slack"] });
  const [failure] = failures([at(0, fire("A"), expects(slack))]);
  expect(failure?.missing[0]?.nearest?.differences).toEqual([
    { field: "integrations", expected: "slack", told: "slack, webhook, webhook/1" },
  ]);
});

test("order does not matter, and a vague expectation gives way to an exact one", () => {
  const about = (alertname: string): Expectation => told("team", { groupLabels: { alertname } });
  const steps = (...all: Expectation[]): ScenarioStep[] => [at(0, fire("A", "B"), expects(...all))];
  expect(failures(steps(about("B"), about("A")))).toEqual([]);
  expect(failures(steps(told("team"), about("A")))).toEqual([]);
  expect(failures(steps(about("A"), told("team")))).toEqual([]);
  const [failure] = failures(steps(about("A"), about("A")));
  expect(failure).toMatchObject({
    missing: [{ nearest: { differences: [{ field: "group", told: '{alertname="B"}' }] } }],
    unexpected: [{ groupLabels: { alertname: "B" } }],
  });
});

test("every field that differs is told", () => {
  const wrong = told("team", {
    ...{ groupKey: "{}:{}", status: "resolved", reason: "new alerts in group", firing: 2 },
    ...{ resolved: 1, alerts: [{ alertname: "A" }, { alertname: "B" }], afterMs: minute },
  });
  const [failure] = failures([at(0, fire("A")), at(2, expects(wrong))]);
  const [missing] = failure?.missing ?? [];
  expect(missing?.nearest?.differences.map((each) => Object.values(each).join(" | "))).toEqual([
    "at | 1m | 0s",
    'group_key | {}:{} | {}:{alertname="A"}',
    "status | resolved | firing",
    "reason | new alerts in group | first notification",
    "firing | 2 | 1",
    "resolved | 1 | 0",
    'alerts | {alertname="A"}, {alertname="B"} | {alertname="A"}',
  ]);
});

test("alerts of a message are named by some of their labels, all of them once", () => {
  const page: ScenarioAction = {
    kind: "fire",
    alerts: [
      { alertname: "A", severity: "page", i: "1" },
      { alertname: "A", severity: "page", i: "2" },
    ],
  };
  const isGood = (...alerts: Record<string, string>[]): boolean =>
    failures([at(0, page, expects(told("pager", { alerts })))]).length === 0;
  expect(isGood({ i: "2" }, { i: "1" })).toBe(true);
  expect(isGood({ alertname: "A" }, { i: "1" })).toBe(true);
  expect(isGood({ i: "1" }, { i: "1" })).toBe(false);
  expect(isGood({ i: "1" })).toBe(false);
  expect(isGood({ i: "1" }, { i: "2" }, { i: "2" })).toBe(false);
  expect(isGood({ toString: "1" }, { i: "2" })).toBe(false);
});

test("why something is missing: silenced, inhibited, muted, waiting, or routed elsewhere", () => {
  const silence: ScenarioAction = {
    kind: "silence",
    silence: {
      ...{ id: "quiet", forMs: 60 * minute, recurrence: null },
      matchers: [{ label: "alertname", op: "=", value: "A" }],
    },
  };
  const page: ScenarioAction = { kind: "fire", alerts: [{ alertname: "P", severity: "page" }] };
  const expected = [told("team", { firing: 3 }), told("pager")];
  const [failure] = failures(
    [at(0, silence, fire("A", "Root", "Leaf"), page, expects(...expected))],
    "2026-03-02T03:00:00Z",
  );
  expect(failure?.heldBack).toEqual([
    { labels: { alertname: "A" }, silencedBy: ["quiet"], inhibitedBy: [], mutedBy: [] },
    {
      labels: { alertname: "Leaf" },
      ...{ silencedBy: [], inhibitedBy: ['{alertname="Root"}'], mutedBy: [] },
    },
    {
      labels: { alertname: "P", severity: "page" },
      ...{ silencedBy: [], inhibitedBy: [], mutedBy: ["nights"] },
    },
  ]);
  expect(failure?.waiting).toHaveLength(4);
  expect(failure?.waiting[0]).toMatchObject({ receiver: "team", afterMs: 5 * minute });
  expect(failure?.unrouted).toEqual([]);
  const [other] = failures([at(0, fire("A"), expects(told("team"), told("pager")))]);
  expect(other).toMatchObject({ unrouted: ["pager"], missing: [{ nearest: null }], waiting: [] });
});

test("expectNone looks without taking away, and knows only its receivers", () => {
  const none = (...receivers: string[]): ScenarioAction => ({ kind: "expectNone", receivers });
  const steps = [at(0, fire("A"), none("pager"), expects(told("team"))), at(1, none("team"))];
  expect(failures(steps)).toEqual([]);
  const bad = failures([at(0, fire("A"), none("team"), expects(told("team")))]);
  expect(bad).toMatchObject([{ missing: [], unexpected: [{ receiver: "team" }] }]);
});

test("silences end by themselves, recur, and are expired", () => {
  const matchers = [{ label: "alertname", op: "=", value: "A" }] as const;
  const silence = (forMs: number, recurs: boolean): ScenarioAction => {
    // From 09:00 to 09:10 of each day.
    const hours = { weekdays: [], fromMinute: 540, toMinute: 550 };
    const daily = { ...hours, location: "UTC", offsets: utcOffsets };
    const recurrence = recurs ? daily : null;
    return { kind: "silence", silence: { id: "s", matchers: [...matchers], forMs, recurrence } };
  };
  const told5 = expects(told("team", { afterMs: 5 * minute }));
  const told10 = expects(told("team", { afterMs: 10 * minute }));
  expect(failures([at(0, silence(minute, false), fire("A")), at(14, told5)])).toEqual([]);
  expect(failures([at(0, silence(600 * minute, true), fire("A")), at(14, told10)])).toEqual([]);
  const expire: ScenarioAction = { kind: "expire", id: "s" };
  const steps = [at(0, silence(600 * minute, false), fire("A")), at(7, expire), at(14, told10)];
  expect(failures(steps)).toEqual([]);
});

test("a reload moves alerts to the groups of the new configuration", () => {
  const next = load(withRoutes('{ receiver: b, matchers: [alertname="A"], group_wait: 1m },'));
  const webhook = { kind: "webhook", index: 0, sendResolved: true };
  const dispatch = { ...next.dispatch, receivers: [{ name: "b", integrations: [webhook] }] };
  const steps = [
    at(0, fire("A"), expects(told("team"))),
    at(2, { kind: "reload", config: dispatch }),
    at(4, expects(told("b", { reason: "first notification" }))),
  ];
  expect(failures(steps)).toEqual([]);
});

test("an alert that does not fire cannot end, and the story goes on", () => {
  const steps = [at(0, fire("A"), resolve("B")), at(1, expects(told("team")))];
  expect(failures(steps)).toMatchObject([
    { message: expect.stringContaining('{alertname="B"}: there fires {alertname="A"}') },
  ]);
});

test("a story that would never end is ended", () => {
  const steps = [at(0, fire("A")), at(60 * 24, expects(told("team"))), at(60 * 25, resolve("A"))];
  const found = failures(steps, "2026-03-02T09:00:00Z", 100);
  expect(found).toMatchObject([
    { message: expect.stringMatching(/^groups were looked at 100 times/), afterMs: 1_440 * minute },
  ]);
});
