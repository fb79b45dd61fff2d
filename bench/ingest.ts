/**
 * How many alerts a second are accepted over HTTP? For Tocsin an accepted alert is durable, for
 * Alertmanager it is in memory. Each round starts its server anew and has the machine for itself;
 * rounds of the contenders alternate, so that a slow minute of the machine hits both.
 */
import { median } from "./bench.ts";
import type { Bench, BenchSettings, Measurement } from "./bench.ts";
import type { Contender } from "./contenders.ts";
import { runLoad } from "./load.ts";
import type { LoadResult } from "./load.ts";

type Case = { alertsPerRequest: number; fingerprints: "new" | "repeated"; connections: number };

const cases: Case[] = [
  { alertsPerRequest: 64, fingerprints: "repeated", connections: 32 },
  { alertsPerRequest: 64, fingerprints: "new", connections: 32 },
  { alertsPerRequest: 1, fingerprints: "repeated", connections: 32 },
  { alertsPerRequest: 1, fingerprints: "new", connections: 32 },
  { alertsPerRequest: 1, fingerprints: "repeated", connections: 256 },
  { alertsPerRequest: 1, fingerprints: "new", connections: 256 },
];

/** Distinct alerts of the "repeated" cases; all are known before the measured time begins. */
const population = 10_240;

export const ingest: Bench = {
  name: "ingest",
  question: "accepted alerts a second over HTTP",
  async run(settings: BenchSettings): Promise<Measurement[]> {
    const { alertmanager, say } = settings;
    if (alertmanager === null) say("alertmanager: not found, skipped (set ALERTMANAGER_BIN)");
    const contenders = [settings.tocsin, ...(alertmanager === null ? [] : [alertmanager])];
    const measurements: Measurement[] = [];
    for (const one of cases) {
      if (!nameOf(one).includes(settings.match)) continue;
      measurements.push(...(await measureCase(one, contenders, settings)));
    }
    return measurements;
  },
};

function nameOf({ alertsPerRequest, fingerprints, connections }: Case): string {
  return `${alertsPerRequest} ${fingerprints} x${connections}`;
}

async function measureCase(
  one: Case,
  contenders: Contender[],
  settings: BenchSettings,
): Promise<Measurement[]> {
  const name = nameOf(one);
  const results = new Map<string, LoadResult[]>(contenders.map(({ name }) => [name, []]));
  for (let round = 0; round < settings.rounds; round++) {
    for (const contender of contenders) {
      const result = await measureRound(one, contender, settings);
      results.get(contender.name)?.push(result);
      settings.say(`${name} round ${round + 1} ${contender.name}: ${describe(result)}`);
    }
  }
  const measurements = contenders.map((contender): Measurement => {
    const rounds = results.get(contender.name) ?? [];
    const p50 = median(rounds.map((round) => round.p50Ms));
    const p99 = median(rounds.map((round) => round.p99Ms));
    return {
      name: `ingest/${name}/${contender.name}`,
      value: median(rounds.map((round) => round.alertsPerSecond)),
      unit: "alerts/s",
      better: "more",
      note: `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms${refusals(rounds)}`,
    };
  });
  const [ours, theirs] = measurements;
  if (ours !== undefined && theirs !== undefined && theirs.value > 0) {
    const value = ours.value / theirs.value;
    measurements.push({ name: `ingest/${name}/ratio`, value, unit: "x", better: "more" });
  }
  return measurements;
}

async function measureRound(
  one: Case,
  contender: Contender,
  settings: BenchSettings,
): Promise<LoadResult> {
  const server = await contender.start();
  try {
    const plan = {
      host: server.host,
      port: server.port,
      path: "/api/v2/alerts",
      connections: one.connections,
      alertsPerRequest: one.alertsPerRequest,
      population: one.fingerprints === "new" ? ("new" as const) : population,
      firstAlert: settings.seed,
    };
    if (one.fingerprints === "repeated") {
      const fill = { connections: 8, alertsPerRequest: 64, alertsMax: population };
      await runLoad({ ...plan, ...fill, durationMs: 60_000 });
    }
    const warm = await runLoad({ ...plan, durationMs: settings.warmUpMs });
    const firstAlert = one.fingerprints === "new" ? warm.nextAlert : settings.seed;
    return await runLoad({ ...plan, firstAlert, durationMs: settings.roundMs });
  } finally {
    await server.stop();
  }
}

function describe(result: LoadResult): string {
  return (
    `${Math.round(result.alertsPerSecond)} alerts/s, p50 ${result.p50Ms.toFixed(1)} ms, ` +
    `p99 ${result.p99Ms.toFixed(1)} ms${refusals([result])}`
  );
}

function refusals(rounds: LoadResult[]): string {
  const total: Record<string, number> = {};
  for (const { refused } of rounds) {
    for (const [what, n] of Object.entries(refused)) total[what] = (total[what] ?? 0) + n;
  }
  const texts = Object.entries(total).map(([what, n]) => `${n} x ${what}`);
  return texts.length === 0 ? "" : `, refused: ${texts.join(", ")}`;
}
