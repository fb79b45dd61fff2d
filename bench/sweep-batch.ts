/** How much does it matter how many alerts come in one request? Repeats, 32 connections. */
import type { Bench, BenchSettings, Measurement } from "./bench.ts";
import type { Contender } from "./contenders.ts";
import { acceptedRound, measurePair } from "./paired.ts";

const alertsPerRequest = [1, 2, 5, 10, 50, 64, 100, 1_000];
const connections = 32;
const population = 10_240;

export const sweepBatch: Bench = {
  name: "sweep-batch",
  question: "accepted alerts a second by alerts in a request",
  async run(settings: BenchSettings): Promise<Measurement[]> {
    const measurements: Measurement[] = [];
    for (const alerts of alertsPerRequest) {
      const name = `${alerts} a request`;
      if (!name.includes(settings.match)) continue;
      const load = { connections, alertsPerRequest: alerts, population };
      const round = (contender: Contender) => acceptedRound(contender, load, settings);
      measurements.push(...(await measurePair(`sweep-batch/${name}`, settings, round)));
    }
    return measurements;
  },
};
