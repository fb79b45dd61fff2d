/** A default rate for this machine: what the door takes at most for a moment, and a share of it. */
import { scripts } from "./generator/scripts.ts";
import { startLoad } from "./load.ts";
import { LoadRecord, perSecond } from "./result/load-record.ts";
import type { RunOptions } from "./field.ts";
import { openTarget } from "./target.ts";
import { Sampler } from "./watch/sampler.ts";
import { look } from "./watch/server-sample.ts";

/** The door takes alerts faster than the stages behind it work them off, and machines vary. */
const share = 0.2;
const rateMin = 500;
/** For a server that runs already: nobody asked to find its limit. */
export const givenServerRate = 2_000;

export async function calibrate(options: RunOptions): Promise<number> {
  const { root, settings, say, k6Path } = options;
  say("no --rate: some seconds at full speed to choose one …");
  const opened = await openTarget(root, null);
  try {
    const { target } = opened;
    const before = await look(target);
    if (before === null) throw new Error(`${target.host}:${target.port} does not answer`);
    const record = new LoadRecord(Date.now());
    const sampler = new Sampler(target, before, true, () => record.second(Date.now()));
    const common = { target, settings, run: "calibrate", seconds: 0, change: {}, k6Path };
    const load = startLoad(scripts.burst, common, { record, sampler, say });
    await load.ended;
    const burst = load.records[0]!;
    const fastest = perSecond(burst, burst.counts.accepted);
    const rate = twoDigits(Math.max(rateMin, fastest * share));
    const shown = (value: number): string => Math.round(value).toLocaleString("en");
    say(`the door took ${shown(fastest)} alerts/s; the rate is ${shown(rate)} alerts/s (--rate)`);
    return rate;
  } finally {
    await opened.close();
  }
}

/** 12,345 → 12,000: a rate that can be remembered. */
export function twoDigits(value: number): number {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(value)) - 1);
  return Math.round(value / unit) * unit;
}
