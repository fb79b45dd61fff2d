import { expect, test } from "vitest";
import { Histogram } from "./histogram.ts";

test("percentiles are at most 2 % too high, the maximum is exact", () => {
  const histogram = new Histogram();
  for (let ms = 1; ms <= 1000; ms++) histogram.add(ms);
  for (const share of [0.5, 0.95, 0.99]) {
    expect(histogram.at(share)).toBeGreaterThanOrEqual(share * 1000);
    expect(histogram.at(share)).toBeLessThanOrEqual(share * 1020);
  }
  expect([histogram.at(1), histogram.maxMs, histogram.count]).toEqual([1000, 1000, 1000]);
});

test("two merged are as one that saw everything; none is 0; extremes have a bucket", () => {
  const [one, other, both] = [new Histogram(), new Histogram(), new Histogram()];
  for (const ms of [0, 0.5, 3, 40, 1e9]) {
    (ms < 3 ? one : other).add(ms);
    both.add(ms);
  }
  one.merge(other.data());
  const read = (each: Histogram): number[] => [each.count, each.maxMs, each.at(0.5), each.at(0.9)];
  expect(read(one)).toEqual(read(both));
  expect(read(new Histogram())).toEqual([0, 0, 0, 0]);
});
