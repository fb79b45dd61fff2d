/**
 * Properties of the incident stage over random histories: alerts of few names and services (so
 * that they meet), commands on incidents that may or may not exist, time that jumps.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { AlertEvent } from "../actors/alert/events.ts";
import type { CommandAction, IncidentOutput } from "../actors/incident/types.ts";
import { similarityDefaults } from "../actors/correlation/likeness.ts";
import { codec } from "../streams/codec.ts";
import { storyConfig } from "../testing/story-config.ts";
import { IncidentStage } from "./incident-stage.ts";
import type { WorkRecord } from "./work.ts";

type Entry = { waitMs: number; record: WorkRecord };

const seconds = 1_000;
const incidentId = fc.integer({ min: 1, max: 30 }).map((seq) => `inc-0-${seq.toString(36)}`);
const service = fc.constantFrom("a", "b", "c", "");
const severity = fc.constantFrom("page", "warning", "info", "");

/** Copies of services that no edge leads to, and what alerts say, so that some are alike. */
const copies = ["shop-1", "shop-2", "shop-3", "shop-4", "mail", "post", "print"];
const named = fc.oneof(service, fc.constantFrom(...copies));
const summary = fc.constantFrom(
  ...["", "", "the shop answers after 3 s", "the shop answers after 4.5 s"],
  ...["p95 latency of it is 4.2 s, threshold 2 s", "Latency of it above 2 s: p95 3.7 s"],
);
const values = fc.constantFrom("", "1 2 3 9", "10 20 31 90", "9 7 5 1");

/** What founds an incident, or wears out what is below it. */
const founding = fc.constantFrom("PacketLoss", "HostUnreachable", "DiskFull", "TrafficSurge");

const body = fc.record({
  ...{ service: named, severity },
  name: fc.oneof(fc.constantFrom("slow", "down", "LatencyHigh", "LatencyHigh"), founding),
  ...{ needs: fc.constantFrom("", "", "b", "c,a"), model: fc.constantFrom("", "m") },
  ...{ summary, values, value: fc.constantFrom("", "1", "1.2", "7") },
}).map(
  ({ service, severity, name, needs, model, summary, values, value }) => ({
    labels: { alertname: name, service, severity, depends_on: needs, model_name: model },
    annotations: { summary, values, value, unit: "s" },
    generatorURL: "",
    dedupKey: null,
  }),
);

const fingerprint = fc.integer({ min: 1, max: 24 }).map((n) => n.toString(16).padStart(16, "0"));

const alertEvent: fc.Arbitrary<AlertEvent> = fc.oneof(
  fc.record({
    kind: fc.constantFrom("opened" as const, "opened" as const, "changed" as const),
    fingerprint,
    body,
    atMs: fc.constant(0),
    received: fc.constant(1 as const),
    startsAtMs: fc.constant(0),
    endsAtMs: fc.constant(1),
  }),
  fc.record({
    kind: fc.constant("refreshed" as const),
    fingerprint,
    received: fc.integer({ min: 1, max: 9 }),
    atMs: fc.constant(0),
    fromMs: fc.constant(0),
    endsAtMs: fc.constant(1),
  }),
  fc.record({
    kind: fc.constant("resolved" as const),
    fingerprint,
    received: fc.constantFrom(0 as const, 1 as const),
    by: fc.constantFrom("sender" as const, "end time" as const, "unmatched" as const),
    atMs: fc.constant(0),
    endedAtMs: fc.constant(0),
    total: fc.constant(1),
  }),
);

const action: fc.Arbitrary<CommandAction> = fc.oneof(
  fc.constantFrom<CommandAction[]>(
    { kind: "acknowledge" },
    { kind: "investigate" },
    { kind: "identify", cause: "disk" },
    { kind: "resolve", note: "" },
    { kind: "close" },
    { kind: "reopen", reason: "again" },
    { kind: "note", text: "hm" },
  ),
  incidentId.map((into) => ({ kind: "merge" as const, into })),
  incidentId.map((to) => ({
    kind: "relate" as const,
    to,
    evidence: { kind: "classifier" as const, score: 0.9, because: "it reads alike" },
  })),
  fc.record({
    kind: fc.constant("split" as const),
    alerts: fc.array(fc.oneof(fingerprint, incidentId), { minLength: 1, maxLength: 3 }),
    reason: fc.constant(""),
  }),
  fc.record({
    kind: fc.constant("create" as const),
    title: fc.constantFrom("one", "two"),
    description: fc.constant(""),
    severity: fc.constantFrom("low" as const, "critical" as const),
    service,
    labels: fc.constant({}),
    dedupKey: fc.constantFrom(null, "k"),
  }),
);

const record: fc.Arbitrary<WorkRecord> = fc.oneof(
  { arbitrary: fc.array(alertEvent, { minLength: 1, maxLength: 4 }).map(alertsRecord), weight: 6 },
  {
    arbitrary: fc.record({ action, incidentId, id: fc.integer({ min: 1, max: 60 }) }).map(
      ({ action, incidentId, id }): WorkRecord => ({
        kind: "command",
        command: {
          id: `c${id}`,
          incidentId: action.kind === "create" ? null : incidentId,
          by: "ada",
          action,
          replyTo: "",
        },
      }),
    ),
    weight: 4,
  },
  { arbitrary: fc.constant<WorkRecord>({ kind: "wake" }), weight: 1 },
  {
    arbitrary: fc.record({
      source: fc.constantFrom("api" as const, "traces" as const),
      ...{ tenant: fc.constantFrom(null, "default"), removed: fc.boolean() },
      ...{ service, dependency: fc.constantFrom("a", "b", "c") },
      ageMs: fc.constantFrom(0, 10 * seconds),
    }).map(({ ageMs, ...edge }): WorkRecord => {
      const atMs = Date.UTC(2026, 0, 1) - ageMs;
      const edges = [{ ...edge, environment: null, atMs, by: "" }];
      return { kind: "edges", edges, replyTo: "" };
    }),
    weight: 1,
  },
  { arbitrary: fc.constantFrom("story", "other").map(configRecord), weight: 1 },
);

const wait = fc.constantFrom(0, seconds, 30 * seconds, 300 * seconds, 3_000 * seconds);
const history = fc.array(fc.record({ waitMs: wait, record }), { minLength: 1, maxLength: 40 });

function alertsRecord(events: AlertEvent[]): WorkRecord {
  const items = events.map((event, index) => ({ stepSeq: 0, index, event }));
  return { kind: "alerts", partition: 0, items };
}

function configRecord(hash: string): WorkRecord {
  const groupBy = hash === "story" ? ["alertname", "service"] : ["service"];
  const by = { windowMs: 60_000, labels: ["service"], agree: ["severity"], weights: {} };
  const topology = {
    ...{ windowMs: 60_000, depthMax: 3 },
    dependencies: { a: ["b"], b: ["c"] },
    sources: {
      ...{ files: {}, labels: ["depends_on"], labelsForgetMs: 300_000 },
      ...{ traces: hash === "story", tracesForgetMs: 300_000, edgesMax: 3 },
    },
  };
  const how = { topology, similarity: similarityDefaults };
  const correlation = { enabled: hash === "story", ...by, ...how };
  return { kind: "config", config: storyConfig({ hash, groupBy, correlation }) };
}

/** The history as a log: positions, times, and an origin for each alert. */
function logOf(entries: Entry[]): { seq: number; timeMs: number; data: Uint8Array }[] {
  let timeMs = Date.UTC(2026, 0, 1);
  return entries.map(({ waitMs, record }, at) => {
    timeMs += waitMs;
    const seq = at + 1;
    if (record.kind !== "alerts") return { seq, timeMs, data: codec.encode(record) };
    const items = record.items.map((item) => ({ ...item, stepSeq: seq }));
    return { seq, timeMs, data: codec.encode({ ...record, items }) };
  });
}

type Log = ReturnType<typeof logOf>;

function newStage(): IncidentStage {
  return new IncidentStage({ codec, partition: 0, config: storyConfig() });
}

function run(stage: IncidentStage, log: Log): IncidentOutput[] {
  const outputs: IncidentOutput[] = [];
  const emit = (output: IncidentOutput): void => void outputs.push(output);
  for (const { data, ...at } of log) {
    stage.advance(at.timeMs, emit);
    stage.apply(data, at, emit);
  }
  return outputs;
}

function receivedOf(outputs: IncidentOutput[]): number {
  let sum = 0;
  for (const output of outputs) {
    if (output.kind === "event") sum += Number(output.event.detail["received"] ?? 0);
  }
  return sum;
}

const options = { seed: 20260101, numRuns: 150 };

describe("random histories", () => {
  test("make use of all that alerts say", () => {
    const seen = new Set<string>();
    for (const entries of fc.sample(history, { ...options, numRuns: 600 })) {
      for (const output of run(newStage(), logOf(entries))) {
        if (output.kind !== "event") continue;
        const evidence = String(output.event.detail["evidence"] ?? "");
        for (const piece of evidence.split(", ")) seen.add(piece.split(" ")[0] ?? "");
      }
    }
    const said = ["message", "text", "family", "series", "model"];
    expect([...seen]).toEqual(expect.arrayContaining(said));
  });

  test("the same records give the same outputs and the same snapshot", () => {
    fc.assert(fc.property(history, (entries) => {
      const [one, two] = [newStage(), newStage()];
      expect(run(one, logOf(entries))).toEqual(run(two, logOf(entries)));
      expect(one.snapshot()).toEqual(two.snapshot());
    }), options);
  });

  test("a snapshot and the tail are as good as the whole log", () => {
    fc.assert(fc.property(history, fc.nat(40), (entries, cut) => {
      const log = logOf(entries);
      const whole = newStage();
      run(whole, log.slice(0, cut));
      const restored = newStage();
      restored.restore(codec.decode(codec.encode(whole.snapshot())));
      expect(restored.nextWakeAtMs()).toBe(whole.nextWakeAtMs());
      expect(run(restored, log.slice(cut))).toEqual(run(whole, log.slice(cut)));
      expect(restored.snapshot()).toEqual(whole.snapshot());
    }), options);
  });

  test("records that come twice change nothing", () => {
    fc.assert(fc.property(history, (entries) => {
      const log = logOf(entries);
      const [once, twice] = [newStage(), newStage()];
      const outputs = run(once, log);
      // Twice in a row, as a relay repeats what it is not sure of; ids derive from the sequence.
      expect(run(twice, log.flatMap((entry) => [entry, entry]))).toEqual(outputs);
      expect(twice.snapshot()).toEqual(once.snapshot());
    }), options);
  });

  test("every alert of an incident is counted in one event, and counts agree", () => {
    fc.assert(fc.property(history, (entries) => {
      const stage = newStage();
      const outputs = run(stage, logOf(entries));
      const { rows, columns, members } = stage.snapshot().desk;
      const sum = (column: string): number =>
        rows.reduce((all, { values }) => all + Number(values[columns.indexOf(column)]), 0);
      const gone = outputs.flatMap((output) =>
        output.kind === "event" && output.event.kind === "retired" ? [output.event.incident] : [],
      );
      const retired = gone.reduce((all, { alert_count }) => all + alert_count, 0);
      expect(sum("alertCount") + retired).toBe(receivedOf(outputs));
      const firing = members.states.filter((state) => state === 2).length;
      expect(sum("firingCount")).toBe(firing);
    }), options);
  });

  test("versions count the events of an incident, and notification ids are unique", () => {
    fc.assert(fc.property(history, (entries) => {
      const outputs = run(newStage(), logOf(entries));
      const versions = new Map<string, number>();
      const ids = new Set<string>();
      for (const output of outputs) {
        if (output.kind === "event") {
          const { id, version } = output.event.incident;
          expect(version).toBe((versions.get(id) ?? 0) + 1);
          versions.set(id, version);
          expect(output.event.because).not.toBe("");
        } else if (output.kind === "notify") {
          expect(ids.has(output.notification.id)).toBe(false);
          ids.add(output.notification.id);
        }
      }
    }), options);
  });

  test("once everything is resolved, time alone empties the memory", () => {
    fc.assert(fc.property(history, (entries) => {
      const stage = newStage();
      const log = logOf(entries);
      run(stage, log);
      let { seq, timeMs } = log[log.length - 1] ?? { seq: 0, timeMs: 0 };
      const data = (value: WorkRecord): Uint8Array => codec.encode(value);
      for (const id of stage.list({
        statuses: ["open"], severities: [], services: [], tenants: [], text: "",
        createdFromMs: null, createdBeforeMs: null,
      }, 1_000, null).items.map((item) => item.id)) {
        seq += 1;
        const action = { kind: "resolve", note: "" } as const;
        const command = { id: `end ${id}`, incidentId: id, by: "ada", action, replyTo: "" };
        run(stage, [{ seq, timeMs, data: data({ kind: "command", command }) }]);
      }
      for (let rounds = 0; rounds < 3; rounds += 1) {
        seq += 1;
        timeMs += 3_700 * seconds;
        run(stage, [{ seq, timeMs, data: data({ kind: "wake" }) }]);
      }
      expect([stage.nextWakeAtMs(), stage.size, stage.liveTimers()]).toEqual([null, 0, []]);
    }), options);
  });
});
