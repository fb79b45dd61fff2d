/** The offsets of time zones, from what the runtime knows of them (ICU). */
import type { ZoneOffsets } from "../actors/dispatch/zones.ts";

const rangeFromMs = Date.UTC(2020, 0, 1);
const rangeToMs = Date.UTC(2045, 0, 1);
/** Two changes within two weeks do not happen; Ramadan's in Morocco are a month apart. */
const stepMs = 14 * 86_400_000;
const minuteMs = 60_000;
const known = new Map<string, ZoneOffsets>();

/**
 * Exact from 2020 to 2044; before and after, the nearest offset holds.
 * @param name an IANA name, e.g. "Europe/Berlin". @throws RangeError when there is no such zone.
 */
export function zoneOffsets(name: string): ZoneOffsets {
  // Names come in any case: each zone is worked out, and kept, once.
  const key = name.toLowerCase();
  const found = known.get(key);
  if (found !== undefined) return found;
  const offsetAt = offsetReader(name);
  const offsets: ZoneOffsets = [[rangeFromMs, offsetAt(rangeFromMs)]];
  for (let fromMs = rangeFromMs; fromMs < rangeToMs; fromMs += stepMs) {
    const [before, after] = [offsetAt(fromMs), offsetAt(fromMs + stepMs)];
    if (before !== after) offsets.push([changeIn(offsetAt, fromMs, fromMs + stepMs), after]);
  }
  known.set(key, offsets);
  return offsets;
}

/** The first moment of the new offset; offsets change at whole minutes. */
function changeIn(offsetAt: (ms: number) => number, fromMs: number, toMs: number): number {
  const before = offsetAt(fromMs);
  let [low, high] = [fromMs, toMs];
  while (high - low > minuteMs) {
    const middle = low + Math.floor((high - low) / minuteMs / 2) * minuteMs;
    if (offsetAt(middle) === before) low = middle;
    else high = middle;
  }
  return high;
}

function offsetReader(timeZone: string): (atMs: number) => number {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
  });
  return (atMs) => {
    const shown = format.formatToParts(atMs);
    const parts = new Map(shown.map(({ type, value }) => [type, Number(value)]));
    const part = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0;
    const day = Date.UTC(part("year"), part("month") - 1, part("day"));
    const shownMs = day + (part("hour") * 60 + part("minute")) * minuteMs;
    return (shownMs - atMs) / minuteMs;
  };
}
