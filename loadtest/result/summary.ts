/** A run as plain data: what the table, the JSON file and the page show. */
import type { Run } from "../field.ts";
import type { LoadPoint, PhaseRecord } from "./load-record.ts";
import { metricPrefix } from "../k6/options.ts";
import { perSecond, sendsAlerts } from "./load-record.ts";
import type { Check, Verdict } from "./verdict.ts";

export type PhaseRow = {
  name: string;
  /** What asked, accepted, shed, failed and unsent count. */
  unit: "alerts" | "requests";
  askedPerSecond: number;
  acceptedPerSecond: number;
  p50Ms: number;
  p95Ms: number;
  p99Ms: number;
  maxMs: number;
  /** The generator's own delay, from when a request was due until it was sent. */
  latenessP95Ms: number;
  /** Processors that the generator kept busy; null: not known. */
  generatorCores: number | null;
  shed: number;
  failed: number;
  unsent: number;
};

/** Column by column; `second` says when a point begins. Null: not known. */
export type Columns = { second: number[]; [name: string]: (number | null)[] };

export type Summary = {
  scenario: string;
  question: string;
  startedAt: string;
  version: string;
  verdict: Verdict;
  rows: PhaseRow[];
  lagMax: number | null;
  residentMaxMiB: number | null;
  drainedSeconds: number | null;
  checks: Check[];
  notes: string[];
  phases: { name: string; startSecond: number; endSecond: number }[];
  load: Columns;
  server: Columns;
};

export function summarise(run: Run): Summary {
  const samples = run.sampler.series.points();
  const highest = (key: "alertsBehind" | "residentMiB"): number | null => {
    // What making the population known cost says nothing about the load.
    const during = samples.filter(({ second }) => second >= run.filledSecond);
    const values = during.flatMap(({ value }) => value[key] ?? []);
    return values.length === 0 ? null : Math.max(...values);
  };
  return {
    scenario: run.scenario.name,
    question: run.scenario.question,
    startedAt: run.startedAt,
    version: run.version,
    verdict: run.verdict,
    rows: run.shown.map((record) => phaseRow(record, run)),
    lagMax: highest("alertsBehind"),
    residentMaxMiB: highest("residentMiB"),
    drainedSeconds: run.drainedSeconds,
    checks: run.checks,
    notes: run.notes,
    phases: run.record.phases
      .filter(({ phase }) => metricPrefix(phase) === "alerts")
      .map(({ phase, startSecond, endSecond }) => ({ name: phase.name, startSecond, endSecond })),
    load: loadColumns(run.record.series.points(), run.record.series.widthSeconds),
    server: {
      second: samples.map(({ second }) => second),
      alertsBehind: samples.map(({ value }) => value.alertsBehind),
      stepsBehind: samples.map(({ value }) => value.stepsBehind),
      residentMiB: samples.map(({ value }) => value.residentMiB),
      serverCores: samples.map(({ value }) => value.serverCores),
      generatorCores: samples.map(({ value }) => value.generatorCores),
      otherCores: samples.map(({ value }) => value.otherCores),
    },
  };
}

function phaseRow(record: PhaseRecord, { sampler }: Run): PhaseRow {
  const { phase, counts, latency, lateness, startSecond, endSecond } = record;
  return {
    name: phase.name,
    unit: sendsAlerts(phase) ? "alerts" : "requests",
    askedPerSecond: perSecond(record, counts.due),
    acceptedPerSecond: perSecond(record, counts.accepted),
    p50Ms: latency.at(0.5),
    p95Ms: latency.at(0.95),
    p99Ms: latency.at(0.99),
    maxMs: latency.maxMs,
    latenessP95Ms: lateness.at(0.95),
    generatorCores: sampler.meanCores("generatorCores", startSecond, endSecond),
    shed: counts.shed,
    failed: counts.failed,
    unsent: counts.unsent,
  };
}

function loadColumns(points: { second: number; value: LoadPoint }[], width: number): Columns {
  const rate = (key: keyof LoadPoint["counts"]): number[] =>
    points.map(({ value }) => value.counts[key] / width);
  const latency = (share: number): (number | null)[] =>
    points.map(({ value }) => (value.latency.count === 0 ? null : value.latency.at(share)));
  return {
    second: points.map(({ second }) => second),
    asked: rate("due"),
    accepted: rate("accepted"),
    shed: rate("shed"),
    failed: rate("failed"),
    unsent: rate("unsent"),
    p50: latency(0.5),
    p95: latency(0.95),
    p99: latency(0.99),
  };
}
