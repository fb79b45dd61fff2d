/** Moments as texts: what is understood, and what is refused instead of being guessed. */
import { expect, test } from "vitest";
import { parseMoment } from "./moment.ts";

test("zones, fractions and a space instead of the T", () => {
  const nineMs = Date.UTC(2026, 2, 2, 9);
  expect(parseMoment("2026-03-02T09:00:00Z")).toBe(nineMs);
  expect(parseMoment("2026-03-02 09:00Z")).toBe(nineMs);
  expect(parseMoment("2026-03-02T10:30:00+01:30")).toBe(nineMs);
  expect(parseMoment("2026-03-01T23:00:00-10:00")).toBe(nineMs);
  expect(parseMoment("2026-03-02T09:00:00.0509Z")).toBe(nineMs + 50);
  expect(parseMoment("2028-02-29T00:00:00Z")).toBe(Date.UTC(2028, 1, 29));
});

test.each([
  "2026-03-02T09:00:00",
  "2026-03-02",
  "2026-02-30T00:00:00Z",
  "2026-02-29T00:00:00Z",
  "2026-13-01T00:00:00Z",
  "2026-03-02T24:00:00Z",
  "2026-03-02T09:60:00Z",
  "2026-03-02T09:00:00+24:00",
  "now",
  "",
])("%j is no moment", (text) => expect(parseMoment(text)).toBe(null));
