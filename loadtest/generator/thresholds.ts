/** k6's verdict on a script's thresholds, in the report's words. Pure. */
import type { PhaseRecord } from "../result/load-record.ts";
import { readable } from "../result/verdict.ts";
import type { Check } from "../result/verdict.ts";

/** As `--summary-export` writes it: of each threshold, whether it was crossed. */
export type K6Summary = { metrics: Record<string, K6Metric> };
type K6Metric = { thresholds?: Record<string, boolean>; [value: string]: unknown };

type Words = { what: string; unit: string };

const told: Record<string, Words> = {
  alerts_shed: { what: "shed", unit: "alerts" },
  alerts_failed: { what: "failed", unit: "alerts" },
  reads_shed: { what: "shed", unit: "requests" },
  reads_failed: { what: "failed", unit: "requests" },
  dropped_iterations: { what: "unsent", unit: "requests" },
};
/** What a generator that is late itself, or a busy machine, may spoil. */
const machinesToo = /^(alerts_latency|reads_latency|alerts_shed|reads_shed|dropped_iterations)$/;

/**
 * @param declared the script's thresholds: one that k6 does not report has not held.
 * @param records of the script's phases, for the reasons of failures.
 */
export function thresholdChecks(
  declared: Record<string, string[]>,
  summary: K6Summary,
  records: PhaseRecord[],
): Check[] {
  return Object.entries(declared).flatMap(([key, expressions]) => {
    const [, metric = key, phase = ""] = /^(\w+)\{scenario:(.*)\}$/.exec(key) ?? [];
    const record = records.find((each) => each.phase.name === phase);
    const found = summary.metrics[key];
    return expressions.map((expression): Check => {
      const [, statistic = "", max = ""] = /^(.+)<=(.+)$/.exec(expression) ?? [];
      const { what, unit } = told[metric] ?? { what: shortStatistic(statistic), unit: "ms" };
      const isCrossed = found?.thresholds?.[expression];
      const value = Number(found?.[statistic]);
      const reasons = what === "failed" ? reasonsOf(record) : "";
      return {
        name: `${phase}: ${what}`,
        wanted: `≤ ${readable(Number(max))} ${unit}`,
        got: isCrossed === undefined ? "not reported" : `${readable(value)} ${unit}${reasons}`,
        holds: isCrossed === false,
        ...(machinesToo.test(metric) ? { phase } : {}),
      };
    });
  });
}

/** "p(95)" → "p95" */
function shortStatistic(statistic: string): string {
  return statistic.replace(/[()]/g, "");
}

function reasonsOf(record: PhaseRecord | undefined): string {
  const reasons = Object.entries(record?.failures ?? {}).map(([reason, n]) => `${n} × ${reason}`);
  return reasons.length === 0 ? "" : ` (${reasons.join(", ")})`;
}
