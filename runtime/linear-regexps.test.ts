import { expect, test } from "vitest";
import { compileMatchers } from "../actors/incident/matchers.ts";
import { boundBacktracking, refusedExpression } from "./linear-regexps.ts";

boundBacktracking();
const long = "a".repeat(60);
const matcher = (value: string) => ({ label: "a", op: "=~", value }) as const;

test.each(["(a+)+b", "(a|a)*b", ".*.*.*.*.*.*x", "(a*)*(?i)B", "^(\\w+\\s?)*$x", "^a*a*a*a*a*z"])(
  "an expression that would backtrack for ages ends: %s",
  (value) => {
    expect(refusedExpression(matcher(value))).toBe(null);
    expect(compileMatchers([matcher(value)], "bounded")(() => long)).toBe(false);
  },
);

test.each(["\\p{Greek}+", "(?m)^a$", "(a{1,50}){1,50}", "(", "\u{1f514}+"])(
  "what cannot run in linear time is refused: %s",
  (value) => {
    expect(refusedExpression(matcher(value))).toMatch(/for ever|not taken/);
  },
);

test("what is usual is taken", () => {
  const usual = ["", ".*", ".+", "^api-.*$", "(?i)prod|stage", "\\bdb\\b", "web[0-9]{2}", "\\S+"];
  for (const value of usual) {
    expect(refusedExpression(matcher(value))).toBe(null);
  }
  expect(compileMatchers([matcher("^api-.*$")], "bounded")(() => "api-1")).toBe(true);
});
