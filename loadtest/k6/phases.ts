/**
 * What each script sends, and when: the plan that k6 carries out and that the runner reads the
 * results by. Pure.
 */
import type { Settings } from "./settings.ts";

/** What a phase sends. `burst`: a few connections, each as fast as it is answered. */
export type Work = "alerts" | "fill" | "burst" | "incidents" | "acknowledge" | "firing" | "sql";

/**
 * - `hold`: a rate that is meant to hold: latency, nothing failed, hardly anything shed or unsent
 * - `survive`: more than that: it may be shed, and nothing may fail
 * - `none`: measured, not judged
 */
export type Judged = "hold" | "survive" | "none";

export type Phase = {
  name: string;
  work: Work;
  judged: Judged;
  /** Alerts where alerts are sent, otherwise requests; 0: as fast as it is answered. */
  perSecond: number;
  /** Alerts a request, or 1. */
  batch: number;
  /** Since the script's beginning. */
  startSecond: number;
  seconds: number;
  /** New alerts are resolved after so long; 0: never. */
  resolveAfterSeconds: number;
};

const smokePerSecond = 320;
const smokeSeconds = 3;
const steadySeconds = 30;
const spikeSeconds = 40;
const mixedSeconds = 30;
const slowSeconds = 40;
const soakSeconds = 600;
const levelSeconds = 6;
const overloadSeconds = 15;
const recoverySeconds = 30;
const burstSeconds = 3;
const fillWithinSeconds = 120;

const calmShare = 0.25;
/** Times the calm rate; so twice what steady holds. */
export const spikeFactor = 8;
const mixedShare = 0.5;
const slowShare = 0.5;
/** Of the time, the first part is without slow clients, to compare with. */
const slowAloneShare = 0.25;
const soakShare = 0.5;
const soakResolveSeconds = 20;
/** Each level to the one before. */
const levelGrowth = 1.3;
const handRunLevels = 12;
const overloadFactor = 2;
const recoveryShare = 0.3;

const readsPerSecond = { incidents: 20, acknowledge: 4, firing: 2, sql: 1 };

function alerts(
  settings: Settings,
  name: string,
  perSecond: number,
  startSecond: number,
  seconds: number,
  judged: Judged = "hold",
): Phase {
  const { batch } = settings;
  const common = { name, work: "alerts" as const, judged, resolveAfterSeconds: 0 };
  return { ...common, perSecond, batch, startSecond, seconds };
}

const lasts = ({ seconds }: Settings, own: number): number => (seconds > 0 ? seconds : own);

export function smokePhases(settings: Settings): Phase[] {
  const seconds = lasts(settings, smokeSeconds);
  return [alerts(settings, "smoke", smokePerSecond, 0, seconds, "survive")];
}

export function steadyPhases(settings: Settings): Phase[] {
  return [alerts(settings, "steady", settings.rate, 0, lasts(settings, steadySeconds))];
}

export function spikePhases(settings: Settings): Phase[] {
  const quarter = lasts(settings, spikeSeconds) / 4;
  const calm = settings.rate * calmShare;
  return [
    alerts(settings, "calm", calm, 0, quarter),
    alerts(settings, "peak", calm * spikeFactor, quarter, quarter, "survive"),
    alerts(settings, "after", calm, quarter * 2, quarter * 2, "survive"),
  ];
}

export function mixedPhases(settings: Settings): Phase[] {
  const seconds = lasts(settings, mixedSeconds);
  const reads = Object.entries(readsPerSecond).map(([name, perSecond]): Phase => {
    const common = { judged: "hold" as const, batch: 1, startSecond: 0, resolveAfterSeconds: 0 };
    return { ...common, name, work: name as keyof typeof readsPerSecond, perSecond, seconds };
  });
  return [alerts(settings, "writes", settings.rate * mixedShare, 0, seconds), ...reads];
}

export function slowPhases(settings: Settings): Phase[] {
  const seconds = lasts(settings, slowSeconds);
  const rate = settings.rate * slowShare;
  const alone = seconds * slowAloneShare;
  return [
    alerts(settings, "alone", rate, 0, alone),
    alerts(settings, "beside", rate, alone, seconds - alone),
  ];
}

export function soakPhases(settings: Settings): Phase[] {
  const seconds = lasts(settings, soakSeconds);
  const phase = alerts(settings, "soak", settings.rate * soakShare, 0, seconds);
  return [{ ...phase, resolveAfterSeconds: soakResolveSeconds }];
}

/** One level after the other, from the rate up. */
export function breakpointPhases(settings: Settings): Phase[] {
  const phases: Phase[] = [];
  let rate = settings.rate;
  for (let level = 1; level <= handRunLevels; level++) {
    const start = (level - 1) * levelSeconds;
    phases.push(alerts(settings, `level-${level}`, rate, start, levelSeconds));
    rate = nextRate(rate);
  }
  return phases;
}

export function nextRate(rate: number): number {
  return Math.round(rate * levelGrowth);
}

/** One level of a search that goes by what the one before it did. */
export function levelPhases(settings: Settings): Phase[] {
  const name = `level-${settings.level}`;
  return [alerts(settings, name, settings.rate, 0, lasts(settings, levelSeconds), "none")];
}

/** Twice the rate, then little. A search may need several of them, each with alerts of its own. */
export function overloadPhases(settings: Settings): Phase[] {
  const much = settings.rate * overloadFactor;
  const little = settings.rate * recoveryShare;
  const nth = settings.level === 1 ? "" : `-${settings.level}`;
  return [
    alerts(settings, `overload${nth}`, much, 0, overloadSeconds, "survive"),
    alerts(settings, `recovery${nth}`, little, overloadSeconds, recoverySeconds, "survive"),
  ];
}

/** Makes the population known. */
export function fillPhases(settings: Settings): Phase[] {
  const phase = alerts(settings, "fill", 0, 0, fillWithinSeconds, "none");
  return [{ ...phase, work: "fill" }];
}

/** As much as the door takes: the only load that a slow server slows down. */
export function burstPhases(settings: Settings): Phase[] {
  return [{ ...alerts(settings, "burst", 0, 0, burstSeconds, "none"), work: "burst" }];
}
