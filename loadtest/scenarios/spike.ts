import { scripts } from "../generator/scripts.ts";
import { spikeFactor } from "../k6/phases.ts";
import { recoverySecond } from "../result/recovery.ts";
import { atMost } from "../result/verdict.ts";
import type { Scenario } from "../scenario.ts";

const recoverWithinSeconds = 10;

export const spike: Scenario = {
  name: "spike",
  question: `calm, suddenly ${spikeFactor} times as much, calm again: is anything lost or stuck?`,
  seconds: 40,
  needsRate: true,
  async run(ground) {
    const load = ground.start(scripts.spike);
    ground.show(...load.records);
    // During the peak it may shed; it may not fail, and it may not stay hurt.
    ground.expect(...(await load.ended));
    const after = load.records.at(-1)!;
    const back = recoverySecond(ground.record.series, after, ground.settings.limits.p95Ms);
    const well = "normal again after the peak";
    const check = atMost(well, back ?? Infinity, recoverWithinSeconds, "s");
    ground.expect({ ...check, phase: after.phase.name });
  },
};
