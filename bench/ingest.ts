/**
 * How many alerts a second are accepted over HTTP? For Tocsin an accepted alert is durable, for
 * Alertmanager it is in memory. Each round starts its server anew and has the machine for itself;
 * rounds of the contenders alternate, so that a slow minute of the machine hits both.
 */
import type { Bench, BenchSettings, Measurement } from "./bench.ts";
import type { Contender } from "./contenders.ts";
import { acceptedRound, measurePair } from "./paired.ts";
import { hasWrk, runWrk } from "./wrk.ts";

type Case = {
  alertsPerRequest: number;
  fingerprints: "new" | "repeated";
  connections: number;
  /** What sends the load; "wrk" needs it installed. */
  by?: "wrk";
};

const cases: Case[] = [
  { alertsPerRequest: 64, fingerprints: "repeated", connections: 32 },
  { alertsPerRequest: 64, fingerprints: "new", connections: 32 },
  { alertsPerRequest: 1, fingerprints: "repeated", connections: 32 },
  { alertsPerRequest: 1, fingerprints: "new", connections: 32 },
  { alertsPerRequest: 1, fingerprints: "repeated", connections: 256 },
  { alertsPerRequest: 1, fingerprints: "new", connections: 256 },
  { alertsPerRequest: 1, fingerprints: "repeated", connections: 256, by: "wrk" },
];

/** Distinct alerts of the "repeated" cases; all are known before the measured time begins. */
const population = 10_240;

export const ingest: Bench = {
  name: "ingest",
  question: "accepted alerts a second over HTTP",
  async run(settings: BenchSettings): Promise<Measurement[]> {
    const measurements: Measurement[] = [];
    for (const one of cases) {
      if (!nameOf(one).includes(settings.match)) continue;
      if (one.by === "wrk" && !hasWrk()) {
        settings.say(`ingest/${nameOf(one)}: left out, there is no wrk on PATH`);
        continue;
      }
      const known = one.fingerprints === "new" ? ("new" as const) : population;
      const generator = one.by === "wrk" ? { generator: runWrk } : {};
      const load = { ...one, population: known, ...generator };
      const round = (contender: Contender) => acceptedRound(contender, load, settings);
      measurements.push(...(await measurePair(`ingest/${nameOf(one)}`, settings, round)));
    }
    return measurements;
  },
};

function nameOf({ alertsPerRequest, fingerprints, connections, by }: Case): string {
  const text = `${alertsPerRequest} ${fingerprints} x${connections}`;
  return by === undefined ? text : `${text} by ${by}`;
}
