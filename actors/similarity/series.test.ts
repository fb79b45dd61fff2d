import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Random } from "../../testing/random.ts";
import {
  extendTrail,
  neutralSimilarity,
  seriesSimilarity,
  trailMax,
  trailSimilarity,
  valuesMax,
  valuesOf,
} from "./series.ts";
import type { ValueTrail } from "./series.ts";

const wave = (count: number, shift = 0, of = (x: number) => x) =>
  Array.from({ length: count }, (_, at) => of(Math.sin((at + shift) / 4)));

describe("attached values", () => {
  test.each([
    ["1, 2,3", [1, 2, 3]],
    ["[1.5, -2e3]", [1.5, -2_000]],
    ["4 5;6", [4, 5, 6]],
    ["1, two", null],
    ["[[1, 2]]", null],
    ["", null],
    ["[]", null],
    ["1,".repeat(9_000), null],
  ])("%s", (values, expected) => {
    expect(valuesOf({ values }, {})).toEqual(expected);
  });

  test("of many the last; annotations go before labels", () => {
    const values = Array.from({ length: valuesMax + 5 }, (_, at) => at).join(",");
    expect(valuesOf({ values }, { values: "1" })).toHaveLength(valuesMax);
    expect(valuesOf({}, { values: "1,2" })).toEqual([1, 2]);
  });
});

describe("series", () => {
  test("alike whatever the unit, the level and the number of points", () => {
    expect(seriesSimilarity(wave(40), wave(40, 0, (x) => 1_000 * x + 7))).toBeCloseTo(1);
    const twice = Array.from({ length: 80 }, (_, at) => Math.sin((at * 39) / 79 / 4));
    expect(seriesSimilarity(wave(40), twice)).toBeGreaterThan(0.98);
  });

  test("opposite, flat, too short, and unlike", () => {
    const falling = [9, 7, 5, 3, 1];
    expect(seriesSimilarity([1, 3, 5, 7, 9], falling)).toBeLessThan(0.25);
    expect(seriesSimilarity([5, 5, 5, 5], falling)).toBe(neutralSimilarity);
    expect(seriesSimilarity([1, 2, 3], falling)).toBe(neutralSimilarity);
    expect(seriesSimilarity([0, 0, 0, 0], falling)).toBe(neutralSimilarity);
    expect(seriesSimilarity([1, Infinity, 2, 3], falling)).toBe(neutralSimilarity);
  });

  test("an effect that comes a little later is seen, one that comes much later is not", () => {
    const jump = (place: number) => Array.from({ length: 32 }, (_, at) => (at === place ? 9 : 1));
    expect(seriesSimilarity(jump(10), jump(13))).toBeGreaterThan(0.9);
    expect(seriesSimilarity(jump(10), jump(25))).toBeLessThan(0.6);
  });

  test("noise is rarely alike", () => {
    const random = new Random(3);
    const noise = () => Array.from({ length: 60 }, () => random.next());
    const found = Array.from({ length: 500 }, () => seriesSimilarity(noise(), noise()));
    expect(found.filter((each) => each > 0.85).length).toBeLessThan(5);
  });

  test("symmetric and between 0 and 1, for any numbers", () => {
    const numbers = fc.array(fc.double(), { maxLength: 80 });
    fc.assert(
      fc.property(numbers, numbers, (a, b) => {
        const similarity = seriesSimilarity(a, b);
        expect(similarity).toBeGreaterThanOrEqual(0);
        expect(similarity).toBeLessThanOrEqual(1);
        expect(seriesSimilarity(b, a)).toBeCloseTo(similarity, 9);
      }),
    );
  });
});

describe("trails", () => {
  const trail = (values: number[], fromMs = 0): ValueTrail => {
    const made: ValueTrail = { atMs: [], values: [] };
    for (const [at, value] of values.entries()) extendTrail(made, value, fromMs + at * 1_000);
    return made;
  };

  test("repeats add nothing, and the length is bounded", () => {
    expect(trail([1, 1, 2, NaN, 2, 3])).toEqual({ values: [1, 2, 3], atMs: [0, 2_000, 5_000] });
    const long = trail(Array.from({ length: 1_000 }, (_, at) => at));
    expect(long.values.length).toBeLessThanOrEqual(trailMax);
    expect([long.values[0], long.values.at(-1)]).toEqual([0, 999]);
  });

  test("compare by time, not by place", () => {
    const up = trail([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(trailSimilarity(up, trail([3, 4, 5, 6, 7, 8], 2_000))).toBeGreaterThan(0.95);
    expect(trailSimilarity(up, trail([8, 7, 6, 5, 4, 3, 2, 1]))).toBeLessThan(0.3);
    expect(trailSimilarity(up, trail([1, 2, 3, 4, 5], 60_000))).toBe(neutralSimilarity);
    expect(trailSimilarity(up, trail([1, 2]))).toBe(neutralSimilarity);
  });
});
