import { expect, test } from "vitest";
import { metricSum, metricValues } from "./metrics-text.ts";

const text = [
  "# HELP alerts Alerts.",
  "# TYPE alerts counter",
  'alerts{outcome="opened"} 3',
  'alerts{outcome="rejected"} 4',
  "alerts_total 7",
  "plain 5",
  "",
].join("\n");

test("samples of the metric itself, with or without labels, and of no other", () => {
  expect(metricValues(text, "alerts")).toEqual([3, 4]);
  expect(metricSum(text, "alerts")).toBe(7);
  expect(metricValues(text, "plain")).toEqual([5]);
  expect(metricSum(text, "absent")).toBe(0);
});

test("samples with the labels that are wanted", () => {
  const rejected = (labels: string): boolean => labels.includes('outcome="rejected"');
  expect(metricSum(text, "alerts", rejected)).toBe(4);
  expect(metricSum(text, "alerts", (labels) => !rejected(labels))).toBe(3);
});
