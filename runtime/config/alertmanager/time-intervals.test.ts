/** Time intervals as Alertmanager writes them: what each part means, and what is none. */
import { expect, test } from "vitest";
import { load, problemsOf, smallest, warningsOf } from "../../../testing/alertmanager-file.ts";

const withInterval = (interval: string): string =>
  `${smallest}time_intervals: [{ name: n, time_intervals: [${interval}] }]`;

const read: [interval: string, expected: object][] = [
  ["{ times: [{ start_time: '00:00', end_time: '24:00' }] }", {
    times: [{ fromMinute: 0, toMinute: 1_440 }],
  }],
  ["{ times: [{ start_time: 09:30, end_time: 17:00 }] }", {
    times: [{ fromMinute: 570, toMinute: 1_020 }],
  }],
  ["{ weekdays: ['Monday:friday', sunday] }", {
    weekdays: [{ from: 1, to: 5 }, { from: 0, to: 0 }],
  }],
  ["{ days_of_month: ['1:7', -1, '-3:-1', '15:-1'] }", {
    daysOfMonth: [
      ...[{ from: 1, to: 7 }, { from: -1, to: -1 }],
      ...[{ from: -3, to: -1 }, { from: 15, to: -1 }],
    ],
  }],
  ["{ months: ['1:3', may:August, december] }", {
    months: [{ from: 1, to: 3 }, { from: 5, to: 8 }, { from: 12, to: 12 }],
  }],
  ["{ years: [2026, '2028:2030'] }", {
    years: [{ from: 2026, to: 2026 }, { from: 2028, to: 2030 }],
  }],
  ["{ location: Europe/Berlin }", { location: "Europe/Berlin", times: null }],
  ["{}", { location: "UTC", times: null, weekdays: null, months: null, years: null }],
];

test.each(read)("%s", (interval, expected) => {
  expect(load(withInterval(interval)).dispatch.timeIntervals["n"]![0]).toMatchObject(expected);
});

const refused: [interval: string, message: string][] = [
  ["{ times: [{ start_time: '9:00', end_time: '10:00' }] }", "expected a time from 00:00 to 24:00"],
  ["{ times: [{ start_time: '09:00' }] }", "end_time: got nothing, expected a time from 00:00"],
  ["{ times: [{ start_time: '22:00', end_time: '06:00' }] }", "expected a time after start_time"],
  ["{ times: [{ start_time: '09:00', end_time: '09:00' }] }", "expected a time after start_time"],
  ["{ times: [{ start_time: '09:00', end_time: '24:01' }] }", "expected a time from 00:00"],
  ["{ weekdays: [mon] }", 'weekdays[0]: got "mon", expected a weekday or a range'],
  ["{ weekdays: ['friday:monday'] }", "the range ends before it starts; write two ranges"],
  ["{ days_of_month: [0] }", "there is no day 0, expected 1:31 or -31:-1"],
  ["{ days_of_month: ['1:32'] }", "there is no day 32"],
  ["{ days_of_month: ['-3:3'] }", "the range starts from the month's end, so must it end"],
  ["{ days_of_month: ['10:-25'] }", "the range ends before it starts"],
  ["{ months: [smarch] }", 'months[0]: got "smarch", expected a month or a range'],
  ["{ months: ['december:january'] }", "the range ends before it starts; write two ranges"],
  ["{ years: ['2026:2027:2028'] }", "expected a year or a range such as 2026:2028"],
  ["{ location: Europe/Berln }", 'location: got "Europe/Berln", expected a time zone such as'],
  ["{ location: '+01:00' }", 'location: got "+01:00", expected a time zone such as'],
  ["{ weekday: [monday] }", "weekday: unknown setting, expected one of times, weekdays,"],
];

test.each(refused)("refused: %s", (interval, message) => {
  const found = problemsOf(withInterval(interval));
  expect(found).toHaveLength(1);
  expect(found[0]).toContain(message);
});

test("intervals that hold at no time are warned of", () => {
  const text = `${smallest}time_intervals: [{ name: n, time_intervals: [] }]`;
  expect(warningsOf(text)[0]).toBe(
    "3:18: time_intervals[0]: holds at no time: it has no time_intervals",
  );
  expect(warningsOf(withInterval("{ times: [] }"))[1]).toContain("an empty list holds at no time");
  expect(warningsOf(withInterval("{ months: [13] }"))[1]).toContain("there is no such month");
});
