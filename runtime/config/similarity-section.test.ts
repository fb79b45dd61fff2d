import { describe, expect, test } from "vitest";
import { llmRuleDefaults } from "../../actors/similarity/llm-rule.ts";
import { Reading } from "./reading.ts";
import { readSimilarity } from "./similarity-section.ts";
import { ConfigValue } from "./value.ts";

function read(text: string) {
  const reading = new Reading("t.yaml", text, { placesMax: 1_000 });
  const config = readSimilarity(new ConfigValue(reading, reading.document.contents, "", null));
  const problems = reading.problems.map(
    ({ line, column, path, message }) => `${line}:${column} ${path}: ${message}`,
  );
  return { config, problems };
}

test("the defaults", () => {
  expect(read("")).toEqual({
    problems: [],
    config: {
      ...{ enabled: true, messages: { least: 0.8 }, texts: { least: 0.85 } },
      llm: llmRuleDefaults,
    },
  });
});

test("a threshold replaces that of its metric and unit", () => {
  const { config, problems } = read(`
messages: { least: 0.9 }
texts: { least: 0.75 }
llm:
  window: 5m
  thresholds:
    - { metric: Latency, unit: ms, less_than: 250 }
    - { metric: groundedness, less_than: 0.05 }
`);
  expect(problems).toEqual([]);
  expect(config).toMatchObject({ messages: { least: 0.9 }, texts: { least: 0.75 } });
  const { windowMs, thresholds } = config.llm;
  expect(windowMs).toBe(300_000);
  expect(thresholds).toHaveLength(llmRuleDefaults.thresholds.length + 1);
  expect(thresholds.filter(({ metric }) => metric === "latency")).toEqual([
    { metric: "latency", unit: "ms", threshold: 250 },
    { metric: "latency", unit: "tokens/s", threshold: 3 },
  ]);
  expect(thresholds).toContainEqual({ metric: "groundedness", unit: "1", threshold: 0.05 });
});

describe("what does not fit is told with its place, and the default stands in", () => {
  const negative = "llm: { thresholds: [{ metric: a, less_than: -1 }] }";
  test.each([
    ["texts: { least: 0.2 }", "1:17 texts.least: got 0.2, expected a number from 0.5 to 1"],
    ["texts: { least: near }", '1:17 texts.least: got "near", expected a number'],
    [negative, /^1:45 llm.thresholds\[0\].less_than: got -1, expected .* not below 0$/],
    ["llm: { thresholds: [{ less_than: 1 }] }", /thresholds\[0\].metric: got nothing/],
    ["llm: { windows: 5m }", /^1:8 llm.windows: unknown setting, .*; did you mean window\?$/],
  ])("%s", (text, problem) => {
    expect(read(text).problems).toEqual([expect.stringMatching(problem)]);
  });

  test("the default", () => {
    expect(read("texts: { least: 0.2 }").config.texts.least).toBe(0.85);
  });
});
