/**
 * Time zones as data. What a zone's clocks show depends on rules that are changed by governments
 * and shipped with the runtime; decisions must not depend on that, so the offsets travel with the
 * configuration and with silences.
 */

/** From each moment on, ms, the minutes that the zone is ahead of UTC; in order, not empty. */
export type ZoneOffsets = [fromMs: number, minutes: number][];

export const utcOffsets: ZoneOffsets = [[0, 0]];

export type LocalTime = {
  /** Of the day. */
  minute: number;
  /** 0 is Sunday. */
  weekday: number;
  day: number;
  month: number;
  year: number;
  daysInMonth: number;
};

/** Before the first moment the first offset holds, after the last the last. */
export function localTime(atMs: number, offsets: ZoneOffsets): LocalTime {
  let minutes = offsets[0]?.[1] ?? 0;
  for (const [fromMs, ahead] of offsets) {
    if (fromMs > atMs) break;
    minutes = ahead;
  }
  const shown = new Date(atMs + minutes * 60_000);
  const [year, month] = [shown.getUTCFullYear(), shown.getUTCMonth() + 1];
  return {
    minute: shown.getUTCHours() * 60 + shown.getUTCMinutes(),
    weekday: shown.getUTCDay(),
    day: shown.getUTCDate(),
    month,
    year,
    daysInMonth: daysInMonth(year, month),
  };
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}
