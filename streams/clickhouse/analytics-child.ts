/**
 * The near side of the analytics process: starts it, starts it again when it dies, and passes
 * statements to it. Alerts are accepted whether or not it lives; the log keeps what it misses.
 */
import { fork, type ChildProcess } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { RetryableError, TerminalError } from "../../runtime/errors.ts";
import type { Logger } from "../../runtime/ports.ts";
import { yieldToOthers } from "../../runtime/thread-priority.ts";
import type { Analytics } from "../../runtime/services.ts";
import type { FromAnalytics, ToAnalytics } from "./analytics-messages.ts";
import { queryLimits, type EngineTarget } from "./engine.ts";
import type { SinkStatus } from "./sink.ts";

const entry = join(import.meta.dirname, "analytics-process.ts");

const restartFirstMs = 250;
const restartMaxMs = 30_000;
/** A child that lived this long was well; the next death counts as the first again. */
const steadyMs = 60_000;

/** Statements under way or waiting; more are refused at once. */
const queriesMax = 12;
/** Beyond the engine's own limit, for waiting and for the way. */
const queryGraceMs = 20_000;
const retryAfterMs = 2_000;
const stopGraceMs = 10_000;

/** Native threads of the child: its queries, and always one for the sink. */
const childThreads = 8;
const stderrLinesMax = 20;

export type AnalyticsStatus = {
  state: "starting" | "ready" | "away";
  engine: EngineTarget["kind"];
  /** ClickHouse's version; empty until it has answered once. */
  version: string;
  pid: number | null;
  /** How often the process had to be started again. */
  restarts: number;
  sink: SinkStatus;
  /** Steps in the log that are not in ClickHouse yet, at most. */
  lag: number;
  lastError: string;
};

export type AnalyticsOptions = {
  /** The embedded engine keeps its files in `<dataDir>/clickhouse`. */
  dataDir: string;
  /** Null: embedded. */
  clickhouseUrl: string | null;
  natsUrl: string;
  retentionDays: number | null;
  log: Logger;
};

/** Returns at once; ask `status()` for when it is ready. */
export async function startAnalytics(options: AnalyticsOptions): Promise<AnalyticsChild> {
  const child = new AnalyticsChild(options);
  child.start();
  return child;
}

type Waiting = { resolve(text: string): void; reject(error: Error): void };

const sinkAtStart: SinkStatus = {
  state: "starting",
  position: 0,
  logSeq: 0,
  rows: 0,
  deadLetters: 0,
  lastError: "",
};

export class AnalyticsChild implements Analytics {
  #options: AnalyticsOptions;
  #target: EngineTarget;
  #child: ChildProcess | null = null;
  #waiting = new Map<number, Waiting>();
  #nextId = 1;
  #stopped = false;
  #ready = false;
  #version = "";
  #restarts = 0;
  #delayMs = restartFirstMs;
  #restartTimer: NodeJS.Timeout | undefined;
  #sink: SinkStatus = sinkAtStart;
  #lastError = "";

  constructor(options: AnalyticsOptions) {
    this.#options = options;
    const path = resolve(options.dataDir, "clickhouse");
    this.#target =
      options.clickhouseUrl === null
        ? { kind: "embedded", path }
        : { kind: "server", url: options.clickhouseUrl };
  }

  start(): void {
    if (this.#target.kind === "embedded") {
      mkdirSync(this.#target.path, { recursive: true, mode: 0o700 });
    }
    const { natsUrl, retentionDays } = this.#options;
    const startedMs = performance.now();
    const child = fork(entry, {
      execArgv: [],
      env: { ...process.env, UV_THREADPOOL_SIZE: String(childThreads) },
      serialization: "advanced",
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    if (child.pid !== undefined) yieldToOthers(child.pid, "analytics");
    this.#child = child;
    this.#keepStderr(child);
    child.on("message", (message: FromAnalytics) => this.#hear(message));
    child.once("error", (error) => {
      this.#lastError = error.message;
    });
    child.once("exit", (code, signal) => this.#gone(child, startedMs, `${signal ?? code}`));
    this.#send({ kind: "start", target: this.#target, natsUrl, retentionDays });
  }

  /** See Analytics; the statement may run for `queryLimits.timeMs`. */
  query(sql: string, format: string): Promise<string> {
    if (!this.#ready) return Promise.reject(this.#away("ClickHouse is not ready"));
    if (this.#waiting.size >= queriesMax) {
      return Promise.reject(this.#away(`${queriesMax} statements are under way already`));
    }
    const id = this.#nextId++;
    return new Promise<string>((resolveText, rejectText) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        rejectText(this.#away("ClickHouse did not answer in time"));
      }, queryLimits.timeMs + queryGraceMs);
      this.#waiting.set(id, {
        resolve: (text) => (clearTimeout(timer), resolveText(text)),
        reject: (error) => (clearTimeout(timer), rejectText(error)),
      });
      this.#send({ kind: "query", id, sql, format });
    });
  }

  status(): AnalyticsStatus {
    const sink = this.#sink;
    const away = this.#child === null || sink.state === "away";
    return {
      state: away ? "away" : this.#ready ? "ready" : "starting",
      engine: this.#target.kind,
      version: this.#version,
      pid: this.#child?.pid ?? null,
      restarts: this.#restarts,
      sink,
      lag: Math.max(0, sink.logSeq - sink.position),
      lastError: sink.lastError || this.#lastError,
    };
  }

  /** Steps up to this sequence of the stream STEPS are in ClickHouse: the log may forget them. */
  sinkPosition(): number {
    return this.#sink.position;
  }

  /** Finishes the block in hand and ends the process. Safe to call twice. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#restartTimer);
    const child = this.#child;
    if (child === null) return;
    const gone = new Promise<void>((resolveGone) => child.once("exit", () => resolveGone()));
    this.#send({ kind: "stop" });
    const timer = setTimeout(() => child.kill("SIGKILL"), stopGraceMs);
    await gone;
    clearTimeout(timer);
  }

  #hear(message: FromAnalytics): void {
    switch (message.kind) {
      case "ready":
        this.#ready = true;
        this.#version = message.version;
        this.#lastError = "";
        this.#options.log.info({ version: message.version }, "ClickHouse is ready");
        return;
      case "sink":
        this.#sink = message.status;
        return;
      case "result":
        this.#take(message.id)?.resolve(message.text);
        return;
      case "failed":
        this.#take(message.id)?.reject(
          message.terminal ? new TerminalError(message.message) : this.#away(message.message),
        );
        return;
      case "log":
        this.#options.log[message.level](message.fields, message.message);
        return;
      case "cannotStart":
        this.#lastError = message.message;
        return;
      default:
        assertNever(message);
    }
  }

  #gone(child: ChildProcess, startedMs: number, how: string): void {
    if (this.#child !== child) return;
    this.#child = null;
    this.#ready = false;
    for (const id of [...this.#waiting.keys()]) {
      this.#take(id)?.reject(this.#away("ClickHouse went away during the statement"));
    }
    if (this.#stopped) return;
    if (performance.now() - startedMs > steadyMs) this.#delayMs = restartFirstMs;
    const waitMs = this.#delayMs;
    this.#delayMs = Math.min(waitMs * 2, restartMaxMs);
    this.#restarts += 1;
    const fields = { how, waitMs, err: this.#lastError };
    this.#options.log.warn(fields, "the analytics process ended; it is started again");
    this.#restartTimer = setTimeout(() => this.start(), waitMs);
  }

  /** What the native engine says about itself, most of it when it cannot start. */
  #keepStderr(child: ChildProcess): void {
    let lines = 0;
    child.stderr?.setEncoding("utf8");
    child.stderr?.on("data", (text: string) => {
      for (const line of text.split("\n")) {
        if (line.trim() === "" || ++lines > stderrLinesMax) continue;
        this.#lastError = line.trim();
        this.#options.log.warn({ line: line.trim() }, "the analytics process says");
      }
    });
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }

  #send(message: ToAnalytics): void {
    // A failed send means that the child is dying; its exit is what is acted upon.
    this.#child?.send(message, () => {});
  }

  #away(why: string): RetryableError {
    const last = this.status().lastError;
    return new RetryableError(last === "" ? why : `${why} (${last})`, { retryAfterMs });
  }
}

function assertNever(value: never): never {
  throw new Error(`unknown message: ${JSON.stringify(value)}`);
}
