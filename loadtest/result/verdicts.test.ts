/** The pure parts that judge: verdicts, levels, recovery, series. */
import { expect, test } from "vitest";
import { Histogram } from "../load/histogram.ts";
import { noCounts } from "../load/phase.ts";
import type { Counts, Phase } from "../load/phase.ts";
import { serverCounters } from "../watch/server-sample.ts";
import { levelFault } from "./levels.ts";
import { LoadRecord } from "./load-record.ts";
import type { PhaseRecord } from "./load-record.ts";
import { recoverySecond } from "./recovery.ts";
import { Series } from "./series.ts";
import { atMost, failedCheck, generatorFault, steadyChecks, verdictOf } from "./verdict.ts";

const limits = { p95Ms: 250, p99Ms: 1000, drainSeconds: 30 };

function phaseOf(name: string, seconds: number): Phase {
  const common = { run: "r", phase: name, seed: 1, batch: 10, repeats: 1, population: 10 };
  const mix = { ...common, resolveAfter: 0, startsAtMs: 0 };
  const pace = { kind: "open" as const, requestsPerSecond: 10 };
  return { name, work: { kind: "alerts", mix }, pace, seconds };
}

function recordOf(counts: Partial<Counts>, latencyMs = 10, latenessMs = 0.1): PhaseRecord {
  const record = new LoadRecord(0).begin(phaseOf("steady", 10), 0);
  Object.assign(record.counts, { due: 1000, accepted: 1000, ...counts });
  for (let i = 0; i < 100; i++) {
    record.latency.add(latencyMs);
    record.lateness.add(latenessMs);
  }
  return record;
}

const broken = (record: PhaseRecord): string[] =>
  steadyChecks(record, limits).flatMap(({ name, holds }) => (holds === false ? name : []));

test("a steady phase breaks by latency, by shedding more than 1 %, and by any failure", () => {
  expect(broken(recordOf({}))).toEqual([]);
  expect(broken(recordOf({}, 300))).toEqual(["steady: p95"]);
  expect(broken(recordOf({ shed: 10 }))).toEqual([]);
  expect(broken(recordOf({ shed: 8, unsent: 8 }))).toEqual(["steady: shed or unsent"]);
  expect(broken(recordOf({ failed: 1 }))).toEqual(["steady: failed"]);
});

test("failures name their reasons", () => {
  const record = recordOf({ failed: 30 });
  record.failures["status 500"] = 3;
  expect(failedCheck(record).got).toBe("30 (3 × status 500)");
});

test("a late generator makes slow phases unclear, but excuses nothing else", () => {
  const late = recordOf({}, 300, 200);
  expect(generatorFault(late)).toContain("generator itself was late");
  expect(generatorFault(recordOf({}, 300, 10))).toBe(null);
  const faulty = new Set(["steady"]);
  expect(verdictOf(steadyChecks(late, limits), faulty)).toBe("unclear");
  expect(verdictOf(steadyChecks(late, limits), new Set())).toBe("broken");
  const lost = atMost("lost", 1, 0, "alerts");
  expect(verdictOf([...steadyChecks(late, limits), lost], faulty)).toBe("broken");
  expect(verdictOf([{ ...lost, holds: null }], faulty)).toBe("holds");
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
  const record = new LoadRecord(0);
  const calm = record.begin(phaseOf("calm", accepted.length), 0);
  for (const [second, count] of accepted.entries()) {
    const latency = new Histogram();
    latency.add(5);
    const counts = { ...noCounts(), due: 100, accepted: count };
    const data = { counts, latency: latency.data(), lateness: latency.data() };
    record.add({ phase: "calm", second, failures: {}, ...data });
  }
  return recoverySecond(record.series, calm, 100, limits.p95Ms);
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
