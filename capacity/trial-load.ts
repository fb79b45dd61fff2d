/**
 * One stretch of load on a trial program, from its first request until nothing is left to do
 * behind the door: everything accepted is counted by the dedup stage and stored as rows.
 */
import { setTimeout as pause } from "node:timers/promises";
import { runLoad } from "../bench/load.ts";
import type { CpuCost } from "./calibration.ts";
import { costBetween, cpuSeconds, type Resident, residentBytes } from "./process-readings.ts";
import { type Counts, readCounts } from "./program-readings.ts";
import type { TrialProgram } from "./trial-program.ts";

export type Stretch = {
  inFlight: number;
  seconds: number;
  /** Share of alerts that the program has seen before. */
  repeatShare: number;
  alertsMax?: number;
  /** Whose alerts are repeated; they have been introduced. */
  of?: Population;
};

export type StretchResult = {
  accepted: number;
  acceptedPerSecond: number;
  processedPerSecond: number;
  p50Ms: number;
  p99Ms: number;
  cpu: CpuCost;
  generatorCores: number;
  refused: Record<string, number>;
};

export const alertsPerRequest = 64;
/** Distinct alerts that are repeated. */
export const population = 10_240;
/** Numbers of the populations' first alerts, and of the first that is sent once only. */
const firstAlerts = { main: 1_000_000, other: 2_000_000 };
const firstFresh = 3_000_000;
export type Population = keyof typeof firstAlerts;

const lookEveryMs = 100;
/**
 * What the last alert of an idle program waits: rows are written about half a second after it,
 * and what the shards report each half second is a quarter old on average.
 */
const idleDelaySeconds = 0.75;
const memoryEveryMs = 250;
const drainedWithinMs = 120_000;
/** Longer than the shards' interval: their next report would have told of any work. */
const doneForMs = 800;
const quietMs = 1_500;
const quietBytes = 4 * 1024 ** 2;

export class TrialLoad {
  readonly #program: TrialProgram;
  readonly #base: string;
  readonly #signal: AbortSignal;
  #nextFresh = firstFresh;
  readonly peak: Resident = { main: 0, children: 0 };

  constructor(program: TrialProgram, signal: AbortSignal) {
    this.#program = program;
    this.#base = `http://${program.host}:${program.port}`;
    this.#signal = signal;
  }

  get base(): string {
    return this.#base;
  }

  counts(): Promise<Counts> {
    return readCounts(this.#base);
  }

  /** Makes a population known, so that later repeats are repeats. */
  async introduce(of: Population): Promise<void> {
    const all = { alertsMax: population, durationMs: drainedWithinMs };
    await runLoad({ ...this.#target(8), ...all, population, firstAlert: firstAlerts[of] });
    await this.#doneAtMs();
  }

  async run(stretch: Stretch): Promise<StretchResult> {
    const { inFlight, seconds, repeatShare, alertsMax, of = "main" } = stretch;
    this.#signal.throwIfAborted();
    const { pids } = await this.counts();
    const before = cpuSeconds(pids);
    const generatorBefore = process.cpuUsage();
    const beganMs = performance.now();
    const watching = setInterval(() => this.#lookAtMemory(), memoryEveryMs);
    const load = await runLoad({
      ...this.#target(inFlight),
      durationMs: seconds * 1000,
      ...(alertsMax === undefined ? {} : { alertsMax }),
      population,
      firstAlert: firstAlerts[of],
      fresh: { share: 1 - repeatShare, firstAlert: this.#nextFresh },
    });
    const generator = process.cpuUsage(generatorBefore);
    this.#nextFresh = load.nextAlert;
    const doneAtMs = await this.#doneAtMs().finally(() => clearInterval(watching));
    const wholeSeconds = (doneAtMs - beganMs) / 1000 - idleDelaySeconds;
    return {
      accepted: load.accepted,
      acceptedPerSecond: load.alertsPerSecond,
      processedPerSecond: load.accepted / Math.max(load.seconds, wholeSeconds),
      p50Ms: load.p50Ms,
      p99Ms: load.p99Ms,
      cpu: costBetween(before, cpuSeconds(pids), load.accepted),
      generatorCores: (generator.user + generator.system) / 1e6 / load.seconds,
      refused: load.refused,
    };
  }

  /** Resident memory once it no longer changes, or after a while. */
  async resting(withinMs: number): Promise<Resident> {
    const untilMs = performance.now() + withinMs;
    let { main } = residentBytes(this.#program.pid);
    let sinceMs = performance.now();
    while (performance.now() < untilMs && performance.now() - sinceMs < quietMs) {
      await pause(memoryEveryMs, null, { signal: this.#signal });
      const now = residentBytes(this.#program.pid);
      if (Math.abs(now.main - main) > quietBytes) [main, sinceMs] = [now.main, performance.now()];
    }
    return residentBytes(this.#program.pid);
  }

  #target(connections: number) {
    const { host, port } = this.#program;
    return { host, port, path: "/api/v2/alerts", connections, alertsPerRequest };
  }

  /** When the last of it was done; known only after a while in which nothing else happened. */
  async #doneAtMs(): Promise<number> {
    const untilMs = performance.now() + drainedWithinMs;
    let last = -1;
    let sinceMs = performance.now();
    for (;;) {
      const { accepted, processed, stepsBehind, progress } = await this.counts();
      const isDone = processed >= accepted && stepsBehind <= 0;
      if (!isDone || progress !== last) [last, sinceMs] = [progress, performance.now()];
      else if (performance.now() - sinceMs >= doneForMs) return sinceMs;
      if (performance.now() > untilMs) {
        throw new Error(
          `${accepted - processed} alerts and ${stepsBehind} steps are still waiting ` +
            `${drainedWithinMs / 1000} s after they came; try a smaller --seconds`,
        );
      }
      await pause(lookEveryMs, null, { signal: this.#signal });
    }
  }

  #lookAtMemory(): void {
    const { main, children } = residentBytes(this.#program.pid);
    this.peak.main = Math.max(this.peak.main, main);
    this.peak.children = Math.max(this.peak.children, children);
  }
}
