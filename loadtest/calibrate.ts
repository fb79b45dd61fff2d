/** A default rate for this machine: what the door takes at most for a moment, and a share of it. */
import { Generator } from "./load/generator.ts";
import { LoadRecord, perSecond } from "./result/load-record.ts";
import type { Settings } from "./scenario.ts";
import { openTarget } from "./target.ts";

const seconds = 3;
const connections = 8;
/** The door takes alerts faster than the stages behind it work them off, and machines vary. */
const share = 0.2;
const rateMin = 500;
/** For a server that runs already: nobody asked to find its limit. */
export const givenServerRate = 2_000;

export async function calibrate(
  root: string,
  settings: Settings,
  say: (line: string) => void,
): Promise<number> {
  say(`no --rate: ${seconds} s at full speed to choose one …`);
  const opened = await openTarget(root, null);
  const epochMs = Date.now();
  const record = new LoadRecord(epochMs);
  const limits = { connectionsMax: connections, timeoutMs: 10_000, epochMs };
  const generator = new Generator(opened.target, limits, (tick) => record.add(tick));
  try {
    const { batch, repeats, population, seed } = settings;
    const mix = {
      ...{ run: "calibrate", phase: "calibrate", seed, batch, repeats, population },
      ...{ resolveAfter: 0, startsAtMs: Date.now() - 60_000 },
    };
    const phase = {
      name: "calibrate",
      work: { kind: "alerts" as const, mix },
      pace: { kind: "closed" as const, connections },
      seconds,
    };
    const begun = record.begin(phase, Date.now());
    await generator.start(phase).settled;
    const fastest = perSecond(begun, begun.counts.accepted);
    const rate = twoDigits(Math.max(rateMin, fastest * share));
    const shown = (value: number): string => Math.round(value).toLocaleString("en");
    say(`the door took ${shown(fastest)} alerts/s; the rate is ${shown(rate)} alerts/s (--rate)`);
    return rate;
  } finally {
    await generator.stop();
    await opened.close();
  }
}

/** 12,345 → 12,000: a rate that can be remembered. */
export function twoDigits(value: number): number {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(value)) - 1);
  return Math.round(value / unit) * unit;
}
