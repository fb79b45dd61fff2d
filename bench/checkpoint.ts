/**
 * How long does a snapshot hold up a partition? Its memory is copied between two steps
 * (runtime/snapshot-taker.ts), and until that is done the partition's thread does nothing else.
 * Saving the copy goes on beside the input. Restoring it is part of the start after a crash.
 */
import { DedupStage } from "../runtime/dedup-stage.ts";
import { defaultProcessorLimits } from "../runtime/processor-options.ts";
import { codec } from "../streams/codec.ts";
import { median } from "./bench.ts";
import type { Bench, BenchSettings, Measurement } from "./bench.ts";
import { feed, framesOf, timed } from "./stage-input.ts";

/** 125,000 alerts are what each of 8 partitions holds of a million. */
const sizes = [1_000, 10_000, 125_000, 1_000_000];
const quickSizeMax = 125_000;
const partitions = 8;
const samplesPerRound = 5;

export const checkpoint: Bench = {
  name: "checkpoint",
  question: "pause of a dedup partition for a snapshot, its bytes, and the time to restore it",
  async run(settings: BenchSettings): Promise<Measurement[]> {
    return sizes
      .filter((size) => !(settings.quick && size > quickSizeMax))
      .filter((size) => `${size} alerts`.includes(settings.match))
      .flatMap((size) => measureSize(size, settings));
  },
};

function measureSize(size: number, { seed, rounds, say }: BenchSettings): Measurement[] {
  const stage = new DedupStage({ codec, config: null });
  feed(stage, framesOf(size, seed, 0), 0, () => {});
  feed(stage, framesOf(size, seed, 1), 1, () => {});
  const [pauses, restores]: [number[], number[]] = [[], []];
  let data: Uint8Array = new Uint8Array(0);
  for (let sample = 0; sample < rounds * samplesPerRound; sample++) {
    pauses.push(timed(() => (data = codec.encode(stage.snapshot()))) / 1e6);
    const successor = new DedupStage({ codec, config: null });
    restores.push(timed(() => successor.restore(codec.decode(data))) / 1e6);
    if (successor.size !== size) throw new Error(`restored ${successor.size} of ${size} alerts`);
  }
  const pauseMs = median(pauses);
  const longestMs = Math.max(...pauses);
  // One thread may serve all partitions; each is copied once in the interval.
  const share = (100 * pauseMs * partitions) / defaultProcessorLimits.snapshotEveryMs;
  const mebibytes = data.length / 2 ** 20;
  const note = `longest of ${pauses.length}: ${longestMs.toFixed(1)} ms`;
  say(
    `checkpoint ${size}: pause ${pauseMs.toFixed(2)} ms (${note}), ${mebibytes.toFixed(1)} MiB, ` +
      `restore ${median(restores).toFixed(1)} ms, ${share.toFixed(3)} % of a thread's time`,
  );
  const name = `checkpoint/${size} alerts`;
  return [
    { name: `${name}/pause`, value: pauseMs, unit: "ms", better: "less", note },
    { name: `${name}/longest pause`, value: longestMs, unit: "ms", better: "less" },
    { name: `${name}/size`, value: mebibytes, unit: "MiB", better: "less" },
    { name: `${name}/restore`, value: median(restores), unit: "ms", better: "less" },
    {
      ...{ name: `${name}/share of time`, value: share, unit: "%", better: "less" },
      note: `${partitions} such partitions in one thread, one snapshot each in 30 s`,
    },
  ];
}
