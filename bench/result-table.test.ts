/** A comparison must say which way is better, and never compare what differs. */
import { expect, test } from "vitest";
import type { Measurement } from "./bench.ts";
import { delaysOf, AlertFingerprints, spread } from "./new-alerts.ts";
import { otherConditions, resultLines } from "./result-table.ts";
import type { Report } from "./result-table.ts";

const rate = (name: string, value: number): Measurement => ({
  ...{ name, value, unit: "alerts/s", better: "more" },
});
const time = (name: string, value: number, note = ""): Measurement => ({
  ...{ name, value, unit: "ms", better: "less", note },
});

test("a greater rate is better, a greater time is worse, and the columns stand in line", () => {
  const now = [rate("a", 120_000), time("a/longer", 3, "two rounds"), time("b", 10.1)];
  const before = [rate("a", 100_000), time("a/longer", 1.5), time("b", 10)];
  expect(resultLines(now, before)).toEqual([
    "              now             before  change",
    "a         120,000  alerts/s  100,000  better x1.20",
    "a/longer     3.00  ms           1.50  worse  x2.00  (two rounds)",
    "b           10.10  ms          10.00  same",
  ]);
});

test("without an earlier run there is nothing to compare", () => {
  expect(resultLines([rate("a", 1_000), time("b", 0.05)], null)).toEqual([
    "a   1,000  alerts/s",
    "b  0.0500  ms",
  ]);
});

test("a value that may be zero or negative has a direction and no ratio", () => {
  const [, lag, growth, fresh, gone] = resultLines(
    [time("lag", 0), time("growth", 5), time("fresh", 1)],
    [time("lag", 2), time("growth", -5), time("gone", 1)],
  );
  expect(lag).toMatch(/better$/);
  expect(growth).toMatch(/worse$/);
  expect(fresh).toMatch(/new$/);
  expect(gone).toContain("1 results of the earlier run were not measured");
});

test("what was measured under other conditions is said", () => {
  const report = (cores: number): Report => ({ at: "", machine: { cores, seed: 1 }, results: [] });
  expect(otherConditions(report(2), report(2))).toEqual([]);
  expect(otherConditions(report(2), report(4))).toEqual([
    "  other conditions: cores was 4, is 2",
  ]);
});

test("delays are those of the alerts whose event came, and the others are counted", () => {
  const fingerprints = new AlertFingerprints();
  const heard = new Map([1, 2].map((alert) => [fingerprints.of(alert), 1_000 + alert * 10]));
  const sent = [1, 2, 3].map((alert) => ({ alert, dueMs: 990, acceptedMs: 1_000 }));
  const delays = delaysOf(sent, heard);
  expect(spread(delays.fromAcceptance)).toEqual({ p50: 20, p99: 20, max: 20 });
  expect([...delays.fromDue]).toEqual([20, 30]);
  expect(delays.unmatched).toBe(1);
  expect(fingerprints.of(3)).toMatch(/^[0-9a-f]{16}$/);
});
