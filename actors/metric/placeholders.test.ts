import { expect, test } from "vitest";
import { parseText, placeholderWords, renderText, type PlaceholderWord } from "./placeholders.ts";

const words = Object.fromEntries(
  Object.keys(placeholderWords).map((word) => [word, `<${word}>`]),
) as Record<PlaceholderWord, string>;

function rendered(text: string, labels: Record<string, string> = {}): string {
  const pieces = parseText(text);
  return Array.isArray(pieces) ? renderText(pieces, words, labels) : pieces.problem;
}

test("words and labels are put in; all else stays as it is", () => {
  const text = "{{value}} and {{ threshold }} of {{labels.model_id}}, {literally} $1 }}";
  expect(rendered(text, { model_id: "m-1" })).toBe(
    "<value> and <threshold> of m-1, {literally} $1 }}",
  );
  expect(rendered("{{labels.a}}{{labels.__proto__}}")).toBe("(no a)(no __proto__)");
});

test("what a label says is never read as a placeholder", () => {
  expect(rendered("{{labels.a}}", { a: "{{value}}" })).toBe("{{value}}");
});

test.each([
  ["{{valeu}}", "there is no placeholder {{valeu}}, expected one of value, raw_value, "],
  ["{{ toString }}", "there is no placeholder {{toString}}"],
  ["{{labels.}}", "there is no placeholder {{labels.}}"],
  ["{{ value", "a placeholder is not closed, expected }}"],
])("%s is refused", (text, problem) => {
  expect(rendered(text)).toContain(problem);
});
