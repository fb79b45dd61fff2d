/** Storms as the incident stage gets them: records of alert events, with the truth beside. */
import type { AlertEvent } from "../actors/alert/events.ts";
import { stormKinds } from "../runtime/storm/cause.ts";
import type { Cause, Series, StormKind } from "../runtime/storm/cause.ts";
import { diceFor } from "../runtime/storm/dice.ts";
import { newsOf } from "../runtime/storm/news.ts";
import type { News } from "../runtime/storm/news.ts";
import { planEpisode } from "../runtime/storm/plan.ts";
import type { WorkRecord } from "../runtime/work.ts";
import { codec } from "../streams/codec.ts";

export type Firing = { fingerprint: string; labels: Record<string, string>; cause: Cause };

export type Storm = {
  /** What arrives at one moment is one record. */
  records: { timeMs: number; data: Uint8Array }[];
  /** Each time that an alert begins to fire, in the order of the records. */
  firings: Firing[];
};

const beginMs = Date.parse("2026-01-05T02:00:00Z");
const durationMs = 30 * 60_000;
/** Series in a storm, noise included. */
const [seriesFrom, seriesTo] = [20, 120];

/** The same for the same kind and seed. */
export function stormOf(kind: StormKind, seed: number): Storm {
  const dice = diceFor(seed * stormKinds.length + stormKinds.indexOf(kind));
  const seriesMax = seriesFrom + dice.below(seriesTo - seriesFrom + 1);
  const news = newsOf(dice, planEpisode(dice, kind, { number: 1, durationMs, seriesMax }));
  const fingerprints = new Map<Series, string>();
  const records: Storm["records"] = [];
  const firings: Firing[] = [];
  let events: AlertEvent[] = [];
  let stepSeq = 0;
  for (const [place, one] of news.entries()) {
    const { series, cause } = one;
    const fingerprint =
      fingerprints.get(series) ?? (fingerprints.size + 1).toString(16).padStart(16, "0");
    fingerprints.set(series, fingerprint);
    events.push(eventOf(one, fingerprint));
    if (one.kind === "fire") firings.push({ fingerprint, labels: series.labels, cause });
    if (news[place + 1]?.atMs === one.atMs) continue;
    stepSeq += 1;
    const items = events.map((event, index) => ({ stepSeq, index, event }));
    const record: WorkRecord = { kind: "alerts", partition: 0, items };
    records.push({ timeMs: beginMs + Math.round(one.atMs), data: codec.encode(record) });
    events = [];
  }
  return { records, firings };
}

/** As the dedup stage would say it; repeats, which place no alert, are left out. */
function eventOf(news: News, fingerprint: string): AlertEvent {
  const { series, kind } = news;
  const atMs = beginMs + Math.round(news.atMs);
  const happenedMs = beginMs + Math.round(news.happenedMs);
  if (kind === "end") {
    return {
      ...{ kind: "resolved", fingerprint, atMs, received: 1, endedAtMs: happenedMs },
      ...{ by: "sender", total: 2 },
    };
  }
  const { labels } = series;
  const annotations = kind === "change" ? news.annotations : series.annotations;
  return {
    ...{ kind: kind === "fire" ? "opened" : "changed", fingerprint, atMs, received: 1 },
    ...{ startsAtMs: happenedMs, endsAtMs: atMs + durationMs },
    body: { labels, annotations, generatorURL: "", dedupKey: null },
  };
}
