import fc from "fast-check";
import { expect, test } from "vitest";
import { timeText } from "./view.ts";

test("a time is written as itself, whichever times were written before it", () => {
  const anyTime = fc.oneof(
    fc.integer({ min: -8_640_000_000_000_000, max: 8_640_000_000_000_000 }),
    // Few enough to meet again, and to share a place with one another.
    fc.integer({ min: 0, max: 2_000 }).map((n) => 1_795_000_000_000 + n),
    fc.constantFrom(0, -0, 0.5, -256.25, 1_795_000_000_000.5),
  );
  fc.assert(
    fc.property(fc.array(anyTime, { minLength: 1, maxLength: 500 }), (times) => {
      for (const ms of times) expect(timeText(ms)).toBe(new Date(ms).toISOString());
    }),
  );
});

test("what is no time is refused, again and again", () => {
  for (const ms of [Number.NaN, Number.POSITIVE_INFINITY, 9e15, Number.NaN]) {
    expect(() => timeText(ms)).toThrow(RangeError);
  }
});
