/**
 * A storm as a sequence of timed alerts, with the truth about each. Pure: the same seed and
 * options give the same sequence. The rate is open-loop: alert k is due at k / rate, whatever
 * the receiver does. News (an alert fires, changes or ends) goes first; every other place in
 * the sequence is a repeat of what is firing, in turn, as real senders repeat.
 */
import { assertNever } from "../../actors/incident/assert-never.ts";
import type { Cause, Series, StormKind } from "../../runtime/storm/cause.ts";
import { diceFor } from "../../runtime/storm/dice.ts";
import { newsOf } from "../../runtime/storm/news.ts";
import type { News } from "../../runtime/storm/news.ts";
import { planEpisode, seriesMin } from "../../runtime/storm/plan.ts";

export type StormOptions = {
  /** Null: of every kind. */
  kind: StormKind | null;
  alertsPerSecond: number;
  durationMs: number;
};

export type TimedAlert = {
  /** When it is due, in ms from the start of the storm. */
  atMs: number;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  /** Since when it fires, and, once it is over, until when; in ms from the start. */
  startsAtMs: number;
  endsAtMs: number | null;
  /** The truth. */
  cause: Cause;
  /** The first alert of its identity in this episode. */
  first: boolean;
};

/** Longer storms are a row of episodes, each with causes of its own. */
const episodeMaxMs = 300_000;
/** So many places in the sequence for each series: enough to fire, repeat and end. */
const alertsPerSeries = 8;
const seriesMax = 2_000;

type Live = {
  series: Series;
  cause: Cause;
  annotations: Record<string, string>;
  startsAtMs: number;
  sent: boolean;
  /** Place among the firing ones; -1 when it does not fire. */
  place: number;
};

export function* storm(seed: number, options: StormOptions): Generator<TimedAlert> {
  const { kind, alertsPerSecond, durationMs } = options;
  const dice = diceFor(seed);
  const episodes = Math.max(1, Math.round(durationMs / episodeMaxMs));
  const episodeMs = durationMs / episodes;
  const total = Math.floor((alertsPerSecond * durationMs) / 1000);
  const perEpisode = Math.floor(total / episodes / alertsPerSeries);
  let next = 0;
  for (let number = 1; number <= episodes; number++) {
    const beginMs = (number - 1) * episodeMs;
    const causes = planEpisode(dice, kind, {
      number,
      durationMs: episodeMs,
      seriesMax: Math.min(seriesMax, Math.max(seriesMin, perEpisode)),
    });
    const end = number === episodes ? total : Math.floor((total * number) / episodes);
    yield* playEpisode(newsOf(dice, causes), beginMs, next, end, 1000 / alertsPerSecond);
    next = end;
  }
}

/** Places `from` to `to` (exclusive) of the sequence, one each `gapMs`. */
function* playEpisode(
  news: News[],
  beginMs: number,
  from: number,
  to: number,
  gapMs: number,
): Generator<TimedAlert> {
  const lives = new Map<Series, Live>();
  const firing: Live[] = [];
  let upcoming = 0;
  let turn = 0;
  for (let place = from; place < to; place++) {
    const atMs = place * gapMs;
    const due = news[upcoming];
    if (due !== undefined && beginMs + due.atMs <= atMs) {
      upcoming += 1;
      const { series, cause } = due;
      const live = lives.get(series) ?? newLife(series, cause);
      lives.set(series, live);
      yield tell(due, live, atMs, firing);
      continue;
    }
    if (firing.length === 0) continue;
    turn = (turn + 1) % firing.length;
    const live = firing[turn];
    if (live !== undefined) yield alertOf(live, atMs, null);
  }
}

function tell(due: News, live: Live, atMs: number, firing: Live[]): TimedAlert {
  const lateMs = due.atMs - due.happenedMs;
  switch (due.kind) {
    case "fire":
      live.startsAtMs = Math.max(0, atMs - lateMs);
      live.place = firing.push(live) - 1;
      return alertOf(live, atMs, null);
    case "change":
      live.annotations = due.annotations;
      return alertOf(live, atMs, null);
    case "end": {
      const last = firing.pop();
      if (last !== undefined && last !== live) {
        firing[live.place] = last;
        last.place = live.place;
      }
      live.place = -1;
      return alertOf(live, atMs, Math.max(live.startsAtMs, atMs - lateMs));
    }
    default:
      return assertNever(due);
  }
}

function alertOf(live: Live, atMs: number, endsAtMs: number | null): TimedAlert {
  const first = !live.sent;
  live.sent = true;
  return {
    atMs,
    labels: live.series.labels,
    annotations: live.annotations,
    startsAtMs: live.startsAtMs,
    endsAtMs,
    cause: live.cause,
    first,
  };
}

function newLife(series: Series, cause: Cause): Live {
  const { annotations } = series;
  return { series, cause, annotations, startsAtMs: 0, sent: false, place: -1 };
}
