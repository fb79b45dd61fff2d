/**
 * A closed loop at the door, timed until the stages have worked off what it let in: the rate at
 * which alerts are accepted *and* processed. Accepting alone would only say how fast the log fills.
 */
import { setTimeout as pause } from "node:timers/promises";
import { lagSecondsIdle, progressOf, workedOff } from "./backlog.ts";
import type { BenchSettings } from "./bench.ts";
import type { Running } from "./contenders.ts";
import { runLoad } from "./load.ts";
import type { LoadResult } from "./load.ts";
import { continued, planOf, warmUp } from "./paired.ts";
import type { ClosedLoad } from "./paired.ts";

export type Through = LoadResult & {
  /** Accepted alerts over the time from the first request until all of them were worked off. */
  throughPerSecond: number;
  /** At the last answer: how long an alert would have waited in the slowest partition, s. */
  lagSeconds: number;
  /** From the last answer until everything was worked off, s. */
  drainSeconds: number;
  /** Processor time of the program and its children, µs for each accepted alert. */
  cpuMicros: number;
};

const pollMs = 100;
/** The program accepts no more than some ten seconds' worth; what takes longer is stuck. */
const drainWithinMs = 120_000;
/** What a partition at work has under way when nothing is left behind. */
const stepsUnderWay = 16;

/** @param server holds the load's population already. */
export async function measureThrough(
  server: Running,
  load: ClosedLoad,
  settings: BenchSettings,
): Promise<Through> {
  await workedOff(server);
  const plan = planOf(server, load, settings);
  const warm = await runLoad({ ...plan, ...warmUp(settings) });
  await workedOff(server);
  const [startMs, cpuBefore] = [performance.now(), server.cpuSeconds()];
  const result = await runLoad(continued(plan, load, warm));
  const loadedMs = performance.now();
  const { lagSeconds } = await progressOf(server);
  await drained(server);
  const endMs = performance.now();
  const cpuMicros = ((server.cpuSeconds() - cpuBefore) * 1e6) / Math.max(1, result.accepted);
  return {
    ...result,
    throughPerSecond: (result.accepted * 1000) / (endMs - startMs),
    lagSeconds,
    drainSeconds: (endMs - loadedMs) / 1000,
    cpuMicros,
  };
}

/** Until both stages have applied all input and published their steps. */
async function drained(server: Running): Promise<void> {
  const untilMs = performance.now() + drainWithinMs;
  for (;;) {
    const { accepted, processed, lagSeconds, relayBacklog } = await progressOf(server);
    const isIdle = lagSeconds <= lagSecondsIdle && relayBacklog <= stepsUnderWay;
    if (processed >= accepted && isIdle) return;
    if (performance.now() > untilMs) {
      throw new Error(`${accepted - processed} accepted alerts were not processed in time`);
    }
    await pause(pollMs);
  }
}

export function describeThrough(through: Through): string {
  const { alertsPerSecond, throughPerSecond, lagSeconds, drainSeconds, cpuMicros } = through;
  return (
    `accepted ${Math.round(alertsPerSecond)}/s, through ${Math.round(throughPerSecond)}/s, ` +
    `lag at the end ${lagSeconds.toFixed(1)} s, worked off after ${drainSeconds.toFixed(1)} s, ` +
    `${cpuMicros.toFixed(1)} µs of processor an alert`
  );
}
