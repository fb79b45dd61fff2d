/** Recurrences as people write them. */
import { expect, test } from "vitest";
import { zoneOffsets } from "../time-zones.ts";
import { clockOf, parseRecurrence, weekdayName } from "./recurrence.ts";

const berlin = "Europe/Berlin";

test.each([
  ["22:00-06:00", [], 1_320, 360, "UTC"],
  ["daily 22:00-24:00 Europe/Berlin", [], 1_320, 1_440, berlin],
  ["mon,tue 22:00-06:00 Europe/Berlin", [1, 2], 1_320, 360, berlin],
  ["Mon-Fri,sunday 00:00-09:30", [0, 1, 2, 3, 4, 5], 0, 570, "UTC"],
  ["sat-mon 08:00-09:00", [0, 1, 6], 480, 540, "UTC"],
])("%s", (text, weekdays, fromMinute, toMinute, location) => {
  const offsets = zoneOffsets(location);
  const recurrence = { weekdays, fromMinute, toMinute, location, offsets };
  expect(parseRecurrence(text)).toEqual(recurrence);
  const spelt = `${weekdayName(0)} ${clockOf(fromMinute)}-${clockOf(toMinute)} ${location}`;
  expect(parseRecurrence(spelt)).toEqual({ ...recurrence, weekdays: [0] });
});

test.each([
  ["", 'days: got ""'],
  ["mon", 'hours: got ""'],
  ["m 22:00-06:00", 'days: got "m"'],
  ["mon-tue-wed 22:00-06:00", 'days: got "mon-tue-wed"'],
  ["mon,, 22:00-06:00", 'days: got "mon,,"'],
  ["mon 22:00", 'hours: got "22:00"'],
  ["22:00-22:00", 'hours: got "22:00-22:00"'],
  ["22:60-23:00", 'hours: got "22:60-23:00"'],
  ["22:00-24:01", 'hours: got "22:00-24:01"'],
  ["22:00-06:00 Europe/Berln", 'time zone: got "Europe/Berln"'],
  ["22:00-06:00 +01:00", 'time zone: got "+01:00"'],
  ["22:00-06:00 UTC or so", 'too many words: got "or so"'],
])("%j is refused, with the part that is wrong", (text, said) => {
  const { problem } = parseRecurrence(text) as { problem: string };
  expect(problem).toContain(`${said}, expected days, hours and a time zone such as "mon-fri`);
});
