import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Matcher } from "../actors/incident/types.ts";
import { type LabelFilter, holds, labelFilter, neededTexts } from "./label-filter.ts";

const filterOf = (op: Matcher["op"], value: string): LabelFilter => {
  const filter = labelFilter({ label: "l", op, value });
  if ("problem" in filter) throw new Error(filter.problem);
  return filter;
};

describe("a label filter", () => {
  test("means what the anchored expression means", () => {
    const piece = fc.constantFrom("a", "ab", "b", "", "a\\.b");
    const open = fc.constantFrom("", ".*", ".+");
    const word = fc.tuple(open, piece, open).map((parts) => parts.join(""));
    const source = fc.array(word, { minLength: 1, maxLength: 3 }).map((words) => words.join("|"));
    const value = fc.array(fc.constantFrom("a", "b", "."), { maxLength: 5 });
    fc.assert(
      fc.property(source, value, (pattern, chars) => {
        const labels = { l: chars.join("") };
        const expected = new RegExp(`^(?:${pattern})$`).test(labels.l);
        expect(holds(filterOf("=~", pattern), labels)).toBe(expected);
        expect(holds(filterOf("!~", pattern), labels)).toBe(!expected);
      }),
      { seed: 4711, numRuns: 3_000 },
    );
  });

  test("compares whole values, and an absent label reads as empty", () => {
    expect(holds(filterOf("=", "x"), { l: "x" })).toBe(true);
    expect(holds(filterOf("=", "x"), { l: "xy" })).toBe(false);
    expect(holds(filterOf("=", ""), {})).toBe(true);
    expect(holds(filterOf("!=", "x"), {})).toBe(true);
    expect(holds({ ...filterOf("=", ""), label: "__proto__" }, {})).toBe(true);
  });

  test("refuses what needs an engine", () => {
    for (const value of ["(a+)+", "[ab]", "a.b", "a{3}", "a.*b", "x|(y|z)", "a".repeat(2) + "?"]) {
      expect(labelFilter({ label: "l", op: "=~", value })).toHaveProperty("problem");
    }
    expect(labelFilter({ label: "l", op: "=~", value: "(api|web-.*)" })).toHaveProperty("label");
  });

  test("tells what an alert must contain, if anything", () => {
    expect(neededTexts(filterOf("=~", "api|web-.*"))).toEqual(["api", "web-"]);
    for (const filter of [filterOf("!=", ""), filterOf("=~", ".+"), filterOf("=", 'a"b')]) {
      expect(neededTexts(filter)).toEqual(["l"]);
    }
    for (const filter of [filterOf("!=", "x"), filterOf("=", ""), filterOf("=~", "a|.*")]) {
      expect(neededTexts(filter)).toBeNull();
    }
    expect(neededTexts({ ...filterOf("!=", ""), label: 'l"' })).toBeNull();
  });
});
