/** What k6 reported: per phase in all, and over time. Nothing grows with the run. */
import { metricPrefix } from "../k6/options.ts";
import type { Phase } from "../k6/phases.ts";
import type { K6Sample } from "../generator/sample-lines.ts";
import { Histogram } from "./histogram.ts";
import { Series } from "./series.ts";

/** Counts are of items: alerts where alerts are sent, otherwise requests. */
export type Counts = {
  /** Whatever was due: sent or not. */
  due: number;
  /** Due while every virtual user waited for an answer; never sent. */
  unsent: number;
  accepted: number;
  /** Of the accepted, sent for the first time. */
  fresh: number;
  /** 429 or 503 with Retry-After: "not now", as the server promises under overload. */
  shed: number;
  /** Any other answer, none in time, or a lost connection. */
  failed: number;
};

export type PhaseRecord = {
  phase: Phase;
  /** In seconds since the scenario's beginning; not a number before the phase began. */
  startSecond: number;
  endSecond: number;
  counts: Counts;
  /** Of accepted requests, from when each was sent. */
  latency: Histogram;
  /** From due to sent: the generator's own delay, which latency does not include. */
  lateness: Histogram;
  failures: Record<string, number>;
};

export type LoadPoint = { counts: Counts; latency: Histogram };

/** Sendings of alerts only; reads have their own latencies and would hide in the crowd. */
const loadPoints = {
  fresh: (): LoadPoint => ({ counts: noCounts(), latency: new Histogram() }),
  merge(into: LoadPoint, from: LoadPoint): void {
    for (const key of Object.keys(into.counts) as (keyof Counts)[]) {
      into.counts[key] += from.counts[key];
    }
    into.latency.merge(from.latency);
  },
};
/** Kinds of failures kept apart; more of them count as "other". */
const failureKindsMax = 20;

export class LoadRecord {
  readonly phases: PhaseRecord[] = [];
  readonly series = new Series<LoadPoint>(loadPoints);
  readonly #startMs: number;

  constructor(startMs: number) {
    this.#startMs = startMs;
  }

  /** Seconds since the beginning. */
  second(nowMs: number): number {
    return (nowMs - this.#startMs) / 1000;
  }

  begin(phase: Phase): PhaseRecord {
    const record: PhaseRecord = {
      ...{ phase, startSecond: NaN, endSecond: NaN, counts: noCounts() },
      ...{ latency: new Histogram(), lateness: new Histogram(), failures: {} },
    };
    this.phases.push(record);
    return record;
  }

  add(record: PhaseRecord, sample: K6Sample): void {
    count(record, sample);
    if (!sendsAlerts(record.phase)) return;
    const point = this.series.at(this.second(sample.atMs));
    count({ ...point, phase: record.phase }, sample);
  }
}

type Counting = { phase: Phase; counts: Counts; latency: Histogram } & Partial<PhaseRecord>;

function count(into: Counting, { metric, value, reason }: K6Sample): void {
  const { phase, counts, latency, lateness, failures } = into;
  const kind = metric.startsWith(metricPrefix(phase)) ? metric.slice(metric.indexOf("_") + 1) : "";
  if (metric === "dropped_iterations") {
    counts.due += value * phase.batch;
    counts.unsent += value * phase.batch;
  } else if (kind === "lateness") {
    counts.due += phase.batch;
    lateness?.add(Math.max(0, value - skippedMs(phase, counts)));
  } else if (kind === "latency") {
    latency.add(value);
  } else if (kind === "accepted" || kind === "fresh" || kind === "shed") {
    counts[kind] += value;
  } else if (kind === "failed") {
    counts.failed += value;
    if (failures !== undefined) addFailure(failures, reason, value);
  }
}

/** Requests that were dropped moved the numbers of all later ones: see `markLateness`. */
function skippedMs({ perSecond }: Phase, { unsent }: Counts): number {
  return perSecond === 0 ? 0 : (unsent * 1000) / perSecond;
}

export function addFailure(failures: Record<string, number>, reason: string, items: number): void {
  const isKnown = reason in failures;
  const isFull = Object.keys(failures).length >= failureKindsMax;
  const name = isKnown || !isFull ? reason : "other";
  failures[name] = (failures[name] ?? 0) + items;
}

export function sendsAlerts({ work }: Phase): boolean {
  return work === "alerts";
}

export function noCounts(): Counts {
  return { due: 0, unsent: 0, accepted: 0, fresh: 0, shed: 0, failed: 0 };
}

/** Items a second over the phase's length, whenever their answers came. */
export function perSecond(record: PhaseRecord, items: number): number {
  return items / record.phase.seconds;
}
