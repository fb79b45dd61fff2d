/**
 * RFC 3339 times read from bytes, without a string or a Date: each alert carries up to two.
 * Every offset and any number of fraction digits is understood; what is finer than a
 * millisecond is cut off.
 */

/** Go's zero time, 0001-01-01T00:00:00Z, which senders write for "no time". */
export const zeroTimeMs = -62_135_596_800_000;

const daysBefore = [0, 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
const monthDays = [0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const dayMs = 86_400_000;
const shortestBytes = "2026-01-01T00:00:00Z".length;

/** @returns ms since the epoch; NaN when bytes [start, end) are no RFC 3339 time. */
export function parseRfc3339Ms(bytes: Uint8Array, start: number, end: number): number {
  if (end - start < shortestBytes || end > bytes.length) return Number.NaN;
  const separator = (bytes[start + 10] as number) | 0x20;
  if (
    bytes[start + 4] !== 0x2d ||
    bytes[start + 7] !== 0x2d ||
    (separator !== 0x74 && bytes[start + 10] !== 0x20) ||
    bytes[start + 13] !== 0x3a ||
    bytes[start + 16] !== 0x3a
  ) {
    return Number.NaN;
  }
  const year = twoDigits(bytes, start) * 100 + twoDigits(bytes, start + 2);
  const month = twoDigits(bytes, start + 5);
  const dateMs = dayNumber(year, month, twoDigits(bytes, start + 8)) * dayMs;
  const hour = twoDigits(bytes, start + 11);
  const minute = twoDigits(bytes, start + 14);
  const second = twoDigits(bytes, start + 17);
  // 60 is a leap second; it reads as the first moment of the next minute.
  if (!(hour <= 23 && minute <= 59 && second <= 60)) return Number.NaN;

  let at = start + 19;
  let fractionMs = 0;
  if (bytes[at] === 0x2e) {
    const first = at + 1;
    let weight = 100;
    for (at = first; at < end && isDigit(bytes[at] as number); at += 1) {
      if (weight >= 1) fractionMs += ((bytes[at] as number) - 0x30) * weight;
      weight /= 10;
    }
    if (at === first) return Number.NaN;
  }
  const clockMs = ((hour * 60 + minute) * 60 + second) * 1000 + fractionMs;
  return dateMs + clockMs - offsetMs(bytes, at, end);
}

/** A negative sum of garbage cannot slip through: any non-digit makes it NaN. */
function twoDigits(bytes: Uint8Array, at: number): number {
  const tens = (bytes[at] as number) - 0x30;
  const ones = (bytes[at + 1] as number) - 0x30;
  if (tens < 0 || tens > 9 || ones < 0 || ones > 9) return Number.NaN;
  return tens * 10 + ones;
}

const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39;

/** Days since 1970-01-01 in the proleptic Gregorian calendar; NaN for a day that is none. */
function dayNumber(year: number, month: number, day: number): number {
  if (!(month >= 1 && month <= 12 && day >= 1)) return Number.NaN;
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  if (day > (monthDays[month] as number) - (month === 2 && !leap ? 1 : 0)) return Number.NaN;
  const past = year - 1;
  const leapDays = Math.floor(past / 4) - Math.floor(past / 100) + Math.floor(past / 400);
  const inYear = (daysBefore[month] as number) + (leap && month > 2 ? 1 : 0) + day - 1;
  return past * 365 + leapDays + inYear - 719_162;
}

/** "Z", "z" or "±hh:mm" up to the very end; NaN otherwise. */
function offsetMs(bytes: Uint8Array, at: number, end: number): number {
  const sign = bytes[at];
  if (end - at === 1) return sign === 0x5a || sign === 0x7a ? 0 : Number.NaN;
  if (end - at !== 6 || bytes[at + 3] !== 0x3a) return Number.NaN;
  if (sign !== 0x2b && sign !== 0x2d) return Number.NaN;
  const hour = twoDigits(bytes, at + 1);
  const minute = twoDigits(bytes, at + 4);
  if (!(hour <= 23 && minute <= 59)) return Number.NaN;
  const minutes = hour * 60 + minute;
  return (sign === 0x2d ? -minutes : minutes) * 60_000;
}
