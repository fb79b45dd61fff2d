/**
 * Does an alert cost more the more alerts are active? Repeats only, in a closed loop, timed until
 * they are worked off; the cost is the inverse of that rate. A size is filled in once, however many
 * rounds are measured on it.
 *
 * Each alert's repeats are reported now and then (roll-ups), which is work by alert and not by
 * repeat. The first report comes soon after an alert's first repeat; it is a cost of beginning, so
 * each size is brought beyond it before the clock starts. Of the largest size most come later, 5
 * minutes after each alert began. To tell reports from caches and snapshots, each size is measured
 * a second time with roll-ups put off.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { median } from "./bench.ts";
import type { Bench, BenchSettings, Measurement } from "./bench.ts";
import type { Contender, Running } from "./contenders.ts";
import { runLoad } from "./load.ts";
import { fill, planOf, warmUp } from "./paired.ts";
import type { ClosedLoad } from "./paired.ts";
import { ThroughRounds } from "./through-rounds.ts";
import { describeThrough } from "./through.ts";

const sizes = [1_000, 10_000, 100_000, 1_000_000];
const peerSizes = [1_000, 100_000];
const quickSizeMax = 10_000;
/** As variants of the program, by what is added to a size's name. */
const configs = {
  "": undefined,
  " without roll-ups": "dedup: { rollup_first: 1h, rollup_max: 1h }\n",
};
const base = { connections: 32, alertsPerRequest: 64 };
/** The default of dedup.rollup_first, and some time to work the reports off. */
const firstRollupMs = 10_000;
const within = { durationMs: 120_000 };
type SizedLoad = ClosedLoad & { population: number };

export const sweepFingerprints: Bench = {
  name: "sweep-fingerprints",
  question: "cost of a repeat by active fingerprints, from the door through the stages",
  async run(settings: BenchSettings): Promise<Measurement[]> {
    const { tocsin, alertmanager, quick, match } = settings;
    const measurements: Measurement[] = [];
    for (const [suffix, config] of Object.entries(configs)) {
      const measured: Measurement[] = [];
      for (const size of sizes) {
        const name = `${size} fingerprints${suffix}`;
        if (!name.includes(match) || (quick && size > quickSizeMax)) continue;
        const load: SizedLoad = { ...base, population: size };
        measured.push(...(await ours(name, load, tocsin, config, settings)));
        const hasPeer = config === undefined && peerSizes.includes(size);
        if (alertmanager === null || !hasPeer) continue;
        measured.push(await theirs(name, load, alertmanager, settings));
      }
      const whats = ["through", "processor", "alertmanager"];
      measurements.push(...measured, ...whats.flatMap((what) => costs(measured, what)));
    }
    return measurements;
  },
};

const prefix = "sweep-fingerprints";

async function ours(
  size: string,
  load: SizedLoad,
  contender: Contender,
  config: string | undefined,
  settings: BenchSettings,
): Promise<Measurement[]> {
  const rounds = new ThroughRounds(load, settings);
  const name = `${prefix}/${size}`;
  const server = await contender.start(config);
  try {
    const startMs = performance.now();
    await fill(server, load, settings);
    settings.say(`${name}: filled in ${((performance.now() - startMs) / 1000).toFixed(0)} s`);
    await passFirstRollups(server, load, settings);
    for (let nth = 0; nth < settings.rounds; nth++) {
      const through = await rounds.over(server);
      settings.say(`${name} round ${nth + 1}: ${describeThrough(through)}`);
    }
  } finally {
    await server.stop();
  }
  return rounds.measurements(name);
}

/** Repeats each alert once, and waits until that has been reported. */
async function passFirstRollups(
  server: Running,
  load: SizedLoad,
  settings: BenchSettings,
): Promise<void> {
  const plan = planOf(server, load, settings);
  const { seconds } = await runLoad({ ...plan, alertsMax: load.population, ...within });
  await sleep(firstRollupMs);
  settings.say(`${load.population} alerts repeated once, in ${seconds.toFixed(0)} s`);
}

async function theirs(
  size: string,
  load: ClosedLoad,
  contender: Contender,
  settings: BenchSettings,
): Promise<Measurement> {
  const server = await contender.start();
  const name = `${prefix}/${size}/${contender.name}`;
  try {
    await fill(server, load, settings);
    const plan = planOf(server, load, settings);
    await runLoad({ ...plan, ...warmUp(settings) });
    const rates: number[] = [];
    for (let nth = 0; nth < settings.rounds; nth++) {
      const { alertsPerSecond } = await runLoad(plan);
      settings.say(`${name} round ${nth + 1}: ${Math.round(alertsPerSecond)}/s accepted`);
      rates.push(alertsPerSecond);
    }
    const note = "accepted only";
    return { name, value: median(rates), unit: "alerts/s", better: "more", note };
  } finally {
    await server.stop();
  }
}

/** The cost at each size over that at the smallest one that was measured with it. */
function costs(measurements: Measurement[], what: string): Measurement[] {
  const found = measurements.filter(({ name }) => name.endsWith(`/${what}`));
  const [smallest, ...larger] = found;
  if (smallest === undefined) return [];
  const sizeOf = (name: string): string => (name.split("/")[1] ?? "").split(" ")[0] ?? "";
  return larger.map(({ name, value, better }) => ({
    name: `${name}, cost over that at ${sizeOf(smallest.name)}`,
    value: better === "more" ? smallest.value / value : value / smallest.value,
    unit: "x",
    better: "less",
  }));
}
