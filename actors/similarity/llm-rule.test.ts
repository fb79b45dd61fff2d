import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { llmReadingOf, llmRelation, llmRuleDefaults } from "./llm-rule.ts";
import type { LlmReading } from "./llm-rule.ts";

const minute = 60_000;
const config = llmRuleDefaults;

function reading(alertname: string, summary = "", more = {}, annotations = {}) {
  const labels = { alertname, model_id: "m-4.1", ...more };
  return llmReadingOf({ labels, annotations: { summary, ...annotations }, atMs: 0 }, config);
}

describe("what an alert measures", () => {
  test("of the metric templates: label, value and unit", () => {
    const labels = { metric_type: "latency", metric_template: "latency-p95" };
    const annotations = { value: "4200", unit: "ms", summary: "m-4.1: p95 is 4.2 s" };
    expect(reading("LLMLatencyP95High", "", labels, annotations)).toEqual({
      ...{ model: "m-4.1", metric: "latency", value: 4_200, unit: "ms", atMs: 0 },
    });
    const rate = reading("LLMTokenRateLow", "", labels, { value: "12", unit: "tokens/s" });
    expect(rate).toMatchObject({ metric: "latency", value: 12, unit: "tokens/s" });
    const score = reading("X", "", { metric_type: "toxicity" }, { value: "0.06", unit: "" });
    expect(score).toMatchObject({ value: 0.06, unit: "1" });
  });

  test.each([
    ["ApiLatencyP99High", "p99 of chat-2 is 3.5 s, the limit 2 s", "latency", 3_500, "ms"],
    ["HallucinationRateHigh", "12 % of 300 answers", "hallucination", 0.12, "1"],
    ["GPUTemperatureHigh", "GPU 3 of gpu-17: 84 °C", "gpu_temperature", 84, "°C"],
    ["TokenCostHigh", "spending $1,250.5/h on it", "cost", 1_250.5, "usd/h"],
    ["ApiErrorRateHigh", "answers 7.5% with 5xx", "error_rate", 0.075, "1"],
    ["QuotaRunsOut", "in 90 min", "quota", 1.5, "h"],
  ])("by words: %s, %s", (alertname, summary, metric, value, unit) => {
    expect(reading(alertname, summary)).toMatchObject({ metric, unit });
    expect(reading(alertname, summary)?.value).toBeCloseTo(value);
  });

  test("a value with its unit, a bare one in the threshold's", () => {
    expect(reading("Latency", "", {}, { value: "1.5 s" })).toMatchObject({ value: 1_500 });
    expect(reading("Latency", "", { value: "250" })).toMatchObject({ value: 250, unit: "ms" });
    expect(reading("Latency", "", {}, { value: "5", unit: "usd" })).toBeNull();
  });

  test.each([
    ["Odd", "5 s", {}],
    ["Latency", "it is slow, 5 of 7", {}],
    ["Latency", "5 s", { model_id: "" }],
    ["Latency", "5 s", { metric_type: "of its own" }],
    ["constructor", "5 s", {}],
  ])("nothing: %s, %s", (alertname, summary, more) => {
    expect(reading(alertname, summary, more)).toBeNull();
  });
});

describe("the rule", () => {
  const one: LlmReading = {
    ...{ model: "m", metric: "hallucination", value: 0.06, unit: "1", atMs: 0 },
  };

  test("about the same, and why", () => {
    const other = { ...one, value: 0.065, atMs: 15 * minute };
    expect(llmRelation(one, other, config)).toBe(
      'same model "m" and hallucination, 0.5 % apart (under 1 %) within 15 min',
    );
  });

  test.each([
    ["another model", { model: "n" }],
    ["another metric", { metric: "toxicity" }],
    ["another unit", { unit: "ms" }],
    ["a value at the threshold", { value: 0.06 + 0.01 }],
    ["a millisecond too late", { atMs: 15 * minute + 1 }],
  ])("not: %s", (_, change) => {
    expect(llmRelation(one, { ...one, ...change }, config)).toBeNull();
  });

  test("symmetric", () => {
    const some = fc.record({
      model: fc.constantFrom("m", "n"),
      metric: fc.constantFrom("hallucination", "accuracy"),
      value: fc.double({ min: 0, max: 0.1, noNaN: true }),
      unit: fc.constant("1"),
      atMs: fc.nat(20 * minute),
    });
    fc.assert(
      fc.property(some, some, (a, b) => {
        expect(llmRelation(b, a, config)).toBe(llmRelation(a, b, config));
      }),
    );
  });
});
