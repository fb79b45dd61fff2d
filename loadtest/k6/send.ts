/**
 * Sends alerts and judges the answers, inside k6.
 *
 * S1 An alert is accepted by a 200 and nothing else. A 429 or 503 with Retry-After is shed, what
 *    a server promises under overload; every other answer, and none in time, is failed.
 * S2 Latency is that of accepted requests, from when each was sent. k6 sends when a request is
 *    due, whatever the server does; lateness says by how much it missed that, and requests that
 *    found no free virtual user are k6's dropped_iterations.
 * S3 A phase's n-th iteration sends request n, so no new alert is sent twice, by whichever
 *    virtual user.
 */
import execution from "k6/execution";
import http from "k6/http";
import type { Answer } from "k6/http";
import { Counter, Trend } from "k6/metrics";
import { AlertBatches } from "./alert-batch.ts";
import type { Batch } from "./alert-batch.ts";
import { requestTimeout, usersOf } from "./options.ts";
import type { Phase } from "./phases.ts";
import type { Settings } from "./settings.ts";

/** What all virtual users have in common; see script.ts. */
export type Session = { run: string; startsAtMs: number };

export type Meter = {
  accepted: Counter;
  shed: Counter;
  failed: Counter;
  latency: Trend;
  lateness: Trend;
};

export function meter(prefix: "alerts" | "reads"): Meter {
  return {
    accepted: new Counter(`${prefix}_accepted`),
    shed: new Counter(`${prefix}_shed`),
    failed: new Counter(`${prefix}_failed`),
    latency: new Trend(`${prefix}_latency`, true),
    lateness: new Trend(`${prefix}_lateness`, true),
  };
}

const json = { "Content-Type": "application/json" };
const sending = { headers: json, timeout: requestTimeout };
const alertsMeter = meter("alerts");
const fresh = new Counter("alerts_fresh");

export class AlertSender {
  readonly #settings: Settings;
  readonly #phases: Phase[];
  /** Of this virtual user, by phase. */
  readonly #batches = new Map<string, AlertBatches>();

  constructor(settings: Settings, phases: Phase[]) {
    this.#settings = settings;
    this.#phases = phases;
  }

  /** The request that is due now. */
  send(session: Session): void {
    const { name, startTime, iterationInTest: n } = execution.scenario;
    const batches = this.#batchesOf(session, name);
    const nowMs = Date.now();
    const phase = this.#phases.find((each) => each.name === name)!;
    if (phase.work === "fill") return this.#post(batches.fill(n, nowMs));
    markLateness(alertsMeter, phase, n, startTime, nowMs);
    this.#post(batches.request(n, nowMs));
  }

  /** Makes the whole population known. */
  fill(session: Session): void {
    const batches = this.#batchesOf(session, "fill");
    for (let n = 0; ; n++) {
      const batch = batches.fill(n, Date.now());
      if (batch.alerts === 0) return;
      this.#post(batch);
    }
  }

  #post({ body, alerts, fresh: isNew }: Batch): void {
    const url = `${this.#settings.url}/api/v2/alerts`;
    const answer = http.request("POST", url, body, sending);
    if (judge(answer, [200], alerts, alertsMeter) && isNew > 0) fresh.add(isNew);
  }

  #batchesOf(session: Session, name: string): AlertBatches {
    const found = this.#batches.get(name);
    if (found !== undefined) return found;
    const { seed, batch, repeats, population, run } = this.#settings;
    const phase = this.#phases.find((each) => each.name === name);
    const requestsPerSecond = (phase?.perSecond ?? 0) / batch;
    const resolveAfter = Math.ceil((phase?.resolveAfterSeconds ?? 0) * requestsPerSecond);
    const common = { seed, batch, repeats, population, resolveAfter };
    const { startsAtMs } = session;
    const mix = { ...common, run: run || session.run, phase: name, startsAtMs };
    const users = phase === undefined ? 1 : usersOf(phase, this.#settings);
    const made = new AlertBatches(mix, { user: execution.vu.idInTest, users });
    this.#batches.set(name, made);
    return made;
  }
}

/**
 * How long after its time a phase's n-th request is sent. Requests that were dropped have no
 * number, so after such ones this is too much by their share; the runner takes it off again.
 */
export function markLateness(
  { lateness }: Meter,
  { perSecond, batch }: Phase,
  n: number,
  startMs: number,
  nowMs: number,
): void {
  const dueMs = perSecond === 0 ? nowMs : startMs + (n * 1000 * batch) / perSecond;
  lateness.add(Math.max(0, nowMs - dueMs));
}

/** @returns whether the answer is one of those wanted. */
export function judge(answer: Answer, right: number[], items: number, meters: Meter): boolean {
  const { status, headers, timings } = answer;
  if (right.includes(status)) {
    meters.accepted.add(items);
    meters.latency.add(timings.blocked + timings.duration);
    return true;
  }
  const isShed = (status === 429 || status === 503) && headers["Retry-After"] !== undefined;
  if (isShed) meters.shed.add(items);
  else meters.failed.add(items, { reason: reasonOf(answer) });
  return false;
}

/** Few different texts: each one is kept for the whole run. */
function reasonOf({ status, error_code: code }: Answer): string {
  if (status === 0) return `no answer (k6 error ${code})`;
  return `status ${status}${status === 429 || status === 503 ? " without Retry-After" : ""}`;
}
