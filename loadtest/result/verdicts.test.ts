/** The pure parts that judge: verdicts, levels, recovery, series. */
import { expect, test } from "vitest";
import { steadyPhases } from "../k6/phases.ts";
import type { Phase } from "../k6/phases.ts";
import { readSettings } from "../k6/settings.ts";
import { serverCounters } from "../watch/server-counters.ts";
import { levelFault } from "./levels.ts";
import { LoadRecord } from "./load-record.ts";
import type { Counts, PhaseRecord } from "./load-record.ts";
import { recoverySecond } from "./recovery.ts";
import { Series } from "./series.ts";
import { atMost, machineFault, verdictOf } from "./verdict.ts";

const limits = { p95Ms: 250, p99Ms: 1000, drainSeconds: 30 };

/** 10 requests a second with 10 alerts each. */
function phaseOf(name: string, seconds: number): Phase {
  const env = { RATE: "100", BATCH: "10", SECONDS: String(seconds) };
  return { ...steadyPhases(readSettings(env))[0]!, name };
}

function recordOf(counts: Partial<Counts>, latencyMs = 10, latenessMs = 0.1): PhaseRecord {
  const record = new LoadRecord(0).begin(phaseOf("steady", 10));
  Object.assign(record.counts, { due: 1000, accepted: 1000, ...counts });
  for (let i = 0; i < 100; i++) {
    record.latency.add(latencyMs);
    record.lateness.add(latenessMs);
  }
  return record;
}

const idle = { generator: 0.2, others: 0.1, machine: 2 };

test("a late or greedy generator and a busy machine excuse slow phases, and nothing else", () => {
  const slowly = recordOf({}, 300, 10);
  const late = "k6 was late itself (p95 200 ms; latency 300 ms): such figures";
  expect(machineFault(recordOf({}, 300, 200), idle)).toContain(late);
  expect(machineFault(slowly, { ...idle, generator: 1.5 })).toContain("k6 kept 1.5 of 2 proc");
  expect(machineFault(slowly, { ...idle, others: 0.6 })).toContain("other programs kept 0.6 of 2");
  expect(machineFault(slowly, idle)).toBe(null);
  expect(machineFault(slowly, { generator: null, others: null, machine: 2 })).toBe(null);
  const slow = { ...atMost("steady: p95", 300, 250, "ms"), phase: "steady" };
  const faulty = new Set(["steady"]);
  expect(verdictOf([slow], faulty)).toBe("unclear");
  expect(verdictOf([slow], new Set())).toBe("broken");
  const lost = atMost("lost", 1, 0, "alerts");
  expect(verdictOf([slow, lost], faulty)).toBe("broken");
  expect(verdictOf([{ ...lost, holds: null }], faulty)).toBe("holds");
});

const sampleOf = (metric: string, second: number, value: number, reason = "") => ({
  ...{ metric, atMs: second * 1000, value, scenario: "steady", reason },
});

test("samples become counts, of the phase and of each second", () => {
  const load = new LoadRecord(0);
  const record = load.begin(phaseOf("steady", 10));
  load.add(record, sampleOf("alerts_lateness", 1, 0));
  load.add(record, sampleOf("alerts_lateness", 1, 0));
  load.add(record, sampleOf("alerts_lateness", 2, 0));
  load.add(record, sampleOf("alerts_accepted", 1.5, 10));
  load.add(record, sampleOf("alerts_fresh", 1.5, 2));
  load.add(record, sampleOf("alerts_latency", 1.5, 40));
  load.add(record, sampleOf("alerts_shed", 2.5, 10));
  load.add(record, sampleOf("alerts_failed", 2.5, 10, "status 500"));
  load.add(record, sampleOf("dropped_iterations", 2.5, 1));
  const all = { due: 40, unsent: 10, accepted: 10, fresh: 2, shed: 10, failed: 10 };
  expect(record.counts).toEqual(all);
  expect(record.failures).toEqual({ "status 500": 10 });
  expect([record.latency.maxMs, record.latency.count]).toEqual([40, 1]);
  expect(load.series.points().map(({ second, value }) => [second, value.counts.due])).toEqual([
    [1, 20],
    [2, 20],
  ]);
});

test("requests that were dropped do not count as lateness of those that follow", () => {
  const load = new LoadRecord(0);
  const record = load.begin(phaseOf("steady", 10));
  load.add(record, sampleOf("alerts_lateness", 1, 5));
  for (let i = 0; i < 7; i++) load.add(record, sampleOf("dropped_iterations", 2, 1));
  // Seven requests at ten a second: by its number, the next one is 700 ms late.
  load.add(record, sampleOf("alerts_lateness", 3, 704));
  expect([record.lateness.maxMs, record.lateness.count]).toEqual([5, 2]);
});

test("a level breaks by failures, shedding, too little accepted, latency and backlog", () => {
  const fault = (counts: Partial<Counts>, ms = 10, growth = 0): string | null =>
    levelFault(recordOf(counts, ms), 100, growth, limits);
  expect(fault({})).toBe(null);
  expect(fault({ failed: 1 })).toContain("failed");
  expect(fault({ shed: 1 })).toContain("shed");
  expect(fault({ accepted: 900 })).toBe("only 90/s accepted");
  expect(fault({}, 400)).toContain("p95");
  expect(fault({}, 10, 300)).toBe("the stages fall behind by 30 alerts/s");
});

function recoveryOf(accepted: number[]): number | null {
  const load = new LoadRecord(0);
  const calm = load.begin(phaseOf("calm", accepted.length));
  Object.assign(calm, { startSecond: 0, endSecond: accepted.length });
  for (const [second, count] of accepted.entries()) {
    load.add(calm, sampleOf("alerts_accepted", second, count));
    load.add(calm, sampleOf("alerts_latency", second, 5));
  }
  return recoverySecond(load.series, calm, limits.p95Ms);
}

test("normal again means three good seconds in a row, counted from the calm's beginning", () => {
  expect(recoveryOf([100, 100, 100, 100, 100])).toBe(0);
  expect(recoveryOf([0, 40, 100, 20, 100, 100, 100, 100])).toBe(4);
  expect(recoveryOf([0, 0, 100, 100, 0, 0])).toBe(null);
});

test("a series keeps sums while it halves its points, and leaves out what nobody saw", () => {
  type Sum = { n: number };
  const kind = { fresh: (): Sum => ({ n: 0 }), merge: (a: Sum, b: Sum) => void (a.n += b.n) };
  const series = new Series(kind, 4);
  for (const second of [0, 1, 2, 3, 4, 5, 9]) series.at(second).n += 1;
  expect(series.widthSeconds).toBe(4);
  expect(series.points().map(({ second, value }) => [second, value.n])).toEqual([
    [0, 4],
    [4, 2],
    [8, 1],
  ]);
});

test("metrics are summed over their labels; refused alerts were never accepted", () => {
  const metrics =
    'tocsin_alerts_accepted_total 12\ntocsin_alerts_processed{outcome="opened"} 4\n' +
    'tocsin_alerts_processed{outcome="rejected"} 3\ntocsin_alerts_processed_more 9\n' +
    'tocsin_relay_backlog_steps{stage="dedup",partition="0"} 2\n';
  const status = { pid: 7, version: "1", clickhouse: { lag: 5, state: "ready" } };
  expect(serverCounters(metrics, status)).toMatchObject({
    ...{ accepted: 12, processed: 4, relayBacklog: 2, stepsBehind: 5, pid: 7 },
  });
});
