/**
 * What is correlation worth? Storms whose true causes are known go through the incident stage in
 * simulated time; what it made of them is judged, kind by kind, beside Alertmanager's grouping
 * and plain deduplication. Settings are chosen on every other seed and reported on the rest, so
 * that no figure is of a storm that the settings were fitted to.
 */
import { defaultIncidentConfig } from "../runtime/incident-stage.ts";
import { stormKinds } from "../runtime/storm/cause.ts";
import type { StormKind } from "../runtime/storm/cause.ts";
import { platform } from "../runtime/storm/platform.ts";
import type { Bench, BenchSettings, Measurement } from "./bench.ts";
import { addStorm, emptyTally, meanOf, scoresOf } from "./correlation-scores.ts";
import type { Scores, Tally } from "./correlation-scores.ts";
import type { Storm } from "./correlation-storms.ts";
import { stormOf } from "./correlation-storms.ts";
import { alertmanagerGroups, historyOf, plainDedup, tocsinWith } from "./correlation-systems.ts";
import type { Correlation, System } from "./correlation-systems.ts";

/** Half of them to choose by, half to report. */
const seedsPerKind = 200;
const seedsPerKindQuick = 20;
/** A setting that hides more of the true incidents is not worth its better figures. */
const hiddenMax = 0.005;
const windowsMs = [60_000, 180_000, 300_000, 600_000];
const labelSets = [
  ["service", "model_id"],
  ["service", "model_id", "region"],
  ["model_id", "region"],
  ["model_id"],
];

export const correlation: Bench = {
  name: "correlation",
  question: "alerts gathered into incidents, judged by the truth",
  async run(settings: BenchSettings): Promise<Measurement[]> {
    const seeds = settings.quick ? seedsPerKindQuick : seedsPerKind;
    const kinds = stormKinds.filter((kind) => kind.includes(settings.match));
    if (kinds.length === 0) return [];
    const all = Array.from({ length: seeds }, (_, n) => settings.seed + n);
    const before = stormsOf(kinds, all.filter((_, n) => n % 2 === 0));
    const tuned = choose(before, settings);
    const defaults = defaultIncidentConfig.correlation;
    const learnt = historyOf(defaults, inTurn(before));
    const systems: [string, System][] = [
      ["tocsin, defaults", tocsinWith(defaults)],
      ["tocsin, learnt", tocsinWith(defaults, learnt)],
      ["tocsin, topology", tocsinWith({ ...defaults, topology })],
      ["tocsin, topology and learnt", tocsinWith({ ...defaults, topology }, learnt)],
      ["tocsin, chosen", tocsinWith({ ...tuned, topology })],
      ["alertmanager", alertmanagerGroups],
      ["dedup", plainDedup],
    ];
    const storms = stormsOf(kinds, all.filter((_, n) => n % 2 === 1));
    return systems.flatMap(([name, system]) => report(name, judge(system, storms)));
  },
};

/** The platform's own services; what they depend on is what an operator would write down. */
const topology = {
  dependencies: Object.fromEntries(platform.map(({ name, dependsOn }) => [name, [...dependsOn]])),
  windowMs: 300_000,
  depthMax: 4,
};

type Storms = Map<StormKind, Storm[]>;

function stormsOf(kinds: StormKind[], seeds: number[]): Storms {
  return new Map(kinds.map((kind) => [kind, seeds.map((seed) => stormOf(kind, seed))]));
}

/** One of each kind, then the next of each: as a year has them. */
function inTurn(storms: Storms): Storm[] {
  const lists = [...storms.values()];
  const most = Math.max(...lists.map(({ length }) => length));
  return Array.from({ length: most }, (_, n) => lists.flatMap((list) => list[n] ?? [])).flat();
}

function judge(system: System, storms: Storms): Map<StormKind, Tally> {
  const tallies = new Map<StormKind, Tally>();
  for (const [kind, list] of storms) {
    const tally = emptyTally();
    for (const storm of list) addStorm(tally, system(storm));
    tallies.set(kind, tally);
  }
  return tallies;
}

/** The greatest mean F1 among the settings that hide little; where none does, the least hiding. */
function choose(storms: Storms, { say }: BenchSettings): Correlation {
  const count = [...storms.values()].reduce((sum, list) => sum + list.length, 0);
  say(`chosen on ${count} storms of ${storms.size} kinds, reported on as many others`);
  let best: { correlation: Correlation; scores: Scores } | null = null;
  for (const labels of labelSets) {
    for (const windowMs of windowsMs) {
      const setting = { ...defaultIncidentConfig.correlation, windowMs, labels, topology };
      const tallies = judge(tocsinWith(setting), storms);
      const scores = overall(tallies);
      say(`  ${labels.join("+")} within ${windowMs / 1000} s: ${noteOf(scores)}`);
      if (best === null || isBetter(scores, best.scores)) best = { correlation: setting, scores };
    }
  }
  if (best === null) throw new Error("there is no setting to choose from");
  const { labels, windowMs } = best.correlation;
  say(`chosen: ${labels.join("+")} within ${windowMs / 1000} s`);
  return best.correlation;
}

function isBetter(now: Scores, best: Scores): boolean {
  if (now.hidden > hiddenMax || best.hidden > hiddenMax) return now.hidden < best.hidden;
  return now.f1 > best.f1;
}

function report(
  system: string,
  tallies: Map<StormKind, Tally>,
): Measurement[] {
  const results: Measurement[] = [];
  const add = (of: string, scores: Scores, counts: string): void => {
    const note = `${noteOf(scores)}${counts}`;
    const name = `correlation/${of}/${system}`;
    results.push({ name, value: scores.f1, unit: "F1", better: "more", note, figures: scores });
  };
  for (const [kind, tally] of tallies) {
    const { hidden, untold, shouldPage, alerts } = tally;
    const counts = `: ${hidden} of ${shouldPage} causes, ${untold} of them named nowhere`;
    add(kind, scoresOf(tally), `${counts}; ${alerts} alerts`);
  }
  add("mean of storms", overall(tallies), "");
  return results;
}

/** Without noise: there is nothing to find in it, and any pair is wrong; it has its own line. */
function overall(tallies: Map<StormKind, Tally>): Scores {
  const storms = [...tallies].filter(([kind]) => kind !== "noise" || tallies.size === 1);
  return meanOf(storms.map(([, tally]) => scoresOf(tally)));
}

function noteOf(scores: Scores): string {
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  return (
    `reduction ${percent(scores.reduction)}, precision ${scores.precision.toFixed(2)}, ` +
    `recall ${scores.recall.toFixed(2)}, root ${percent(scores.rootRight)}, ` +
    `hidden ${percent(scores.hidden)}`
  );
}
