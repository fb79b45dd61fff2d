/** What the generator is told, and what it tells; both cross a process boundary. */
import type { Mix } from "./alert-batch.ts";
import type { HistogramData } from "./histogram.ts";

/**
 * Open: requests are due at fixed times, whatever the server does. Closed: each connection sends
 * its next request when the last one is answered; for filling and calibrating only, since a slow
 * server slows such a load down and so looks fine.
 */
export type Pace =
  | { kind: "open"; requestsPerSecond: number }
  | { kind: "closed"; connections: number };

export type Work =
  | { kind: "alerts" | "fill"; mix: Mix }
  | { kind: "incidents" | "acknowledge" | "firing" | "sql" };

export type Phase = { name: string; work: Work; pace: Pace; seconds: number };

export type Target = { host: string; port: number };

export type GeneratorLimits = {
  connectionsMax: number;
  timeoutMs: number;
  /** Ticks tell of whole seconds since then. */
  epochMs: number;
};

export type GeneratorOrder =
  | ({ kind: "target"; target: Target } & GeneratorLimits)
  | { kind: "phase"; phase: Phase };

/** Counts are of items: alerts where alerts are sent, otherwise requests. */
export type Counts = {
  /** Whatever was due: sent or not. */
  due: number;
  /** Due while every connection waited for an answer; never sent. */
  unsent: number;
  accepted: number;
  /** Of the accepted, sent for the first time. */
  fresh: number;
  /** 429 or 503 with Retry-After: "not now", as the server promises under overload. */
  shed: number;
  /** Any other answer, none in time, or a lost connection. */
  failed: number;
};

/** What one phase met in one second. */
export type Tick = {
  phase: string;
  second: number;
  counts: Counts;
  /** Of accepted requests, from when each was due. */
  latency: HistogramData;
  /** From due to sent: the generator's own delay, which latency includes. */
  lateness: HistogramData;
  failures: Record<string, number>;
};

export type GeneratorNews =
  | { kind: "tick"; tick: Tick }
  /** The phase's time is up; answers may be on their way. */
  | { kind: "over"; phase: string }
  /** All of its requests are answered or given up. */
  | { kind: "settled"; phase: string };

export function noCounts(): Counts {
  return { due: 0, unsent: 0, accepted: 0, fresh: 0, shed: 0, failed: 0 };
}

export function addCounts(into: Counts, more: Counts): void {
  into.due += more.due;
  into.unsent += more.unsent;
  into.accepted += more.accepted;
  into.fresh += more.fresh;
  into.shed += more.shed;
  into.failed += more.failed;
}
