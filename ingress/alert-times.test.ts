import fc from "fast-check";
import { expect, test } from "vitest";
import { zeroTimeMs } from "./alert-reading.ts";
import { AlertScanner } from "./json-scan.ts";

const scanner = new AlertScanner(1);

function parse(text: string): number {
  expect(scanner.scan(Buffer.from(`{"startsAt":"${text}","endsAt":"${text}"}`))).toBeNull();
  const timeMs = scanner.startsAtMs(0);
  expect(scanner.endsAtMs(0)).toBe(timeMs);
  if (text !== "") expect(scanner.timeMs(Buffer.from(text))).toBe(timeMs);
  return timeMs;
}

test.each([
  ["1970-01-01T00:00:00Z", 0],
  ["2026-02-28T23:59:59.999999999Z", Date.UTC(2026, 1, 28, 23, 59, 59, 999)],
  ["2024-02-29t12:00:00.5z", Date.UTC(2024, 1, 29, 12, 0, 0, 500)],
  ["2026-01-01 00:00:00+05:30", Date.UTC(2025, 11, 31, 18, 30)],
  ["2026-01-01T00:00:00-23:59", Date.UTC(2026, 0, 1, 23, 59)],
  ["2016-12-31T23:59:60Z", Date.UTC(2017, 0, 1)],
  ["0001-01-01T00:00:00Z", zeroTimeMs],
  ["0001-01-01T02:00:00+02:00", zeroTimeMs],
])("%s is understood", (text, expected) => {
  expect(parse(text)).toBe(expected);
});

test("an absent or empty time is the zero time, what is no string is none", () => {
  const times = (json: string): number[] => {
    expect(scanner.scan(Buffer.from(json))).toBeNull();
    return [scanner.startsAtMs(0), scanner.endsAtMs(0)];
  };
  expect(times('{"startsAt":""}')).toEqual([zeroTimeMs, zeroTimeMs]);
  expect(times('{"startsAt":null,"endsAt":1767225600000}')).toEqual([zeroTimeMs, Number.NaN]);
});

test.each([
  "now",
  "2026-01-01",
  "2026-01-01T00:00:00",
  "2026-13-01T00:00:00Z",
  "2026-00-01T00:00:00Z",
  "2026-02-29T00:00:00Z",
  "1900-02-29T00:00:00Z",
  "2026-04-31T00:00:00Z",
  "2026-01-00T00:00:00Z",
  "2026-01-01T24:00:00Z",
  "2026-01-01T00:60:00Z",
  "2026-01-01T00:00:61Z",
  "2026-01-01T00:00:00.Z",
  "2026-01-01T00:00:00+0530",
  "2026-01-01T00:00:00+24:00",
  "2026-01-01T00:00:00ZZ",
  "2026-01-01T00:00:0xZ",
  "+026-01-01T00:00:00Z",
  "2026-01-01T-1:00:00Z",
  "1767225600000000000000",
])("'%s' is refused", (text) => {
  expect(parse(text)).toBeNaN();
});

test("every moment that Date can print reads back, at any offset", () => {
  const moments = fc.date({
    min: new Date("0000-01-02T00:00:00Z"),
    max: new Date("9999-12-30T00:00:00Z"),
    noInvalidDate: true,
  });
  const offsets = fc.integer({ min: -1439, max: 1439 });
  fc.assert(
    fc.property(moments, offsets, (moment, offset) => {
      const shifted = new Date(moment.getTime() + offset * 60_000).toISOString().slice(0, -1);
      fc.pre(shifted.length === 23);
      const minutes = Math.abs(offset);
      const hour = String(Math.floor(minutes / 60)).padStart(2, "0");
      const minute = String(minutes % 60).padStart(2, "0");
      const text = `${shifted}${offset < 0 ? "-" : "+"}${hour}:${minute}`;
      expect(parse(text)).toBe(moment.getTime());
    }),
    { numRuns: 1000, seed: 20261123 },
  );
});
