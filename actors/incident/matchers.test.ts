import { expect, test } from "vitest";
import { compileMatchers } from "./matchers.ts";
import type { Matcher } from "./types.ts";

const labels: Record<string, string> = { service: "checkout", severity: "critical" };

function holds(...written: [string, Matcher["op"], string][]): boolean {
  const matchers = written.map(([label, op, value]) => ({ label, op, value }));
  return compileMatchers(matchers)((label) => labels[label] ?? "");
}

test("equality and its negation", () => {
  expect(holds(["service", "=", "checkout"])).toBe(true);
  expect(holds(["service", "=", "check"])).toBe(false);
  expect(holds(["service", "!=", "search"])).toBe(true);
  expect(holds(["service", "!=", "checkout"])).toBe(false);
});

test("an absent label reads as empty", () => {
  expect(holds(["team", "=", ""])).toBe(true);
  expect(holds(["team", "!=", ""])).toBe(false);
  expect(holds(["team", "=~", ".+"])).toBe(false);
});

test("expressions are anchored, alternatives included", () => {
  expect(holds(["service", "=~", "check.*"])).toBe(true);
  expect(holds(["service", "=~", "check"])).toBe(false);
  expect(holds(["service", "=~", "check|out"])).toBe(false);
  expect(holds(["service", "!~", "check"])).toBe(true);
});

test("all matchers must hold; none at all always hold", () => {
  expect(holds(["service", "=", "checkout"], ["severity", "=", "critical"])).toBe(true);
  expect(holds(["service", "=", "checkout"], ["severity", "=", "low"])).toBe(false);
  expect(holds()).toBe(true);
});

test("an invalid expression never holds, negated or not", () => {
  for (const broken of ["(", "a)(b", "[z-a]"]) {
    expect(holds(["service", "=~", broken])).toBe(false);
    expect(holds(["service", "!~", broken])).toBe(false);
  }
});
