/**
 * RFC 3339 times, without a string or a Date: each alert carries up to two. Every offset and any
 * number of fraction digits is understood; what is finer than a millisecond is cut off.
 */
const shortestBytes: usize = 20;
const dayMs: i64 = 86_400_000;
/** Days from 0000-03-01, where the count begins, to 1970-01-01. */
const epochDay: i32 = 719_468;
/** Of 400 years. */
const eraDays: i32 = 146_097;

/** @returns ms since the epoch; NaN when bytes [start, end) are no RFC 3339 time. */
export function timeMs(start: usize, end: usize): f64 {
  if (end - start < shortestBytes) return NaN;
  const separator = load<u8>(start, 10);
  const isShaped =
    load<u8>(start, 4) == 0x2d && load<u8>(start, 7) == 0x2d &&
    ((separator | 0x20) == 0x74 || separator == 0x20) &&
    load<u8>(start, 13) == 0x3a && load<u8>(start, 16) == 0x3a;
  if (!isShaped) return NaN;
  const day = dayOf(start);
  const hour = twoDigits(start + 11);
  const minute = twoDigits(start + 14);
  const second = twoDigits(start + 17);
  if (day == noDay || (hour | minute | second) < 0) return NaN;
  // 60 is a leap second; it reads as the first moment of the next minute.
  if (hour > 23 || minute > 59 || second > 60) return NaN;

  let at = start + 19;
  let fractionMs = 0;
  if (load<u8>(at) == 0x2e) {
    const first = at + 1;
    let weight = 100;
    for (at = first; at < end && isDigit(load<u8>(at)); at += 1) {
      fractionMs += (<i32>load<u8>(at) - 0x30) * weight;
      weight /= 10;
    }
    if (at == first) return NaN;
  }
  const offset = offsetMinutes(at, end);
  if (offset == noOffset) return NaN;
  const clockMs = ((hour * 60 + minute - offset) * 60 + second) * 1000 + fractionMs;
  return <f64>(<i64>day * dayMs + <i64>clockMs);
}

/** Negative for what is no two digits. */
function twoDigits(at: usize): i32 {
  const tens = <i32>load<u8>(at) - 0x30;
  const ones = <i32>load<u8>(at + 1) - 0x30;
  return <u32>tens > 9 || <u32>ones > 9 ? -1 : tens * 10 + ones;
}

function isDigit(byte: u8): bool {
  return byte >= 0x30 && byte <= 0x39;
}

const noDay: i32 = i32.MIN_VALUE;

/** The date last read, as eight bytes and two, and its day: most times of a body are of one day. */
let yearAndMonth: u64 = 0;
let dayOfMonth: u16 = 0;
let lastDay: i32 = noDay;

/** The day of the date in ten bytes. */
function dayOf(start: usize): i32 {
  if (load<u64>(start) == yearAndMonth && load<u16>(start, 8) == dayOfMonth) return lastDay;
  const century = twoDigits(start);
  const year = twoDigits(start + 2);
  yearAndMonth = load<u64>(start);
  dayOfMonth = load<u16>(start, 8);
  lastDay = noDay;
  if ((century | year) >= 0) {
    lastDay = dayNumber(century * 100 + year, twoDigits(start + 5), twoDigits(start + 8));
  }
  return lastDay;
}

/**
 * Days since 1970-01-01 in the proleptic Gregorian calendar. Years are counted from March on, so
 * that the leap day is a year's last, and from 400 years earlier, so that no number is negative.
 */
function dayNumber(year: i32, month: i32, day: i32): i32 {
  if (month < 1 || month > 12 || day < 1) return noDay;
  const isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  const last = month == 2 ? 28 + <i32>isLeap : 30 + ((month + (month >> 3)) & 1);
  if (day > last) return noDay;
  const marchYear = year + 400 - <i32>(month < 3);
  const marchMonth = month < 3 ? month + 9 : month - 3;
  const leapDays = marchYear / 4 - marchYear / 100 + marchYear / 400;
  return marchYear * 365 + leapDays + (153 * marchMonth + 2) / 5 + day - 1 - epochDay - eraDays;
}

const noOffset: i32 = i32.MIN_VALUE;

/** "Z", "z" or "±hh:mm" up to the very end. */
function offsetMinutes(at: usize, end: usize): i32 {
  const sign = load<u8>(at);
  if (end - at == 1) return sign == 0x5a || sign == 0x7a ? 0 : noOffset;
  if (end - at != 6 || load<u8>(at, 3) != 0x3a) return noOffset;
  if (sign != 0x2b && sign != 0x2d) return noOffset;
  const hour = twoDigits(at + 1);
  const minute = twoDigits(at + 4);
  if ((hour | minute) < 0 || hour > 23 || minute > 59) return noOffset;
  const minutes = hour * 60 + minute;
  return sign == 0x2d ? -minutes : minutes;
}
