import { scripts } from "../generator/scripts.ts";
import { nextRate } from "../k6/phases.ts";
import type { PhaseRecord } from "../result/load-record.ts";
import { perSecond } from "../result/load-record.ts";
import { levelFault } from "../result/levels.ts";
import { recoverySecond } from "../result/recovery.ts";
import { atLeast, atMost, readable } from "../result/verdict.ts";
import type { Ground, Scenario } from "../scenario.ts";

const levelsMax = 16;
const descentsMax = 4;
/** One level can break by a hiccup of the machine; the rate is too high when two in a row do. */
const brokenInARow = 2;
/** A level can break by what else the machine does; then twice what held is no overload. */
const overloadsMax = 3;
const allShare = 0.95;
/** Of what the highest level that held accepted, it accepts so much under twice that load. */
const goodputMin = 0.8;
const recoverWithinSeconds = 5;

export const breakpoint: Scenario = {
  name: "breakpoint",
  question: "how much does it hold, what does it do at twice that, and how soon is it well again?",
  seconds: null,
  needsRate: true,
  async run(ground) {
    const best = await climb(ground);
    if (best === null) {
      const wanted = `${readable(ground.settings.rate)} alerts/s`;
      ground.expect({ name: "a rate that holds, from", wanted, got: "none", holds: false });
      return;
    }
    await overload(ground, best);
  },
};

/**
 * The record of the highest rate that held; null: none did. Until one holds it goes down, from
 * there on up.
 */
async function climb(ground: Ground): Promise<PhaseRecord | null> {
  let best: PhaseRecord | null = null;
  let broken = 0;
  let rate = ground.settings.rate;
  for (let level = 1; level <= levelsMax && broken < brokenInARow; level++) {
    if (best === null && level > descentsMax) return null;
    const { record, fault } = await runLevel(ground, level, rate);
    ground.say(`  ${readable(rate)}/s ${fault === null ? "holds" : `breaks: ${fault}`}`);
    if (fault === null) best = record;
    if (best === null) {
      rate /= 2;
      continue;
    }
    broken = fault === null ? 0 : broken + 1;
    if (broken === brokenInARow) {
      const whose = ground.fault(record) === null ? "" : ", which may be this machine's limit";
      ground.note(`breaks at ${readable(rate)} alerts/s: ${fault}${whose}`);
    }
    rate = nextRate(rate);
  }
  if (best !== null) {
    const held = readable(perSecond(best, best.counts.due));
    const more = broken < brokenInARow ? "; the ramp ended before it broke" : "";
    ground.note(`highest rate that held: ${held} alerts/s${more}`);
  }
  return best;
}

async function runLevel(
  ground: Ground,
  level: number,
  rate: number,
): Promise<{ record: PhaseRecord; fault: string | null }> {
  const load = ground.start(scripts.level, { level, rate, seconds: 0 });
  const record = load.records[0]!;
  await load.until(record, "begin");
  const before = (await ground.sampler.sample())?.alertsBehind ?? 0;
  await load.until(record, "end");
  const behind = (await ground.sampler.sample())?.alertsBehind ?? null;
  ground.expect(...(await load.ended));
  const growth = behind === null ? Infinity : behind - before;
  return { record, fault: levelFault(record, rate, growth, ground.settings.limits) };
}

/** Twice what held; and twice that again where all of it was accepted, which is no overload. */
async function overload(ground: Ground, best: PhaseRecord): Promise<void> {
  ground.show(best);
  let peak = perSecond(best, best.counts.due);
  for (let level = 1; level <= overloadsMax; level++) {
    ground.say("  letting the backlog go before the overload …");
    await ground.idle(ground.settings.limits.drainSeconds);
    const load = ground.start(scripts.overload, { rate: peak, level, seconds: 0 });
    ground.expect(...(await load.ended));
    const [over, calm] = load.records as [PhaseRecord, PhaseRecord];
    const isOverload = perSecond(over, over.counts.accepted) < over.phase.perSecond * allShare;
    if (isOverload || level === overloadsMax) {
      ground.show(over, calm);
      return judgeOverload(ground, peak, over, calm);
    }
    ground.note(`${readable(over.phase.perSecond)} alerts/s were no overload: it took them`);
    peak = over.phase.perSecond;
  }
}

function judgeOverload(
  ground: Ground,
  peak: number,
  over: PhaseRecord,
  calm: PhaseRecord,
): void {
  const goodput = perSecond(over, over.counts.accepted) / peak;
  const back = recoverySecond(ground.record.series, calm, ground.settings.limits.p95Ms);
  ground.note(
    `at ${readable(over.phase.perSecond)}/s it accepted ${readable(goodput * 100)} % of its ` +
      `peak, shed ${readable(over.counts.shed)} alerts with Retry-After, ` +
      `${readable(over.counts.unsent)} found no free connection; ` +
      (back === null ? "it did not recover in time" : `normal again after ${readable(back)} s`),
  );
  const share = atLeast("goodput under overload", goodput * 100, goodputMin * 100, "% of peak");
  const well = "normal again after the overload";
  const soon = atMost(well, back ?? Infinity, recoverWithinSeconds, "s");
  ground.expect({ ...share, phase: over.phase.name }, { ...soon, phase: calm.phase.name });
}
