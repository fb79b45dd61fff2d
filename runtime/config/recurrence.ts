/** When a silence recurs, as people write it: `mon-fri 22:00-06:00 Europe/Berlin`. Pure. */
import type { SilenceRecurrence } from "../../actors/dispatch/types.ts";
import { zoneOffsets } from "../time-zones.ts";

/** In English, lower case, as `Date` counts them: 0 is Sunday. */
export const weekdayNames = [
  ...["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"],
];
const minutesPerDay = 1_440;

export const recurrenceForm =
  'days, hours and a time zone such as "mon-fri,sun 22:00-06:00 Europe/Berlin", days and zone '
  + "being optional (every day, UTC)";

/** A sentence instead when the text is none. A span past midnight belongs to its first day. */
export function parseRecurrence(text: string): SilenceRecurrence | { problem: string } {
  const words = text.trim().split(/\s+/);
  const daysText = /^\d/.test(words[0] ?? "") ? null : words.shift();
  const [span = "", location = "UTC", ...more] = words;
  const problem = (what: string, got: string): { problem: string } => ({
    problem: `${what}: got "${got}", expected ${recurrenceForm}`,
  });
  if (more.length > 0) return problem("too many words", more.join(" "));
  const weekdays = daysText === undefined || daysText === null ? [] : parseDays(daysText);
  if (weekdays === null) return problem("days", daysText ?? "");
  const parts = /^(\d\d:\d\d)-(\d\d:\d\d)$/.exec(span);
  const [fromMinute, toMinute] = [minuteOf(parts?.[1]), minuteOf(parts?.[2])];
  if (fromMinute === null || toMinute === null || fromMinute === toMinute) {
    return problem("hours", span);
  }
  if (!isZone(location)) return problem("time zone", location);
  const offsets = zoneOffsets(location);
  return { weekdays, fromMinute, toMinute, location, offsets };
}

/** "22:00" of 1320. */
export function clockOf(minute: number): string {
  const [hours, minutes] = [Math.floor(minute / 60), minute % 60];
  return `${String(hours).padStart(2, "0")}:${String(minutes).padStart(2, "0")}`;
}

/** The whole English name, in lower case; 0 is Sunday. */
export const weekdayName = (day: number): string => weekdayNames[day] ?? "";

/** Sorted, each once; none for "daily". Null when a word is no day. */
function parseDays(text: string): number[] | null {
  if (text.toLowerCase() === "daily") return [];
  const days = new Set<number>();
  for (const part of text.toLowerCase().split(",")) {
    const ends = part.split("-").map(dayOf);
    const [from, to = from] = ends;
    if (from === undefined || to === undefined || ends.length > 2) return null;
    if (from < 0 || to < 0) return null;
    // Saturday to Monday passes the week's end.
    for (let day = from; ; day = (day + 1) % 7) {
      days.add(day);
      if (day === to) break;
    }
  }
  return [...days].sort((a, b) => a - b);
}

/** By its name or the beginning of it, three letters at least; -1: none. */
function dayOf(word: string): number {
  return word.length < 3 ? -1 : weekdayNames.findIndex((name) => name.startsWith(word));
}

function minuteOf(text: string | undefined): number | null {
  if (text === undefined) return null;
  const minute = Number(text.slice(0, 2)) * 60 + Number(text.slice(3));
  return Number(text.slice(3)) < 60 && minute <= minutesPerDay ? minute : null;
}

function isZone(name: string): boolean {
  try {
    // Offsets such as +01:00 know no daylight saving.
    return /^[A-Za-z]/.test(name) && new Intl.DateTimeFormat("en", { timeZone: name }) !== null;
  } catch {
    return false;
  }
}
