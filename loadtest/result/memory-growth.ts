/** Does memory creep? Pure. */
import type { Sample } from "../watch/sampler.ts";
import type { PhaseRecord } from "./load-record.ts";
import type { Series } from "./series.ts";

/** Mean memory of the phase's last third by that of its middle third; null: not known. */
export function memoryGrowth(series: Series<Sample>, phase: PhaseRecord): number | null {
  const third = (phase.endSecond - phase.startSecond) / 3;
  const mean = (from: number): number => {
    const values = series
      .points()
      .filter(({ second }) => second >= from && second < from + third)
      .flatMap(({ value }) => value.residentMiB ?? []);
    return values.reduce((sum, value) => sum + value, 0) / values.length;
  };
  const growth = mean(phase.startSecond + 2 * third) / mean(phase.startSecond + third);
  return Number.isFinite(growth) ? growth : null;
}
