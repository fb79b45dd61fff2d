import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { comparedCharsMax, editDistance, textSimilarity } from "./levenshtein.ts";

/** The whole table, as the textbooks have it. */
function plainDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}

/** Few letters, so that texts have much in common. */
const text = fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 40 });

describe("the edit distance", () => {
  test.each([
    ["kitten", "sitting", 3],
    ["", "abc", 3],
    ["same", "same", 0],
    ["abcdef", "abdef", 1],
    ["<n> of <n> failed", "<n> of <n> fail", 2],
  ])("%s, %s", (a, b, distance) => {
    expect(editDistance(a, b, 10)).toBe(distance);
    expect(editDistance(b, a, 10)).toBe(distance);
  });

  test("is that of the whole table, up to the cutoff", () => {
    fc.assert(
      fc.property(text, text, fc.nat(45), (a, b, most) => {
        expect(editDistance(a, b, most)).toBe(Math.min(plainDistance(a, b), most + 1));
      }),
      { numRuns: 2_000 },
    );
  });

  test("a call leaves nothing behind for the next", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text, fc.nat(9)), { minLength: 2 }), (calls) => {
        for (const [a, b, most] of calls) {
          expect(editDistance(a, b, most)).toBe(Math.min(plainDistance(a, b), most + 1));
        }
      }),
    );
  });

  test("long texts are compared by their beginnings", () => {
    const begin = "x".repeat(comparedCharsMax);
    expect(editDistance(`${begin}one`, `${begin}two two`, 10)).toBe(0);
    expect(editDistance("x".repeat(2_000), "y".repeat(2_000), comparedCharsMax)).toBe(
      comparedCharsMax,
    );
  });
});

describe("similarity", () => {
  test("1 for equal texts, by the longer one, 0 below the least", () => {
    expect(textSimilarity("", "", 0.8)).toBe(1);
    expect(textSimilarity("abcdefghij", "abcdefghiX", 0.8)).toBeCloseTo(0.9);
    expect(textSimilarity("abcdefghij", "abcdefgh", 0.8)).toBeCloseTo(0.8);
    expect(textSimilarity("abcdefghij", "abcdefg", 0.8)).toBe(0);
    expect(textSimilarity("abc", "xyz", 0)).toBe(0);
  });
});
