/**
 * How does the highest rate depend on the share of repeats? A repeat costs a look-up, a new alert
 * becomes an actor, a member of an incident, an event and a row. For Tocsin what counts is what was
 * also worked off; Alertmanager says nothing about that, so that its rate is what it accepted.
 */
import type { Bench, BenchSettings, Measurement } from "./bench.ts";
import { acceptedRound, measurePair } from "./paired.ts";
import type { ClosedLoad } from "./paired.ts";
import { ThroughRounds } from "./through-rounds.ts";
import { describeThrough } from "./through.ts";

const repeatsPercent = [50, 80, 95, 99, 100];
const population = 10_240;

export const sweepRepeats: Bench = {
  name: "sweep-repeats",
  question: "highest rate by share of repeats: accepted, and worked off",
  async run(settings: BenchSettings): Promise<Measurement[]> {
    const measurements: Measurement[] = [];
    for (const percent of repeatsPercent) {
      const name = `${percent} % repeats`;
      if (!name.includes(settings.match)) continue;
      measurements.push(...(await measureShare(`sweep-repeats/${name}`, percent, settings)));
    }
    return measurements;
  },
};

async function measureShare(
  name: string,
  percent: number,
  settings: BenchSettings,
): Promise<Measurement[]> {
  const load: ClosedLoad = {
    ...{ connections: 32, alertsPerRequest: 64, population },
    freshShare: 1 - percent / 100,
  };
  const ours = new ThroughRounds(load, settings);
  const rates = await measurePair(name, settings, async (contender) => {
    if (contender !== settings.tocsin) return acceptedRound(contender, load, settings);
    const through = await ours.round(contender);
    settings.say(`${name}: ${describeThrough(through)}`);
    return { ...through, alertsPerSecond: through.throughPerSecond };
  });
  const beside = ours.measurements(name).filter((one) => !one.name.endsWith("/through"));
  return [...rates, ...beside];
}
