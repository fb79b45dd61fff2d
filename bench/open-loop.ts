/**
 * An open load: requests are due at fixed times, whatever the server does, and a latency counts
 * from when its request was due. So a server that stalls is seen to stall (no coordinated
 * omission). A request that is due while no connection is free waits, and its wait counts.
 */
import { connect } from "node:net";
import type { Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { AlertRequest } from "./alert-bytes.ts";
import { AnswerReader } from "./load.ts";

export type OpenPlan = {
  host: string;
  port: number;
  path: string;
  connections: number;
  alertsPerRequest: number;
  alertsPerSecond: number;
  durationMs: number;
  /** Distinct alerts that are sent over and over; all of them are known to the server. */
  population: number;
  /** Of each request, so many alerts are sent for the first time. */
  newPerRequest: number;
  firstAlert: number;
  /** Told of each accepted request with new alerts; times as `performance.now()` gives them. */
  onNew?: (request: { firstNew: number; dueMs: number; answeredMs: number }) => void;
};

export type OpenResult = {
  accepted: number;
  refused: number;
  /** Requests that were due and never sent, since the end came first. */
  unsent: number;
  p50Ms: number;
  p99Ms: number;
  seconds: number;
};

const tickMs = 1;
const samplesMax = 1 << 20;

export async function runOpenLoop(plan: OpenPlan): Promise<OpenResult> {
  const run = new OpenRun(plan);
  await run.run();
  return run.result();
}

type Lane = {
  socket: Socket;
  answers: AnswerReader;
  request: AlertRequest;
  dueMs: number;
  firstNew: number;
};

class OpenRun {
  readonly #plan: OpenPlan;
  readonly #idle: Lane[] = [];
  readonly #samples = new Float64Array(samplesMax);
  #startMs = 0;
  #due = 0;
  #sent = 0;
  #answered = 0;
  #accepted = 0;
  #refused = 0;
  #repeat = 0;
  #fresh: number;
  #over = false;
  #failure: Error | null = null;

  constructor(plan: OpenPlan) {
    this.#plan = plan;
    this.#fresh = plan.firstAlert + plan.population;
  }

  async run(): Promise<void> {
    const { connections, durationMs, alertsPerSecond, alertsPerRequest } = this.#plan;
    const lanes = await Promise.all(Array.from({ length: connections }, () => this.#connect()));
    this.#idle.push(...lanes);
    this.#startMs = performance.now();
    const requestsPerMs = alertsPerSecond / alertsPerRequest / 1000;
    for (;;) {
      const elapsedMs = performance.now() - this.#startMs;
      if (elapsedMs >= durationMs || this.#failure !== null) break;
      this.#due = Math.floor(elapsedMs * requestsPerMs);
      this.#sendDue(requestsPerMs);
      await pause(tickMs);
    }
    while (this.#answered < this.#sent && this.#failure === null) await pause(tickMs);
    this.#over = true;
    for (const { socket } of lanes) socket.destroy();
    if (this.#failure !== null) throw this.#failure;
  }

  result(): OpenResult {
    const count = Math.min(this.#answered, samplesMax);
    const samples = this.#samples.subarray(0, count).sort();
    const at = (share: number): number => samples[Math.floor(count * share)] ?? 0;
    return {
      accepted: this.#accepted,
      refused: this.#refused,
      unsent: this.#due - this.#sent,
      p50Ms: at(0.5),
      p99Ms: at(0.99),
      seconds: (performance.now() - this.#startMs) / 1000,
    };
  }

  #sendDue(requestsPerMs: number): void {
    while (this.#sent < this.#due) {
      // In turn: a connection that is left alone for long is closed by the server.
      const lane = this.#idle.shift();
      if (lane === undefined) return;
      lane.dueMs = this.#startMs + this.#sent / requestsPerMs;
      this.#sent += 1;
      lane.firstNew = this.#fresh;
      this.#fill(lane.request);
      lane.socket.write(lane.request.bytes);
    }
  }

  #fill(request: AlertRequest): void {
    const { population, newPerRequest, firstAlert } = this.#plan;
    for (let i = 0; i < request.alerts; i += 1) {
      const isNew = i < newPerRequest;
      const index = isNew ? this.#fresh++ : firstAlert + (this.#repeat++ % population);
      request.fill(i, index, this.#sent);
    }
  }

  #connect(): Promise<Lane> {
    const { host, port, path, alertsPerRequest } = this.#plan;
    return new Promise((resolve, reject) => {
      const socket = connect({ host, port, noDelay: true });
      const request = new AlertRequest(path, host, alertsPerRequest, Date.now());
      const answers = new AnswerReader();
      const lane: Lane = { socket, answers, request, dueMs: 0, firstNew: 0 };
      socket.once("connect", () => resolve(lane));
      socket.once("error", (error) => {
        reject(error);
        this.#failure ??= error;
      });
      socket.once("close", () => {
        if (!this.#over) this.#failure ??= new Error("the server closed a connection");
      });
      socket.on("data", (chunk) => {
        const status = lane.answers.read(chunk);
        if (status !== null) this.#answer(lane, status);
      });
    });
  }

  #answer(lane: Lane, status: number): void {
    const { dueMs, firstNew, request } = lane;
    const answeredMs = performance.now();
    this.#samples[this.#answered++ % samplesMax] = answeredMs - dueMs;
    if (status === 200) {
      this.#accepted += request.alerts;
      this.#plan.onNew?.({ firstNew, dueMs, answeredMs });
    } else {
      this.#refused += request.alerts;
    }
    this.#idle.push(lane);
  }
}
