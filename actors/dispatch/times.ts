/**
 * Alertmanager's time intervals: is a moment inside, seen on the clocks of the interval's place?
 * Source of the rules: prometheus/alertmanager timeinterval (times exclude their end, all other
 * ranges include it; days may count from the month's end).
 */
import type { DispatchConfig, TimeInterval } from "./config.ts";
import { type LocalTime, localTime, utcOffsets } from "./zones.ts";

type Range = { from: number; to: number };

/** True when any of the intervals contains the moment; an empty list contains none. */
export function containsMoment(
  intervals: readonly TimeInterval[],
  atMs: number,
  zones: DispatchConfig["zones"],
): boolean {
  return intervals.some((interval) =>
    contains(interval, localTime(atMs, zones[interval.location] ?? utcOffsets)),
  );
}

function contains(interval: TimeInterval, at: LocalTime): boolean {
  const { times, weekdays: days, daysOfMonth, months, years } = interval;
  const isIn = (span: { fromMinute: number; toMinute: number }): boolean =>
    at.minute >= span.fromMinute && at.minute < span.toMinute;
  if (times !== null && !times.some(isIn)) return false;
  if (daysOfMonth !== null && !daysOfMonth.some((range) => containsDay(range, at))) return false;
  return isWithin(days, at.weekday) && isWithin(months, at.month) && isWithin(years, at.year);
}

function isWithin(ranges: Range[] | null, value: number): boolean {
  return ranges === null || ranges.some(({ from, to }) => value >= from && value <= to);
}

/** Days past the month's end are its last one; a range that begins behind it contains nothing. */
function containsDay({ from, to }: Range, at: LocalTime): boolean {
  const resolve = (day: number): number => (day < 0 ? at.daysInMonth + day + 1 : day);
  const [begin, end] = [resolve(from), resolve(to)];
  if (begin > at.daysInMonth) return false;
  return at.day >= Math.max(1, begin) && at.day <= Math.min(at.daysInMonth, end);
}
