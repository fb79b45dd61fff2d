/**
 * One phase: sends what is due, judges what comes back, and reports each second.
 *
 * P1 A request is due by the clock alone. Its latency counts from then, also when this process
 *    was late to send it, and lateness says by how much that was (no coordinated omission).
 * P2 A request that is due while `connectionsMax` others wait for answers is not sent but
 *    counted: memory stays bounded however far the server falls behind.
 */
import type { Answer, HttpClient } from "./http-client.ts";
import { Histogram } from "./histogram.ts";
import { noCounts } from "./phase.ts";
import type { Counts, Phase, Tick } from "./phase.ts";
import { requestSource } from "./requests.ts";
import type { Planned, RequestSource } from "./requests.ts";

const paceMs = 1;
/** A second without events ends as well. */
const lookAtClockMs = 100;
/** Kinds of failures kept apart; more of them count as "other". */
const failureKindsMax = 20;

export type InFlight = { now: number; max: number };

/** What all phases have in common. */
export type Shared = { client: HttpClient; inFlight: InFlight; epochMs: number };

export class PhaseRun {
  readonly #phase: Phase;
  readonly #source: RequestSource;
  readonly #client: HttpClient;
  readonly #inFlight: InFlight;
  readonly #tell: (tick: Tick) => void;
  readonly #epochMs: number;
  #second: number;
  #mine = 0;
  #next = 0;
  #exhausted = false;
  #counts: Counts = noCounts();
  #latency = new Histogram();
  #lateness = new Histogram();
  #failures: Record<string, number> = {};

  constructor(phase: Phase, shared: Shared, tell: (tick: Tick) => void) {
    this.#phase = phase;
    this.#source = requestSource(phase.work);
    this.#client = shared.client;
    this.#inFlight = shared.inFlight;
    this.#epochMs = shared.epochMs;
    this.#second = this.#now();
    this.#tell = tell;
  }

  async run(over: () => void): Promise<void> {
    const reporting = setInterval(() => this.#turnSecond(), lookAtClockMs);
    try {
      if (this.#phase.pace.kind === "open") await this.#open(this.#phase.pace.requestsPerSecond);
      else await this.#closed(this.#phase.pace.connections);
      this.#report();
      over();
      while (this.#mine > 0) await pause(paceMs);
    } finally {
      clearInterval(reporting);
      this.#report();
    }
  }

  async #open(requestsPerSecond: number): Promise<void> {
    const startMs = performance.now();
    const perMs = requestsPerSecond / 1000;
    const total = Math.round(requestsPerSecond * this.#phase.seconds);
    while (this.#next < total) {
      const due = Math.min(total, Math.floor((performance.now() - startMs) * perMs) + 1);
      while (this.#next < due) void this.#send(startMs + this.#next / perMs);
      await pause(paceMs);
    }
    const endMs = startMs + this.#phase.seconds * 1000;
    while (performance.now() < endMs) await pause(paceMs);
  }

  async #closed(connections: number): Promise<void> {
    const endMs = performance.now() + this.#phase.seconds * 1000;
    const lane = async (): Promise<void> => {
      while (performance.now() < endMs && !this.#exhausted) {
        if (!(await this.#send(performance.now()))) await pause(paceMs);
      }
    };
    await Promise.all(Array.from({ length: connections }, lane));
  }

  /** False: not sent. */
  async #send(dueMs: number): Promise<boolean> {
    this.#turnSecond();
    const n = this.#next++;
    if (this.#inFlight.now >= this.#inFlight.max) {
      const { work } = this.#phase;
      const items = work.kind === "alerts" ? work.mix.batch : 1;
      this.#counts.due += items;
      this.#counts.unsent += items;
      return false;
    }
    const planned = this.#source(n, Date.now());
    if (planned === null) {
      this.#exhausted = true;
      return false;
    }
    this.#counts.due += planned.items;
    this.#lateness.add(performance.now() - dueMs);
    this.#mine += 1;
    this.#inFlight.now += 1;
    const answer = await this.#client.send(planned.ask, planned.learn !== null);
    this.#mine -= 1;
    this.#inFlight.now -= 1;
    this.#turnSecond();
    this.#judge(planned, answer, dueMs);
    return true;
  }

  #judge(planned: Planned, answer: Answer, dueMs: number): void {
    if (answer.kind === "failure") return this.#fail(answer.reason, planned);
    const { status, retryAfter, body } = answer;
    if (planned.right.includes(status)) {
      this.#latency.add(performance.now() - dueMs);
      this.#counts.accepted += planned.items;
      this.#counts.fresh += planned.fresh;
      if (status === 200) planned.learn?.(body);
    } else if ((status === 429 || status === 503) && retryAfter) {
      this.#counts.shed += planned.items;
    } else {
      const how = status === 429 || status === 503 ? " without Retry-After" : "";
      this.#fail(`status ${status}${how}`, planned);
    }
  }

  #fail(reason: string, planned: Planned): void {
    this.#counts.failed += planned.items;
    const known = reason in this.#failures;
    const full = Object.keys(this.#failures).length >= failureKindsMax;
    const name = known || !full ? reason : "other";
    this.#failures[name] = (this.#failures[name] ?? 0) + 1;
  }

  #now(): number {
    return Math.floor((Date.now() - this.#epochMs) / 1000);
  }

  /** What happens from here on belongs to another second. */
  #turnSecond(): void {
    const second = this.#now();
    if (second === this.#second) return;
    this.#report();
    this.#second = second;
  }

  #report(): void {
    this.#tell({
      phase: this.#phase.name,
      second: this.#second,
      counts: this.#counts,
      latency: this.#latency.data(),
      lateness: this.#lateness.data(),
      failures: this.#failures,
    });
    this.#counts = noCounts();
    this.#latency = new Histogram();
    this.#lateness = new Histogram();
    this.#failures = {};
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
