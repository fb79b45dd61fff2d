/**
 * What counters and histograms since their start have grown by: thresholds are about now, and not
 * about all that ever was.
 *
 * D1 The same point twice has the same growth: an exporter repeats what was refused.
 * D2 The first point of a series counts only if it covers a short time; otherwise nobody knows
 *    when all of it happened. After that a new start, or a value that shrank, begins it anew.
 */
import { RecentMap } from "../../runtime/recent-map.ts";

/** `values`: whatever only grows, in a fixed order. `startMs`: null if the sender does not say. */
export type CumulativePoint = { startMs: number | null; atMs: number; values: number[] };
type Known = { before: CumulativePoint | null; last: CumulativePoint };

const seriesMax = 50_000;
/** What a first point may cover to be taken as it is, ms. */
const firstMsMax = 2 * 60_000;

export class CumulativePoints {
  private readonly known = new RecentMap<Known>(seriesMax);

  /** @returns null when it cannot be told, or the point is older than one before it. */
  growth(key: string, point: CumulativePoint): number[] | null {
    const known = this.known.get(key);
    if (known !== undefined && point.atMs < known.last.atMs) return null;
    const isRepeat = known !== undefined && point.atMs === known.last.atMs;
    const before = known === undefined ? null : isRepeat ? known.before : known.last;
    this.known.set(key, { before, last: point });
    return before === null ? first(point) : since(before, point);
  }
}

function since(before: CumulativePoint, point: CumulativePoint): number[] | null {
  const { startMs, values } = point;
  const grown = values.map((value, at) => value - (before.values[at] ?? 0));
  if (startMs === before.startMs && grown.every((each) => each >= 0)) return grown;
  const isNewStart = startMs !== null && startMs >= before.atMs;
  return isNewStart ? values : first(point);
}

function first({ startMs, atMs, values }: CumulativePoint): number[] | null {
  return startMs !== null && atMs - startMs <= firstMsMax ? values : null;
}
