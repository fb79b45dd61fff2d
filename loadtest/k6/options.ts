/** k6's options for a plan: its scenarios and its thresholds. Pure. */
import type { Phase } from "./phases.ts";
import type { Settings } from "./settings.ts";

/** Of a whole exchange. */
export const requestTimeout = "10s";
/** Phases end with their last answer, or when nobody waits for it any more. */
const gracefulStop = requestTimeout;
const fillUsers = 4;
const burstUsers = 8;
const usersMin = 50;
/** Virtual users for what is due in so long; a request that finds none of them free is unsent. */
const usersForSeconds = 1;
/** Share of what is due that may be shed, and share that may be unsent, at a rate to hold. */
const missedShareMax = 0.01;
/** Of reads, which wait behind batches of alerts and behind the disk (SQL). */
const readLatencyFactor = 4;
/** k6 counts whole iterations; a longer unit of time makes fractions of one a second possible. */
const unitSeconds = 1_000;

type Scenario = { executor: string; exec: string; [setting: string]: string | number };

export type Options = {
  scenarios: Record<string, Scenario>;
  thresholds: Record<string, string[]>;
  discardResponseBodies: boolean;
  systemTags: string[];
  summaryTrendStats: string[];
  setupTimeout: string;
  teardownTimeout: string;
  userAgent: string;
};

export function optionsFor(phases: Phase[], settings: Settings): Options {
  const scenarios: Record<string, Scenario> = {};
  const thresholds: Record<string, string[]> = {};
  for (const phase of phases) {
    scenarios[phase.name] = scenarioOf(phase, settings);
    Object.assign(thresholds, thresholdsOf(phase, settings));
  }
  // The runner knows better what is lost: it counts rows as well.
  if (settings.alone) thresholds["alerts_lost"] = ["value<=0"];
  return {
    ...{ scenarios, thresholds, discardResponseBodies: true },
    // Each tag costs time and memory for each request.
    systemTags: ["scenario"],
    summaryTrendStats: ["avg", "med", "p(95)", "p(99)", "max"],
    ...{ setupTimeout: "120s", teardownTimeout: "60s", userAgent: "tocsin-loadtest" },
  };
}

/** The metrics of a phase begin with it. */
export function metricPrefix({ work }: Pick<Phase, "work">): "alerts" | "reads" {
  return work === "alerts" || work === "fill" || work === "burst" ? "alerts" : "reads";
}

function scenarioOf(phase: Phase, settings: Settings): Scenario {
  const { work, perSecond, batch, seconds, startSecond } = phase;
  const common = { exec: work, startTime: `${milliseconds(startSecond)}ms`, gracefulStop };
  const lasts = `${milliseconds(seconds)}ms`;
  if (work === "fill") {
    const iterations = Math.ceil(settings.population / batch);
    const vus = Math.min(fillUsers, iterations);
    return { ...common, executor: "shared-iterations", vus, iterations, maxDuration: lasts };
  }
  if (work === "burst") {
    return { ...common, executor: "constant-vus", vus: burstUsers, duration: lasts };
  }
  const requests = perSecond / batch;
  const users = usersOf(phase, settings);
  return {
    ...common,
    executor: "constant-arrival-rate",
    rate: Math.max(1, Math.round(requests * unitSeconds)),
    timeUnit: `${unitSeconds}s`,
    duration: lasts,
    // All of them from the start: to make one in the middle of a load would slow the load down.
    ...{ preAllocatedVUs: users, maxVUs: users },
  };
}

/** Virtual users of a phase. */
export function usersOf({ work, perSecond, batch }: Phase, { connections }: Settings): number {
  if (work === "fill") return fillUsers;
  if (work === "burst") return burstUsers;
  const wanted = Math.ceil((perSecond / batch) * usersForSeconds);
  return Math.min(connections, Math.max(usersMin, wanted));
}

function thresholdsOf(phase: Phase, { p95Ms, p99Ms }: Settings): Record<string, string[]> {
  const { name, judged, perSecond, batch, seconds } = phase;
  if (judged === "none") return {};
  const prefix = metricPrefix(phase);
  const of = (metric: string): string => `${metric}{scenario:${name}}`;
  const failed = { [of(`${prefix}_failed`)]: ["count<=0"] };
  if (judged === "survive") return failed;
  const factor = prefix === "reads" ? readLatencyFactor : 1;
  const missed = perSecond * seconds * missedShareMax;
  return {
    [of(`${prefix}_latency`)]: [`p(95)<=${p95Ms * factor}`, `p(99)<=${p99Ms * factor}`],
    [of(`${prefix}_shed`)]: [`count<=${Math.floor(missed)}`],
    [of("dropped_iterations")]: [`count<=${Math.floor(missed / batch)}`],
    ...failed,
  };
}

function milliseconds(seconds: number): number {
  return Math.round(seconds * 1000);
}
