import { expect, test } from "vitest";
import type { Report } from "../result/report.ts";
import type { Summary } from "../result/summary.ts";
import { scriptData } from "./html.ts";
import { page } from "./page.ts";
import { axisTop, clock, shortNumber } from "./scale.ts";

const nasty = `</script><img src=x onerror="alert('1')">&`;

const summary: Summary = {
  scenario: nasty,
  question: nasty,
  startedAt: "2026-01-01T00:00:00.000Z",
  version: nasty,
  verdict: "broken",
  rows: [
    {
      ...{ name: nasty, unit: "alerts", askedPerSecond: 10, acceptedPerSecond: 9, maxMs: 4 },
      ...{ p50Ms: 1, p95Ms: 2, p99Ms: 3, latenessP95Ms: 0, shed: 1, failed: 0, unsent: 0 },
      generatorCores: null,
    },
  ],
  ...{ lagMax: null, residentMaxMiB: 12, drainedSeconds: null },
  checks: [{ name: nasty, wanted: "≤ 1", got: nasty, holds: false }],
  notes: [nasty],
  phases: [{ name: nasty, startSecond: 0, endSecond: 2 }],
  load: { second: [0, 1], asked: [10, 10], accepted: [9, null], p50: [1, null] },
  server: { second: [0, 1], residentMiB: [10, 12] },
};
const report: Report = {
  at: "2026-01-01T00:00:00.000Z",
  machine: { processor: nasty },
  settings: { server: nasty },
  results: [summary],
};

test("nothing that was measured or said becomes markup", () => {
  const text = page(report);
  expect(text).not.toContain("<img");
  expect(text.match(/<script/g)?.length).toBe(text.match(/<\/script>/g)?.length);
  expect(text).toContain("&lt;/script&gt;&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;");
});

test("a report without results and a run without points are pages, too", () => {
  const empty = { ...summary, rows: [], phases: [], load: { second: [] }, server: { second: [] } };
  expect(page({ ...report, results: [] })).toContain("0 scenarios, all hold");
  const text = page({ ...report, results: [empty] });
  expect(text).not.toMatch(/NaN|undefined|Infinity/);
});

test("data for scripts survives the round trip and cannot end its element", () => {
  const text = scriptData({ label: nasty });
  expect(text).not.toContain("<");
  expect(JSON.parse(text)).toEqual({ label: nasty });
});

test("axes end at round numbers and say them shortly", () => {
  expect([0, 0.3, 1, 3, 17, 401, 99_000].map(axisTop)).toEqual([1, 0.4, 1, 4, 20, 500, 100_000]);
  expect([0.25, 12.34, 950, 12_400, 2.5e6].map(shortNumber)).toEqual([
    ...["0.25", "12.3", "950", "12.4k", "2.5M"],
  ]);
  expect([45, 150, 3_900].map(clock)).toEqual(["45s", "2:30", "1:05:00"]);
});
