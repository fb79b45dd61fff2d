import { expect, test } from "vitest";
import { sortedMatchers } from "../../../actors/dispatch/text.ts";
import { parseMatchers } from "./matcher-list.ts";

const good: [text: string, matchers: string[][]][] = [
  ["", []],
  ["{}", []],
  ["a=b", [["a", "=", "b"]]],
  ["{a=\"b\",c=~\"d.*\"}", [["a", "=", "b"], ["c", "=~", "d.*"]]],
  [" a = b , c != d ,", [["a", "=", "b"], ["c", "!=", "d"]]],
  ["a=", [["a", "=", ""]]],
  ['a="x,y"', [["a", "=", "x,y"]]],
  ['"label with spaces"!~"🔔"', [["label with spaces", "!~", "🔔"]]],
  ["ключ=значение", [["ключ", "=", "значение"]]],
  ['a="\\u00e9\\x41\\n"', [["a", "=", "\\u00e9\\x41\n"]]],
  ['"a"="\\u00e9\\x41\\n"', [["a", "=", "éA\n"]]],
  // Only the classic grammar takes these.
  ["path=/api/{id}/x", [["path", "=", "/api/{id}/x"]]],
  ['path=~"\\d+"', [["path", "=~", "\\d+"]]],
  ["a=~b|c d", [["a", "=~", "b|c d"]]],
  ["note=it's", [["note", "=", "it's"]]],
];

test.each(good)("%s", (text, matchers) => {
  expect(parseMatchers(text)).toEqual({
    kind: "ok",
    matchers: matchers.map(([label, op, value]) => ({ label, op, value })),
  });
});

const bad: [text: string, message: string][] = [
  ["a", "got the end at character 2, expected one of =, !=, =~, !~"],
  ["a=b,,c=d", "got , at character 5, expected a label name"],
  ['{"é"=b', "got the end at character 7, expected a comma or }"],
  ['"a b"="c', "cannot read \"c at character 7"],
  ['a="b"c', "got c at character 6, expected a comma or the end"],
  ['"a"="\\d"', 'cannot read "\\d" at character 5'],
  ["a=~(?=x)", "not a valid regular expression: invalid or unsupported Perl syntax"],
  ['a=~"(?=x)"', 'not a valid regular expression: invalid or unsupported Perl syntax: `(?=x)`'],
  ['a=~"("', 'missing closing ), in "("'],
  [`a=${"b".repeat(70_000)}`, "longer than 65536 characters"],
];

test.each(bad)("case %#: refused", (text, message) => {
  const parsed = parseMatchers(text);
  expect(parsed.kind === "error" ? parsed.message : parsed).toContain(message);
});

test("sorted as in Alertmanager's keys: label, value, operator", () => {
  const parsed = parseMatchers('b=x,a=~"2",a!="1",a="1",a=~"1"');
  const sorted = sortedMatchers(parsed.kind === "ok" ? parsed.matchers : []);
  const shown = sorted.map(({ label, op, value }) => label + op + value);
  expect(shown).toEqual(["a=1", "a!=1", "a=~1", "a=~2", "b=x"]);
});
