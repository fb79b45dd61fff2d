import { scripts } from "../generator/scripts.ts";
import { memoryGrowth } from "../result/memory-growth.ts";
import { atMost } from "../result/verdict.ts";
import type { Scenario } from "../scenario.ts";

/** Caches and arenas fill at first; after that, memory shall follow the alerts that fire. */
const growthMax = 1.5;
/** A shorter run is all warm-up. */
const judgedFromSeconds = 300;

export const soak: Scenario = {
  name: "soak",
  question: "new, repeated and resolved alerts for a long time: does anything creep up?",
  seconds: 600,
  needsRate: true,
  async run(ground) {
    const load = ground.start(scripts.soak);
    ground.show(...load.records);
    ground.expect(...(await load.ended));
    const record = load.records[0]!;
    const growth = memoryGrowth(ground.sampler.series, record);
    if (growth === null) return;
    const check = atMost("memory, last third to middle third", growth, growthMax, "×");
    const got = `${check.got}, but in less than ${judgedFromSeconds} s`;
    const isLong = record.phase.seconds >= judgedFromSeconds;
    ground.expect(isLong ? check : { ...check, got, holds: null });
  },
};
