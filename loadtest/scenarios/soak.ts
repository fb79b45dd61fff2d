import { memoryGrowth } from "../result/memory-growth.ts";
import { atMost, steadyChecks } from "../result/verdict.ts";
import type { Scenario } from "../scenario.ts";

const rateShare = 0.5;
const resolveAfterSeconds = 20;
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
    const { settings, seconds } = ground;
    const rate = settings.rate * rateShare;
    const record = await ground.run(ground.alerts("soak", rate, seconds, resolveAfterSeconds));
    ground.show(record);
    ground.expect(...steadyChecks(record, settings.limits));
    const growth = memoryGrowth(ground.sampler.series, record);
    if (growth === null) return;
    const check = atMost("memory, last third to middle third", growth, growthMax, "×");
    const got = `${check.got}, but in less than ${judgedFromSeconds} s`;
    ground.expect(seconds >= judgedFromSeconds ? check : { ...check, got, holds: null });
  },
};
