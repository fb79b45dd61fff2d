/** What the causes of an episode tell, in the order in which it arrives. */
import type { Cause, Series } from "./cause.ts";
import type { Dice } from "./dice.ts";

export type News = {
  /** When it arrives, ms from the start of the episode. */
  atMs: number;
  /** When it happened; before `atMs` for what comes late. */
  happenedMs: number;
  cause: Cause;
  series: Series;
} & ({ kind: "fire" | "end" } | { kind: "change"; annotations: Record<string, string> });

/**
 * By time of arrival; what monitoring finds at one look comes in any order. Of one series each
 * piece of news has a time of its own, so that its life stays in order.
 */
export function newsOf(dice: Dice, causes: readonly Cause[]): News[] {
  const news: { at: number; one: News }[] = [];
  const add = (one: News): void => void news.push({ at: dice.fraction(), one });
  for (const cause of causes) {
    for (const series of cause.series) {
      if (series.missing) continue;
      for (const [index, atMs] of series.flipsMs.entries()) {
        const happenedMs = Math.max(0, atMs - series.lateMs);
        add({ kind: index % 2 === 0 ? "fire" : "end", atMs, happenedMs, cause, series });
      }
      for (const { atMs, annotations } of series.changes) {
        add({ kind: "change", atMs, happenedMs: atMs - series.lateMs, cause, series, annotations });
      }
    }
  }
  return news.sort((a, b) => a.one.atMs - b.one.atMs || a.at - b.at).map(({ one }) => one);
}
