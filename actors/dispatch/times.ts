/**
 * Alertmanager's time intervals: is a moment inside, seen on the clocks of the interval's place?
 * Source of the rules: prometheus/alertmanager timeinterval (times exclude their end, all other
 * ranges include it; days may count from the month's end).
 */
import type { TimeInterval } from "./config.ts";

type LocalTime = {
  minute: number;
  weekday: number;
  day: number;
  month: number;
  year: number;
  daysInMonth: number;
};
type Range = { from: number; to: number };

const weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
/** Making one takes longer than using it a hundred times. At most one for each known zone. */
const formats = new Map<string, Intl.DateTimeFormat>();

/** True when any of the intervals contains the moment; an empty list contains none. */
export function containsMoment(intervals: readonly TimeInterval[], atMs: number): boolean {
  return intervals.some((interval) => contains(interval, localTime(atMs, interval.location)));
}

export function localTime(atMs: number, location: string): LocalTime {
  const parts: Partial<Record<Intl.DateTimeFormatPartTypes, string>> = {};
  for (const { type, value } of formatOf(location).formatToParts(atMs)) parts[type] = value;
  const [year, month] = [Number(parts.year), Number(parts.month)];
  return {
    minute: Number(parts.hour) * 60 + Number(parts.minute),
    weekday: weekdays.indexOf(parts.weekday ?? ""),
    day: Number(parts.day),
    month,
    year,
    daysInMonth: daysInMonth(year, month),
  };
}

function contains(interval: TimeInterval, at: LocalTime): boolean {
  const { times, weekdays: days, daysOfMonth, months, years } = interval;
  if (times !== null && !times.some((span) => at.minute >= span.fromMinute && at.minute < span.toMinute)) {
    return false;
  }
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

function daysInMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

function formatOf(location: string): Intl.DateTimeFormat {
  const known = formats.get(location);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone: location,
    hourCycle: "h23",
    weekday: "short",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
  });
  formats.set(location, format);
  return format;
}
