import { expect, test } from "vitest";
import { localTime } from "../actors/dispatch/zones.ts";
import { zoneOffsets } from "./time-zones.ts";

const zones = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"];

test.each([...zones, "Africa/Casablanca", "America/St_Johns", "Pacific/Apia"])(
  "%s shows what the runtime's own clock shows, at any moment of 25 years",
  (timeZone) => {
    const offsets = zoneOffsets(timeZone);
    const format = new Intl.DateTimeFormat("en-GB", {
      timeZone,
      dateStyle: "short",
      timeStyle: "short",
    });
    const two = (value: number): string => String(value).padStart(2, "0");
    for (let n = 0; n < 3_000; n++) {
      const atMs = Date.UTC(2020, 0, 1) + Math.floor((n * 25 * 365.25 * 86_400_000) / 3_000);
      const { year, month, day, minute, weekday } = localTime(atMs, offsets);
      const clock = `${two(Math.floor(minute / 60))}:${two(minute % 60)}`;
      expect(`${two(day)}/${two(month)}/${year}, ${clock}`).toBe(format.format(atMs));
      expect(weekday).toBe(new Date(Date.UTC(year, month - 1, day)).getUTCDay());
    }
  },
);

test("the hour that is skipped and the hour that comes twice", () => {
  const berlin = zoneOffsets("Europe/Berlin");
  const shown = (time: string): number => localTime(Date.parse(time), berlin).minute;
  expect(shown("2026-03-29T00:59:59Z")).toBe(119);
  expect(shown("2026-03-29T01:00:00Z")).toBe(180);
  expect(shown("2026-10-25T00:59:00Z")).toBe(179);
  expect(shown("2026-10-25T01:00:00Z")).toBe(120);
});

test("a zone that does not exist is refused", () => {
  expect(() => zoneOffsets("Mars/Olympus")).toThrow(RangeError);
});

test("a zone is kept once, however its name is written", () => {
  expect(zoneOffsets("europe/BERLIN")).toBe(zoneOffsets("Europe/Berlin"));
});
