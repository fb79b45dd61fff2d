/** What a door counts, as plain data, so that doors in other threads can be added up. */
import type { FrameIntake, IntakeCounters } from "./alert-intake.ts";
import type { Admission } from "./admission.ts";
import type { Batcher } from "./batcher.ts";
import type { HttpServer } from "./http-server.ts";
import { type RateRefusal, RateRefusals } from "./key-quota.ts";

export type IngressReadings = {
  counters: IntakeCounters;
  rejectedByReason: [reason: string, alerts: number][];
  /** What was taken out of alerts, by kind. */
  redactions: [kind: string, count: number][];
  framesSent: number;
  framesFailed: number;
  /** Alert bytes not yet durable. */
  pendingBytes: number;
  requestsInFlight: number;
  bodyBytes: number;
  /** Answers by status class; [0]: clients that went away. */
  answers: number[];
  /** Requests beyond a limit of their key or its tenant. */
  rateLimited: RateRefusal[];
};

export function readingsOf(door: {
  server: HttpServer;
  intake: FrameIntake;
  batcher: Batcher;
  admission?: Admission | null;
}): IngressReadings {
  const { server, intake, batcher, admission } = door;
  return {
    counters: { ...intake.counters },
    rejectedByReason: [...intake.rejectedByReason],
    redactions: [...(intake.redaction?.counts ?? [])],
    framesSent: batcher.framesSent,
    framesFailed: batcher.framesFailed,
    pendingBytes: batcher.pendingBytes,
    requestsInFlight: server.inFlight,
    bodyBytes: server.bufferedBytes,
    answers: [...server.answers],
    rateLimited: admission?.refusals.list() ?? [],
  };
}

/** @param all at least one. */
export function addedUp(all: readonly IngressReadings[]): IngressReadings {
  const sum = (value: (one: IngressReadings) => number): number =>
    all.reduce((total, one) => total + value(one), 0);
  const rateLimited = new RateRefusals();
  for (const { keyId, limit, count } of all.flatMap((one) => one.rateLimited)) {
    rateLimited.count(keyId, limit, count);
  }
  return {
    counters: {
      received: sum(({ counters }) => counters.received),
      accepted: sum(({ counters }) => counters.accepted),
      rejected: sum(({ counters }) => counters.rejected),
      failed: sum(({ counters }) => counters.failed),
      malformedRequests: sum(({ counters }) => counters.malformedRequests),
      overloadedRequests: sum(({ counters }) => counters.overloadedRequests),
      laggingRequests: sum(({ counters }) => counters.laggingRequests),
    },
    rejectedByReason: summed(all.flatMap((one) => one.rejectedByReason)),
    redactions: summed(all.flatMap((one) => one.redactions)),
    framesSent: sum((one) => one.framesSent),
    framesFailed: sum((one) => one.framesFailed),
    pendingBytes: sum((one) => one.pendingBytes),
    requestsInFlight: sum((one) => one.requestsInFlight),
    bodyBytes: sum((one) => one.bodyBytes),
    answers: [0, 1, 2, 3, 4, 5].map((index) => sum((one) => one.answers[index] ?? 0)),
    rateLimited: rateLimited.list(),
  };
}

function summed(counts: [string, number][]): [string, number][] {
  const sums = new Map<string, number>();
  for (const [name, count] of counts) sums.set(name, (sums.get(name) ?? 0) + count);
  return [...sums];
}

/** What remains of a door that is gone: its counts, and nothing under way. */
export function afterwards(readings: IngressReadings): IngressReadings {
  return { ...readings, pendingBytes: 0, requestsInFlight: 0, bodyBytes: 0 };
}
