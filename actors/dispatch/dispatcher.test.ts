/** Stories of groups and what receivers are told, in simulated time. Seconds from the start. */
import { expect, test } from "vitest";
import { DispatchSimulation } from "../../runtime/dispatch-simulation.ts";
import { zoneOffsets } from "../../runtime/time-zones.ts";
import type { DispatchConfig, RouteConfig } from "./config.ts";
import { type DispatchOutput, Dispatcher } from "./dispatcher.ts";
import { dispatchSnapshotOf, dispatcherFrom } from "./dispatch-snapshot.ts";
import { Silences, silenceRetentionMs } from "./silences.ts";
import { notificationBytesMax } from "./telling.ts";
import type { GroupNotification, Silence } from "./types.ts";

const second = 1_000;
const startMs = Date.parse("2026-03-02T09:00:00Z");

function route(more: Partial<RouteConfig> = {}): RouteConfig {
  return {
    index: 0,
    receiver: "team",
    matchers: [],
    continue: false,
    groupBy: ["alertname"],
    groupWaitMs: 30 * second,
    groupIntervalMs: 300 * second,
    repeatIntervalMs: 3_600 * second,
    muteTimeIntervals: [],
    activeTimeIntervals: [],
    routes: [],
    ...more,
  };
}

function config(more: Partial<DispatchConfig> = {}): DispatchConfig {
  const webhook = { kind: "webhook", index: 0, sendResolved: true };
  const names = ["team", "other", "third"];
  return {
    route: route(),
    inhibitRules: [],
    timeIntervals: {},
    zones: {},
    receivers: names.map((name) => ({ name, integrations: [webhook] })),
    ...more,
  };
}

class Story extends DispatchSimulation {
  constructor(more: Partial<DispatchConfig> = {}) {
    super(config(more), startMs);
  }

  at(seconds: number): this {
    this.advanceTo(startMs + seconds * second);
    return this;
  }

  /** One line for each notification since the last call: when, to whom, why, which alerts. */
  told(): string[] {
    return this.notifications.splice(0).map(line);
  }
}

function line({ atMs, receiver, reason, status, alerts }: GroupNotification): string {
  const shown = alerts.map(({ labels, status: each, isNew }) => {
    const name = labels["instance"] ?? labels["alertname"];
    return `${isNew ? "+" : ""}${name}${each === "firing" ? "" : " ended"}`;
  });
  const when = (atMs - startMs) / second;
  return `${when} ${receiver} ${status}: ${reason}: ${shown.join(", ")}`;
}

const down = (instance: string): Record<string, string> => ({ alertname: "Down", instance });

function silence(more: Partial<Silence> = {}): Silence {
  return {
    id: "s1",
    matchers: [{ label: "instance", op: "=", value: "a" }],
    startsAtMs: startMs,
    endsAtMs: startMs + 1_000 * second,
    updatedAtMs: startMs,
    createdBy: "ann",
    comment: "work",
    annotations: {},
    recurrence: null,
    ...more,
  };
}

test("a group waits, is told, told of changes, repeated, and told of its end", () => {
  const story = new Story();
  story.fire(down("a"));
  story.at(10).fire(down("b"));
  expect(story.at(29).told()).toEqual([]);
  expect(story.at(30).told()).toEqual(["30 team firing: first notification: a, b"]);
  story.at(40).fire(down("c"));
  expect(story.at(329).told()).toEqual([]);
  expect(story.at(330).told()).toEqual(["330 team firing: new alerts in group: a, b, +c"]);
  story.at(400).resolve(down("a"));
  const partly = ["630 team firing: some alerts in group resolved: a ended, b, c"];
  expect(story.at(900).told()).toEqual(partly);
  // Looked at each 300 s: the twelfth look since is 3,600 s after the last message.
  expect(story.at(4_229).told()).toEqual([]);
  expect(story.at(4_230).told()).toEqual(["4230 team firing: repeat interval elapsed: b, c"]);
  story.resolve(down("b"));
  story.resolve(down("c"));
  const ended = ["4530 team resolved: all alerts in group resolved: b ended, c ended"];
  expect(story.at(9_000).told()).toEqual(ended);
  expect(story.dispatcher.groups.size).toBe(0);
  expect(story.dispatcher.alerts.size).toBe(0);
});

test("an alert that ends while its group waits is told of to nobody", () => {
  const story = new Story();
  story.fire(down("a"));
  story.at(10).resolve(down("a"));
  expect(story.at(1_000).told()).toEqual([]);
  expect(story.dispatcher.groups.size).toBe(0);
});

test("an alert that came back before its group was looked at has not ended for anyone", () => {
  const story = new Story();
  story.fire(down("a"));
  expect(story.at(30).told()).toHaveLength(1);
  story.at(100).resolve(down("a"));
  story.at(110).fire(down("a"));
  expect(story.at(1_000).told()).toEqual([]);
});

test("an alert that began long ago does not wait in a new group", () => {
  const story = new Story();
  story.fire(down("a"), {}, startMs - 60 * second);
  expect(story.at(0).told()).toEqual(["0 team firing: first notification: a"]);
});

test("routes: the first child that matches, those after `continue`, else the parent", () => {
  const matchers = [{ label: "severity", op: "=", value: "page" }] as const;
  const page = route({ index: 1, receiver: "other", matchers: [...matchers], continue: true });
  const all = route({ index: 2, receiver: "third", matchers: [] });
  const story = new Story({ route: route({ routes: [page, all] }) });
  story.fire({ alertname: "Down", severity: "page" });
  story.fire({ alertname: "Slow", severity: "info" });
  expect(story.at(30).told()).toEqual([
    "30 other firing: first notification: Down",
    "30 third firing: first notification: Down",
    "30 third firing: first notification: Slow",
  ]);
  const keys = [...story.dispatcher.groups.values()].map(({ key }) => key);
  expect(keys).toContain('{}/{severity="page"}#0:{alertname="Down"}');
});

test("'...' makes a group of each label set, [] one of all", () => {
  const each = new Story({ route: route({ groupBy: null }) });
  const one = new Story({ route: route({ groupBy: [] }) });
  for (const story of [each, one]) {
    story.fire({ alertname: "Down", instance: "a" });
    story.fire({ alertname: "Slow", instance: "b" });
    story.at(30);
  }
  expect(each.told()).toHaveLength(2);
  expect(one.told()).toEqual(["30 team firing: first notification: a, b"]);
});

test("a receiver that wants no ends is told of none, and anew when it fires again", () => {
  const quiet = { kind: "email", index: 0, sendResolved: false };
  const story = new Story({ receivers: [{ name: "team", integrations: [quiet] }] });
  story.fire(down("a"));
  story.fire(down("b"));
  expect(story.at(30).told()).toHaveLength(1);
  story.at(40).resolve(down("a"));
  expect(story.at(700).told()).toEqual([]);
  story.resolve(down("b"));
  expect(story.at(2_000).told()).toEqual([]);
  story.fire(down("b"));
  expect(story.at(2_030).told()).toEqual(["2030 team firing: first notification: b"]);
});

test("while a source fires its targets are not told, and are told once it has ended", () => {
  const story = new Story({
    inhibitRules: [
      {
        name: "cluster",
        sources: [{ matchers: [{ label: "alertname", op: "=", value: "ClusterDown" }], equal: [] }],
        targetMatchers: [{ label: "alertname", op: "!=", value: "ClusterDown" }],
        equal: ["cluster"],
      },
    ],
  });
  story.fire({ alertname: "ClusterDown", cluster: "x" });
  story.fire({ alertname: "Down", cluster: "x" });
  story.fire({ alertname: "Down", cluster: "y", instance: "elsewhere" });
  expect(story.at(30).told()).toEqual([
    "30 team firing: first notification: ClusterDown",
    "30 team firing: first notification: elsewhere",
  ]);
  story.at(100).resolve({ alertname: "ClusterDown", cluster: "x" });
  expect(story.at(330).told()).toEqual([
    "330 team resolved: all alerts in group resolved: ClusterDown ended",
    "330 team firing: new alerts in group: elsewhere, +Down",
  ]);
});

test("alerts that are source and target of a rule do not inhibit each other", () => {
  const critical = [{ label: "severity", op: "=~", value: "critical|warning" }] as const;
  const rule = { name: "", equal: ["alertname"], targetMatchers: [...critical] };
  const story = new Story({
    inhibitRules: [{ ...rule, sources: [{ matchers: [...critical], equal: [] }] }],
  });
  story.fire({ alertname: "Down", severity: "critical", instance: "a" });
  story.fire({ alertname: "Down", severity: "warning", instance: "b" });
  expect(story.at(30).told()).toEqual(["30 team firing: first notification: a, b"]);
});

test("a silence keeps its alerts quiet until it ends", () => {
  const story = new Story();
  story.silence(silence());
  story.fire(down("a"));
  story.fire(down("b"));
  expect(story.at(30).told()).toEqual(["30 team firing: first notification: b"]);
  expect(story.at(999).told()).toEqual([]);
  // The first look after its end, at 1,000 s.
  expect(story.at(1_230).told()).toEqual(["1230 team firing: new alerts in group: +a, b"]);
});

test("of two states of a silence the newer one holds, in whatever order they come", () => {
  const silences = new Silences();
  const expired = silence({ endsAtMs: startMs + 5, updatedAtMs: startMs + 5 });
  expect(silences.merge(expired, startMs)).toBe(true);
  expect(silences.merge(silence(), startMs)).toBe(false);
  expect(silences.get("s1")).toEqual(expired);
});

test("a recurring silence is active in its hours only, also over midnight", () => {
  const hours = { weekdays: [1], fromMinute: 22 * 60, toMinute: 6 * 60 };
  const location = "Europe/Berlin";
  const nights = { ...hours, location, offsets: zoneOffsets(location) };
  const silences = new Silences();
  silences.merge(silence({ recurrence: nights, endsAtMs: startMs + 10 * 86_400_000 }), startMs);
  const isActive = (time: string): boolean => silences.isActive("s1", Date.parse(time));
  expect(isActive("2026-03-02T20:59:00Z")).toBe(false);
  expect(isActive("2026-03-02T21:00:00Z")).toBe(true);
  expect(isActive("2026-03-03T04:59:00Z")).toBe(true);
  expect(isActive("2026-03-03T05:00:00Z")).toBe(false);
  expect(isActive("2026-03-03T21:00:00Z")).toBe(false);
});

test("mute times keep a route quiet, active times all but them", () => {
  const nine = { fromMinute: 9 * 60, toMinute: 10 * 60 };
  const nineToTen = {
    ...{ times: [nine], weekdays: null, daysOfMonth: null, months: null, years: null },
    location: "UTC",
  };
  const timeIntervals = { "nine-to-ten": [nineToTen] };
  const muted = new Story({ timeIntervals, route: route({ muteTimeIntervals: ["nine-to-ten"] }) });
  const active = new Story({
    timeIntervals,
    route: route({ activeTimeIntervals: ["nine-to-ten"] }),
  });
  for (const story of [muted, active]) {
    story.fire(down("a"));
    story.at(3_000);
  }
  expect(active.told()).toEqual(["30 team firing: first notification: a"]);
  expect(muted.told()).toEqual([]);
  expect(muted.at(3_700).told()).toEqual(["3630 team firing: first notification: a"]);
});

test("a new configuration tells nobody again, and moves alerts to the groups it asks for", () => {
  const story = new Story();
  story.fire(down("a"));
  expect(story.at(30).told()).toHaveLength(1);
  story.at(100).configure(config({ route: route({ groupWaitMs: 5 * second }) }));
  expect(story.at(329).told()).toEqual([]);
  expect(story.at(1_000).told()).toEqual([]);
  const matchers = [{ label: "instance", op: "=", value: "a" }] as const;
  const toOther = route({ index: 1, receiver: "other", matchers: [...matchers] });
  story.configure(config({ route: route({ routes: [toOther] }) }));
  expect(story.at(1_500).told()).toEqual(["1000 other firing: first notification: a"]);
  expect([...story.dispatcher.groups.values()]).toHaveLength(1);
});

test("a message that nobody took is told anew at the group's next look", () => {
  const story = new Story();
  story.fire(down("a"));
  story.at(30);
  const [{ id, receiver, integration, groupKey }] = story.notifications as [GroupNotification];
  const about = { notificationId: id, receiver, integration, groupKey, attempt: 9, detail: "" };
  expect(story.told()).toHaveLength(1);
  story.report({ ...about, outcome: "failed" });
  expect(story.at(330).told()).toEqual([]);
  story.report({ ...about, outcome: "gaveUp" });
  expect(story.at(630).told()).toEqual(["630 team firing: first notification: a"]);
});

test("a dispatcher that is restored goes on as if nothing had been", () => {
  const story = new Story();
  story.fire(down("a"));
  story.at(30).fire(down("b"));
  const snapshot = JSON.parse(JSON.stringify(dispatchSnapshotOf(story.dispatcher)));
  const restored = dispatcherFrom(snapshot, 0, config(), new Silences());
  expect(dispatchSnapshotOf(restored)).toEqual(snapshot);
  const told: GroupNotification[] = [];
  restored.flush("grp-0-1", startMs + 330 * second, (output) => {
    if (output.kind === "notifyGroup") told.push(output.notification);
  });
  expect(told.map(line)).toEqual(["330 team firing: new alerts in group: a, +b"]);
});

/** An alert under a key of its sender's, whose labels are not its identity. */
function keyed(labels: Record<string, string>, kind: "opened" | "changed") {
  const body = { labels, annotations: {}, generatorURL: "", dedupKey: "own" };
  const times = { atMs: startMs, startsAtMs: startMs, endsAtMs: startMs + 3_600 * second };
  return { kind, fingerprint: "f1", received: 1, ...times, body } as const;
}

test("a group whose route is gone from its alerts survives a restart", () => {
  const dispatcher = new Dispatcher(0, config(), new Silences());
  dispatcher.apply(keyed({ alertname: "Down" }, "opened"), startMs, () => {});
  dispatcher.apply(keyed({ alertname: "Gone" }, "changed"), startMs, () => {});
  const snapshot = JSON.parse(JSON.stringify(dispatchSnapshotOf(dispatcher)));
  const restored = dispatcherFrom(snapshot, 0, config(), new Silences());
  for (const each of [dispatcher, restored]) {
    const outputs: DispatchOutput[] = [];
    const emit = (output: DispatchOutput): void => void outputs.push(output);
    // It is looked at and ends; an alert that comes back then begins a new one.
    each.flush("grp-0-1", startMs + 31 * second, emit);
    expect([...each.groups.values()].map(({ id }) => id)).toEqual(["grp-0-2"]);
    expect(outputs).toEqual([{ kind: "timer", id: "grp-0-1", generation: 2, fireAtMs: null }]);
  }
});

test("an alert that takes other labels under its key has ended where it was told of", () => {
  const dispatcher = new Dispatcher(0, config(), new Silences());
  const told: string[] = [];
  const emit = (output: DispatchOutput): void => {
    if (output.kind === "notifyGroup") told.push(line(output.notification));
  };
  dispatcher.apply(keyed({ alertname: "Down" }, "opened"), startMs, emit);
  dispatcher.flush("grp-0-1", startMs + 30 * second, emit);
  const other = keyed({ alertname: "Gone" }, "changed");
  dispatcher.apply(other, startMs + 60 * second, emit);
  // There and back before anybody looked: nothing has ended.
  dispatcher.apply(keyed({ alertname: "Down" }, "changed"), startMs + 70 * second, emit);
  dispatcher.flush("grp-0-1", startMs + 330 * second, emit);
  dispatcher.apply(other, startMs + 340 * second, emit);
  const snapshot = JSON.parse(JSON.stringify(dispatchSnapshotOf(dispatcher)));
  const restored = dispatcherFrom(snapshot, 0, config(), new Silences());
  restored.flush("grp-0-1", startMs + 630 * second, emit);
  expect(told).toEqual([
    "30 team firing: first notification: Down",
    "630 team resolved: all alerts in group resolved: Down ended",
  ]);
  expect([...restored.alerts.keys()]).toEqual(["f1"]);
  expect(restored.alerts.get("f1")?.groups).toHaveLength(1);
});

test("silences are forgotten when they have been over for long, each at its time", () => {
  const silences = new Silences();
  const ended = (id: string, endsAtMs: number): Silence => silence({ id, endsAtMs });
  silences.merge(ended("late", startMs + 2_000), startMs);
  silences.merge(ended("early", startMs + 1_000), startMs);
  const ids = (afterMs: number): string[] => {
    silences.merge(ended("new", startMs + 9_000), startMs + silenceRetentionMs + afterMs);
    return silences.all().map(({ id }) => id);
  };
  expect(ids(1_000)).toEqual(["late", "early", "new"]);
  expect(ids(1_001)).toEqual(["late", "new"]);
  expect(ids(2_000)).toEqual(["late", "new"]);
  expect(ids(2_001)).toEqual(["new"]);
});

test("a group that is too large for a message shows what fires, and how many it leaves out", () => {
  const story = new Story();
  const summary = "x".repeat(1_000);
  for (let index = 0; index < 2_000; index += 1) story.fire(down(`i${index}`), { summary });
  story.at(30);
  const [first] = story.notifications.splice(0);
  const bytes = Buffer.byteLength(JSON.stringify(first));
  expect(bytes).toBeLessThan(notificationBytesMax + 1_000);
  expect(bytes).toBeGreaterThan(notificationBytesMax - 2_000);
  expect(first!.alerts.length + first!.truncatedAlerts!).toBe(2_000);
  // All of them were told of: nothing is new at the next look.
  expect(story.at(330).told()).toEqual([]);
  for (let index = 0; index < 1_990; index += 1) story.resolve(down(`i${index}`));
  story.at(630);
  const [partly] = story.notifications.splice(0);
  expect(partly!.alerts.filter(({ status }) => status === "firing")).toHaveLength(10);
});
