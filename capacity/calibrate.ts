/**
 * Measures a Tocsin of its own on this machine, from outside: what it takes with more and more
 * requests in flight, what an alert costs in CPU, memory and disk, and, where there are cores
 * enough, what more cores give.
 *
 * C1 Loads come in an order that goes up and down, so that a program that slows down (or warms
 *    up) over the minute does not look like one that scales badly (or well).
 * C2 Every stretch ends when nothing is left to do, so none pays for the one before it.
 */
import { availableParallelism, cpus, totalmem } from "node:os";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { loadConfig } from "../runtime/config/load.ts";
import { stepRetentionMsDefault } from "../streams/janitor.ts";
import type { Calibration, LoadPoint } from "./calibration.ts";
import type { CorePoint } from "./core-scaling.ts";
import { type Around, diskCosts } from "./disk-costs.ts";
import { ownCores } from "./own-cores.ts";
import { hasThreads, residentBytes } from "./process-readings.ts";
import { readDisk } from "./program-readings.ts";
import { total } from "./self-check.ts";
import { alertsPerRequest, population, type Stretch, TrialLoad } from "./trial-load.ts";
import { startTrial } from "./trial-program.ts";

export type CalibrationSettings = {
  root: string;
  scratchDir: string;
  secondsPerPoint: number;
  repeatShare: number;
  inFlight: number[];
  /** Numbers of cores to measure besides; empty: none. */
  coreCounts: number[];
};

type Say = (line: string) => void;

/** Enough new alerts to weigh one; more would only fill memory. */
const freshAlertsMax = 40_000;
const restWithinMs = 6_000;
/** A little over `dedup.rollup_first`. */
const rollupAfterSeconds = 6;
const costInFlight = 32;

/** @throws Error when the program does not start or does not work its load off. */
export async function calibrate(
  settings: CalibrationSettings,
  say: Say,
  signal: AbortSignal,
): Promise<Calibration> {
  const whole = await measureWhole(settings, say, signal);
  const coreCounts: CorePoint[] = [];
  for (const cores of settings.coreCounts) {
    coreCounts.push({ cores, perSecond: await measureOnCores(cores, settings, signal) });
    say(`on ${cores} of the cores: ${rounded(coreCounts.at(-1)?.perSecond)} alerts/s processed`);
  }
  return { ...whole, coreCounts };
}

async function measureWhole(
  settings: CalibrationSettings,
  say: Say,
  signal: AbortSignal,
): Promise<Calibration> {
  const { root, scratchDir, secondsPerPoint, repeatShare } = settings;
  say(`starting a Tocsin to measure, with its data in ${scratchDir}`);
  const program = await startTrial({ root, scratchDir, onCores: null }, signal);
  try {
    const load = new TrialLoad(program, signal);
    const idleBytes = residentBytes(program.pid).main;
    await load.introduce("main");
    say(`warming up for ${secondsPerPoint} s`);
    await load.run({ inFlight: costInFlight, seconds: secondsPerPoint, repeatShare });
    const restMs = Math.min(restWithinMs, secondsPerPoint * 3_000);
    const warm = { ...(await load.resting(restMs)), ...(await load.counts()) };
    const points = await measurePoints(load, settings, say);
    const costs = await measureCosts(load, secondsPerPoint, say);
    say("waiting for its memory to come to rest");
    const rest = await load.resting(restMs);
    const end = await load.counts();
    const disk = await readDisk(load.base, end.monitorUrl);
    const fingerprints = Math.max(1, end.fingerprints - warm.fingerprints);
    return {
      format: 1,
      measuredAt: new Date().toISOString(),
      tocsinVersion: versionOf(root),
      machine: {
        platform: process.platform,
        cpu: cpus()[0]?.model ?? "unknown",
        cores: availableParallelism(),
        memoryBytes: totalmem(),
      },
      settings: { secondsPerPoint, repeatShare, alertsPerRequest, population },
      points,
      cpu: costs.cpu,
      memory: {
        idleBytes,
        perFingerprintBytes: Math.max(0, rest.main - warm.main) / fingerprints,
        burstBytes: Math.max(0, load.peak.main - rest.main),
        enginesBytes: Math.max(load.peak.children, rest.children),
        fingerprints,
      },
      disk: diskCosts(costs.repeated, costs.fresh, { disk, fingerprints: end.fingerprints }),
      limits: {
        inputBytesMax: disk.input.bytesMax,
        stepsBytesMax: disk.steps.bytesMax,
        stepsKeptMs: stepRetentionMsDefault,
        incidentsKeptMs: disk.incidents.keptMs,
        rollupMaxMs: loadConfig(null).dedup.rollupMaxMs,
        partitions: loadConfig(null).partitions.dedup,
      },
      coreCounts: [],
    };
  } finally {
    await program.stop();
  }
}

async function measurePoints(
  load: TrialLoad,
  { inFlight, secondsPerPoint, repeatShare }: CalibrationSettings,
  say: Say,
): Promise<LoadPoint[]> {
  const points: LoadPoint[] = [];
  for (const each of upAndDown(inFlight)) {
    const stretch = { inFlight: each, seconds: secondsPerPoint, repeatShare };
    const { cpu, refused, ...result } = await load.run(stretch);
    points.push({ inFlight: each, ...result, cpuSecondsPerAlert: total(cpu) });
    const others = Object.entries(refused).map(([status, count]) => `, ${count} x ${status}`);
    say(
      `${each} in flight: ${rounded(result.acceptedPerSecond)} alerts/s accepted, ` +
        `${rounded(result.processedPerSecond)} processed${others.join("")}`,
    );
  }
  return points.sort((a, b) => a.inFlight - b.inFlight);
}

/** Every second value on the way up, the others on the way down. */
export function upAndDown(values: readonly number[]): number[] {
  const sorted = [...values].sort((a, b) => a - b);
  const up = sorted.filter((_, i) => i % 2 === 0);
  return [...up, ...sorted.filter((_, i) => i % 2 === 1).reverse()];
}

async function measureCosts(load: TrialLoad, seconds: number, say: Say) {
  const around = async (stretch: Stretch) => {
    const { monitorUrl } = await load.counts();
    const before = await readDisk(load.base, monitorUrl);
    const { cpu, accepted } = await load.run(stretch);
    const after = await readDisk(load.base, monitorUrl);
    const disk: Around = { before, after, alerts: accepted };
    return { cpu, disk };
  };
  const common = { inFlight: costInFlight, seconds };
  // Alerts that have never been repeated: each gives its first roll-up in this stretch.
  await load.introduce("other");
  const repeatSeconds = seconds < rollupAfterSeconds / 3 ? seconds : rollupAfterSeconds;
  const repeats = { ...common, seconds: repeatSeconds, of: "other" as const, repeatShare: 1 };
  const repeated = await around(repeats);
  say(`a repeated alert costs ${micros(total(repeated.cpu))} of CPU`);
  const fresh = await around({ ...common, repeatShare: 0, alertsMax: freshAlertsMax });
  say(`a new alert costs ${micros(total(fresh.cpu))} of CPU`);
  return {
    cpu: { byThread: hasThreads, repeated: repeated.cpu, fresh: fresh.cpu },
    repeated: repeated.disk,
    fresh: fresh.disk,
  };
}

/** Alerts processed a second by a fresh program that has only so many cores. */
async function measureOnCores(
  cores: number,
  { root, scratchDir, secondsPerPoint, repeatShare }: CalibrationSettings,
  signal: AbortSignal,
): Promise<number> {
  const onCores = ownCores().slice(0, cores);
  const program = await startTrial({ root, scratchDir, onCores }, signal);
  try {
    const load = new TrialLoad(program, signal);
    await load.introduce("main");
    const stretch = { inFlight: costInFlight, seconds: secondsPerPoint, repeatShare };
    await load.run(stretch);
    return (await load.run(stretch)).processedPerSecond;
  } finally {
    await program.stop();
  }
}

function versionOf(root: string): string {
  const text = readFileSync(join(root, "package.json"), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

const rounded = (perSecond = 0): string => Math.round(perSecond).toLocaleString("en-US");
const micros = (seconds: number): string => `${(seconds * 1e6).toFixed(1)} µs`;
