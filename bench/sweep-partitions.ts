/**
 * What do partitions cost, and what do they bring? Each has a log, memory and a loop of its own; on
 * a machine of few cores more of them are only smaller batches. The same number for both stages.
 */
import type { Bench, BenchSettings, Measurement } from "./bench.ts";
import type { ClosedLoad } from "./paired.ts";
import { ThroughRounds } from "./through-rounds.ts";
import { describeThrough } from "./through.ts";

const counts = [1, 2, 4, 8, 16, 64];
const load: ClosedLoad = {
  ...{ connections: 32, alertsPerRequest: 64, population: 10_240 },
  freshShare: 0.05,
};

export const sweepPartitions: Bench = {
  name: "sweep-partitions",
  question: "rate accepted and worked off by partitions, with 95 % repeats",
  async run(settings: BenchSettings): Promise<Measurement[]> {
    const chosen = counts.filter((count) => `${count} partitions`.includes(settings.match));
    const all = new Map(chosen.map((count) => [count, new ThroughRounds(load, settings)]));
    for (let nth = 0; nth < settings.rounds; nth++) {
      for (const [count, rounds] of all) {
        const config = `partitions: { dedup: ${count}, incident: ${count} }\n`;
        const through = await rounds.round(settings.tocsin, config);
        const round = `sweep-partitions/${count} partitions round ${nth + 1}`;
        settings.say(`${round}: ${describeThrough(through)}`);
      }
    }
    return [...all].flatMap(([count, rounds]) =>
      rounds.measurements(`sweep-partitions/${count} partitions`),
    );
  },
};
