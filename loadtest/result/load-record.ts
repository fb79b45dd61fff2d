/** What the generator reported: per phase in all, and over time. Nothing grows with the run. */
import { Histogram } from "../load/histogram.ts";
import { addCounts, noCounts } from "../load/phase.ts";
import type { Counts, Phase, Tick } from "../load/phase.ts";
import { Series } from "./series.ts";

export type PhaseRecord = {
  phase: Phase;
  /** In seconds since the scenario's beginning. */
  startSecond: number;
  endSecond: number;
  counts: Counts;
  latency: Histogram;
  lateness: Histogram;
  failures: Record<string, number>;
};

export type LoadPoint = { counts: Counts; latency: Histogram };

/** Sendings of alerts only; reads have their own latencies and would hide in the crowd. */
const loadPoints = {
  fresh: (): LoadPoint => ({ counts: noCounts(), latency: new Histogram() }),
  merge(into: LoadPoint, from: LoadPoint): void {
    addCounts(into.counts, from.counts);
    into.latency.merge(from.latency);
  },
};

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

  begin(phase: Phase, nowMs: number): PhaseRecord {
    const startSecond = this.second(nowMs);
    const record: PhaseRecord = {
      phase,
      startSecond,
      endSecond: startSecond + phase.seconds,
      counts: noCounts(),
      latency: new Histogram(),
      lateness: new Histogram(),
      failures: {},
    };
    this.phases.push(record);
    return record;
  }

  add(tick: Tick): void {
    const record = this.phases.find(({ phase }) => phase.name === tick.phase);
    if (record === undefined) return;
    addCounts(record.counts, tick.counts);
    record.latency.merge(tick.latency);
    record.lateness.merge(tick.lateness);
    for (const [reason, count] of Object.entries(tick.failures)) {
      record.failures[reason] = (record.failures[reason] ?? 0) + count;
    }
    if (!sendsAlerts(record.phase)) return;
    const point = this.series.at(tick.second);
    addCounts(point.counts, tick.counts);
    point.latency.merge(tick.latency);
  }
}

export function sendsAlerts(phase: Phase): boolean {
  return phase.work.kind === "alerts";
}

/** Items a second over the phase's length, whenever their answers came. */
export function perSecond(record: PhaseRecord, items: number): number {
  return items / record.phase.seconds;
}
