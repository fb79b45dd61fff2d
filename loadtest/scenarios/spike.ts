import { recoverySecond } from "../result/recovery.ts";
import { atMost, failedCheck, steadyChecks } from "../result/verdict.ts";
import type { Scenario } from "../scenario.ts";

const calmShare = 0.25;
/** Times the calm rate; so twice what steady holds. */
const spikeFactor = 8;
const recoverWithinSeconds = 10;

export const spike: Scenario = {
  name: "spike",
  question: `calm, suddenly ${spikeFactor} times as much, calm again: is anything lost or stuck?`,
  seconds: 40,
  needsRate: true,
  async run(ground) {
    const { seconds, settings } = ground;
    const calmRate = settings.rate * calmShare;
    const third = seconds / 4;
    const before = await ground.run(ground.alerts("calm", calmRate, third));
    const peak = await ground.runUntilOver(
      ground.alerts("peak", calmRate * spikeFactor, third),
    );
    const after = await ground.run(ground.alerts("after", calmRate, third * 2));
    ground.show(before, peak, after);
    const { limits } = settings;
    const back = recoverySecond(ground.record.series, after, calmRate, limits.p95Ms);
    // During the peak it may shed; it may not fail, and it may not stay hurt.
    ground.expect(
      ...steadyChecks(before, limits),
      failedCheck(peak),
      failedCheck(after),
      atMost("normal again after the peak", back ?? Infinity, recoverWithinSeconds, "s"),
    );
  },
};
