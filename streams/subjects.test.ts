import { expect, test } from "vitest";
import { incidentSubject, token } from "./subjects.ts";

test.each([
  ["checkout", "checkout"],
  ["eu-west_1", "eu-west_1"],
  ["a.b", "a=2eb"],
  [">", "=3e"],
  ["*", "=2a"],
  ["", "="],
  ["a b\n", "a=20b=0a"],
  ["=3e", "=3d3e"],
  ["é", "=c3=a9"],
])("token - %j becomes %s", (text, expected) => {
  expect(token(text)).toBe(expected);
});

test("token - long text is cut, and stays one token", () => {
  const subject = token(`${"x".repeat(100)}.>`);
  expect(subject).toBe("x".repeat(64));
});

test("incidentSubject - no label can add or widen a token", () => {
  const subject = incidentSubject("t.>", "critical", "*.a", "opened");
  expect(subject).toBe("incidents.t=2e=3e.critical.=2a=2ea.opened");
  expect(subject.split(".")).toHaveLength(5);
});
