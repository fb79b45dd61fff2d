/**
 * Series of samples in memory, at most so many. When there are too many, those are forgotten that
 * have the least to lose: first series of which all is well, the longest silent one first; then
 * the longest silent of the others. A forgotten series begins anew with its next sample; an alert
 * that it had ends by itself.
 */
import type { SeriesState } from "../../actors/metric/series.ts";
import type { SentAlert } from "../senders/sender.ts";

export type Series = {
  key: string;
  state: SeriesState;
  /** The alert as it was made, without its end; it stays for the sake of its ending. */
  alert: SentAlert | null;
  /** What the log has not taken yet: it goes with the next sample. */
  unsent: { what: "alert" | "ending" } | null;
  /** When the alert was durable last, ms; 0: not since the start. */
  sentAtMs: number;
  /** Counts samples, to tell whether somebody else was here. */
  version: number;
};

export type SeriesCounts = { calm: number; pending: number; firing: number };

export class SeriesTable {
  evicted = 0;
  /** Maps keep the order of insertion, and a series goes to the end with each sample. */
  private readonly calm = new Map<string, Series>();
  private readonly busy = new Map<string, Series>();

  get(key: string): Series | null {
    return this.busy.get(key) ?? this.calm.get(key) ?? null;
  }

  /** Puts the series at the end of those that are forgotten, and makes room for it. */
  keep(series: Series, seriesMax: number): void {
    this.calm.delete(series.key);
    this.busy.delete(series.key);
    const isCalm = Object.keys(series.state.levels).length === 0 && series.unsent === null;
    (isCalm ? this.calm : this.busy).set(series.key, series);
    while (this.calm.size + this.busy.size > seriesMax) {
      const map = this.calm.size > 0 ? this.calm : this.busy;
      map.delete(map.keys().next().value as string);
      this.evicted += 1;
    }
  }

  counts(): SeriesCounts {
    let firing = 0;
    for (const { state } of this.busy.values()) if (state.alert !== null) firing += 1;
    return { calm: this.calm.size, pending: this.busy.size - firing, firing };
  }
}
