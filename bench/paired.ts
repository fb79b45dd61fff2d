/**
 * One case for both contenders: each round starts its server anew and has the machine for itself,
 * and rounds of the two alternate, so that a slow minute of the machine hits both.
 */
import { workedOff } from "./backlog.ts";
import { median } from "./bench.ts";
import type { BenchSettings, Measurement } from "./bench.ts";
import type { Contender, Running } from "./contenders.ts";
import { runLoad } from "./load.ts";
import type { LoadPlan, LoadResult } from "./load.ts";

export type ClosedLoad = {
  connections: number;
  alertsPerRequest: number;
  /** Distinct alerts that are known before the clock starts; "new": no alert is sent twice. */
  population: number | "new";
  /** Of the measured alerts, this share is sent for the first time. Only with a population. */
  freshShare?: number;
  /** Sends the load; default: load.ts. */
  generator?: (plan: LoadPlan) => Promise<LoadResult>;
};

/** Divides every population in use, so that filling in makes no other alert known. */
const alertsPerFillRequest = 40;
/** Filling a million alerts in takes minutes. */
const fillWithinMs = 480_000;

/**
 * @param peer false: only Tocsin is measured.
 * @returns the median rate of each, and their ratio.
 */
export async function measurePair(
  name: string,
  settings: BenchSettings,
  round: (contender: Contender) => Promise<LoadResult>,
  peer = true,
): Promise<Measurement[]> {
  const contenders = [settings.tocsin];
  if (peer && settings.alertmanager !== null) contenders.push(settings.alertmanager);
  const results = new Map<string, LoadResult[]>(contenders.map((one) => [one.name, []]));
  for (let nth = 0; nth < settings.rounds; nth++) {
    for (const contender of contenders) {
      const result = await round(contender);
      results.get(contender.name)?.push(result);
      settings.say(`${name} round ${nth + 1} ${contender.name}: ${describe(result)}`);
    }
  }
  const measurements = contenders.map((contender): Measurement => {
    const rounds = results.get(contender.name) ?? [];
    const p50 = median(rounds.map((one) => one.p50Ms));
    const p99 = median(rounds.map((one) => one.p99Ms));
    return {
      name: `${name}/${contender.name}`,
      value: median(rounds.map((one) => one.alertsPerSecond)),
      unit: "alerts/s",
      better: "more",
      note: `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms${refusals(rounds)}`,
    };
  });
  const [ours, theirs] = measurements;
  if (ours !== undefined && theirs !== undefined && theirs.value > 0) {
    const value = ours.value / theirs.value;
    measurements.push({ name: `${name}/ratio`, value, unit: "x", better: "more" });
  }
  return measurements;
}

/**
 * One round on a fresh server: how many alerts were accepted. Filling in is over when the alerts
 * are worked off: what Tocsin had still to do with them it would do at the repeats' expense, and
 * refuse some of those (`ingest.lag_max`). Alertmanager does not say how far it is.
 */
export async function acceptedRound(
  contender: Contender,
  load: ClosedLoad,
  settings: BenchSettings,
): Promise<LoadResult> {
  const server = await contender.start();
  try {
    await fill(server, load, settings);
    if (load.population !== "new" && contender === settings.tocsin) await workedOff(server);
    const send = load.generator ?? runLoad;
    const warm = await send({ ...planOf(server, load, settings), ...warmUp(settings) });
    return await send(continued(planOf(server, load, settings), load, warm));
  } finally {
    await server.stop();
  }
}

export function planOf(server: Running, load: ClosedLoad, settings: BenchSettings): LoadPlan {
  const { connections, alertsPerRequest, population, freshShare } = load;
  const firstAlert = settings.seed;
  const plan: LoadPlan = {
    ...{ host: server.host, port: server.port, path: "/api/v2/alerts" },
    ...{ connections, alertsPerRequest, population, firstAlert },
    durationMs: settings.roundMs,
  };
  if (freshShare === undefined || freshShare === 0 || population === "new") return plan;
  return { ...plan, fresh: { share: freshShare, firstAlert: firstAlert + population } };
}

export function warmUp({ warmUpMs }: BenchSettings): { durationMs: number } {
  return { durationMs: warmUpMs };
}

/** The plan of what comes after the warm-up: alerts that are to be new still are. */
export function continued(plan: LoadPlan, load: ClosedLoad, warm: LoadResult): LoadPlan {
  if (load.population === "new") return { ...plan, firstAlert: warm.nextAlert };
  if (plan.fresh === undefined) return plan;
  return { ...plan, fresh: { ...plan.fresh, firstAlert: warm.nextAlert } };
}

/** Makes the population known, each alert once. @throws when not all of it was accepted. */
export async function fill(
  server: Running,
  { population }: ClosedLoad,
  settings: BenchSettings,
): Promise<void> {
  if (population === "new") return;
  const few = { connections: 8, alertsPerRequest: alertsPerFillRequest };
  const { accepted } = await runLoad({
    ...planOf(server, { ...few, population: "new" }, settings),
    alertsMax: population,
    durationMs: fillWithinMs,
  });
  if (accepted < population) {
    throw new Error(`only ${accepted} of ${population} alerts were taken within the time`);
  }
}

function describe(result: LoadResult): string {
  return (
    `${Math.round(result.alertsPerSecond)} alerts/s, p50 ${result.p50Ms.toFixed(1)} ms, ` +
    `p99 ${result.p99Ms.toFixed(1)} ms${refusals([result])}`
  );
}

export function refusals(rounds: Pick<LoadResult, "refused">[]): string {
  const total: Record<string, number> = {};
  for (const { refused } of rounds) {
    for (const [what, n] of Object.entries(refused)) total[what] = (total[what] ?? 0) + n;
  }
  const texts = Object.entries(total).map(([what, n]) => `${n} x ${what}`);
  return texts.length === 0 ? "" : `, refused: ${texts.join(", ")}`;
}
