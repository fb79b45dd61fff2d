/**
 * The load generator: keep-alive connections over raw sockets in one thread, one request at a
 * time on each, bytes built beforehand. It shares the machine's cores with what it measures, so
 * what it does per request is next to nothing; it is the same for every contender.
 *
 * Only a 200 counts. Anything else is counted by status, and sent again after a short pause.
 */
import { connect } from "node:net";
import type { Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { AlertRequest } from "./alert-bytes.ts";

export type LoadPlan = {
  host: string;
  port: number;
  path: string;
  connections: number;
  alertsPerRequest: number;
  /** Ends after this time... */
  durationMs: number;
  /** ...or when this many alerts were accepted, whichever comes first. */
  alertsMax?: number;
  /** "new": no alert is sent twice. A number: so many distinct alerts, sent over and over. */
  population: number | "new";
  /** Number of the first alert: continue here to stay new. */
  firstAlert: number;
  /** Beside a population: this share of the alerts is new all the same, from this number on. */
  fresh?: { share: number; firstAlert: number };
};

export type LoadResult = {
  accepted: number;
  seconds: number;
  alertsPerSecond: number;
  p50Ms: number;
  p99Ms: number;
  /** Requests by status other than 200; "broken" counts lost connections. */
  refused: Record<string, number>;
  /** Number of the next alert never sent. */
  nextAlert: number;
};

const refusedPauseMs = 10;
const connectionsBrokenMax = 1_000;
const samplesMax = 1 << 20;
const headBytesMax = 16_384;

export async function runLoad(plan: LoadPlan): Promise<LoadResult> {
  const run = new LoadRun(plan);
  const startMs = performance.now();
  await Promise.all(Array.from({ length: plan.connections }, () => run.connection()));
  const seconds = (run.lastMs - startMs) / 1000;
  const samples = run.samples.subarray(0, Math.min(run.requests, samplesMax)).sort();
  const at = (share: number): number => samples[Math.floor(samples.length * share)] ?? 0;
  return {
    accepted: run.accepted,
    seconds,
    alertsPerSecond: run.accepted / Math.max(seconds, 0.001),
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    refused: run.refused,
    nextAlert: plan.fresh === undefined ? run.nextAlert : run.nextFresh,
  };
}

class LoadRun {
  accepted = 0;
  requests = 0;
  nextAlert: number;
  nextFresh: number;
  lastMs = performance.now();
  refused: Record<string, number> = {};
  samples = new Float64Array(samplesMax);
  #plan: LoadPlan;
  #deadlineMs: number;
  #nowMs = Date.now();
  #sent = 0;
  #broken = 0;

  constructor(plan: LoadPlan) {
    this.#plan = plan;
    this.nextAlert = plan.firstAlert;
    this.nextFresh = plan.fresh?.firstAlert ?? 0;
    this.#deadlineMs = performance.now() + plan.durationMs;
  }

  /** One connection's life; resolves when the run is over. */
  async connection(): Promise<void> {
    const { path, host, alertsPerRequest } = this.#plan;
    const request = new AlertRequest(path, host, alertsPerRequest, this.#nowMs);
    while (this.#wanted() && this.#broken < connectionsBrokenMax) {
      if (await this.#converse(request)) return;
      this.#broken++;
      this.#refuse("broken");
      await pause(refusedPauseMs);
    }
  }

  #wanted(): boolean {
    const { alertsMax } = this.#plan;
    if (alertsMax !== undefined && this.#sent >= alertsMax) return false;
    return performance.now() < this.#deadlineMs;
  }

  /** Sends requests until the run is over (true) or the connection breaks (false). */
  #converse(request: AlertRequest): Promise<boolean> {
    const { host, port } = this.#plan;
    return new Promise((resolve) => {
      const socket = connect({ host, port, noDelay: true });
      const answers = new AnswerReader();
      let sentMs = 0;
      const send = (): void => {
        if (!this.#wanted()) {
          socket.destroy();
          return resolve(true);
        }
        this.#fill(request);
        transmit();
      };
      const transmit = (): void => {
        sentMs = performance.now();
        socket.write(request.bytes);
      };
      socket.once("connect", send);
      socket.on("data", (chunk) => {
        const status = answers.read(chunk);
        if (status === null) return;
        this.#count(status, request, sentMs);
        if (status === 200) send();
        else if (performance.now() < this.#deadlineMs) setTimeout(transmit, refusedPauseMs);
        else setTimeout(send, refusedPauseMs);
      });
      socket.once("error", () => socket.destroy());
      socket.once("close", () => resolve(false));
    });
  }

  #fill(request: AlertRequest): void {
    const { population, firstAlert, fresh } = this.#plan;
    this.#sent += request.alerts;
    // Rounded over the whole run, so that any share comes out, whatever a request holds.
    const freshCount = fresh === undefined ? 0 : Math.round(this.#sent * fresh.share);
    const freshUntil = (fresh?.firstAlert ?? 0) + freshCount;
    for (let i = 0; i < request.alerts; i++) {
      const n = this.nextAlert++;
      const repeat = population === "new" ? n : firstAlert + ((n - firstAlert) % population);
      request.fill(i, this.nextFresh < freshUntil ? this.nextFresh++ : repeat, n);
    }
  }

  #count(status: number, request: AlertRequest, sentMs: number): void {
    this.lastMs = performance.now();
    if (status !== 200) return this.#refuse(String(status));
    this.samples[this.requests++ % samplesMax] = this.lastMs - sentMs;
    this.accepted += request.alerts;
  }

  #refuse(what: string): void {
    this.refused[what] = (this.refused[what] ?? 0) + 1;
  }
}

/** Finds the end of one HTTP answer after another; no pipelining, so nothing follows it. */
export class AnswerReader {
  #pending: Buffer | null = null;

  /** The status once the answer is complete; null: more is to come. */
  read(chunk: Buffer): number | null {
    const bytes = this.#pending === null ? chunk : Buffer.concat([this.#pending, chunk]);
    this.#pending = bytes;
    const headEnd = bytes.indexOf("\r\n\r\n");
    if (headEnd < 0) {
      if (bytes.length > headBytesMax) throw new Error("answer without an end of its head");
      return null;
    }
    const head = bytes.toString("latin1", 0, headEnd);
    const status = Number(head.slice(9, 12));
    if (!complete(head.toLowerCase(), bytes, headEnd + 4, status)) return null;
    this.#pending = null;
    return status;
  }
}

function complete(head: string, bytes: Buffer, bodyAt: number, status: number): boolean {
  if (status === 204 || status === 304) return true;
  const length = /\r\ncontent-length: *(\d+)/.exec(head)?.[1];
  if (length !== undefined) return bytes.length >= bodyAt + Number(length);
  if (!head.includes("transfer-encoding: chunked")) throw new Error(`answer of no length: ${head}`);
  return bytes.subarray(-5).equals(lastChunk);
}

const lastChunk = Buffer.from("0\r\n\r\n");

/** Asks once; for probing readiness. Null when nobody answers. */
export async function probe(host: string, port: number, path: string): Promise<number | null> {
  return new Promise((resolve) => {
    const socket: Socket = connect({ host, port });
    const answers = new AnswerReader();
    socket.once("connect", () => {
      socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    });
    socket.on("data", (chunk) => {
      const status = answers.read(chunk);
      if (status === null) return;
      resolve(status);
      socket.destroy();
    });
    socket.once("error", () => resolve(null));
    socket.once("close", () => resolve(null));
  });
}
