/** What k6 writes, read: samples, thresholds, its version. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { overloadPhases, steadyPhases } from "../k6/phases.ts";
import { optionsFor } from "../k6/options.ts";
import { readSettings } from "../k6/settings.ts";
import { LoadRecord } from "../result/load-record.ts";
import { acceptedVersion, ensureK6, findK6 } from "./k6-binary.ts";
import { SampleLines, parseSample } from "./sample-lines.ts";
import type { K6Sample } from "./sample-lines.ts";
import { thresholdChecks } from "./thresholds.ts";

const output =
  "metric_name,timestamp,metric_value,scenario,extra_tags,metadata\n" +
  "http_req_duration,1795656249110,3.100000,steady,,\n" +
  "alerts_accepted,1795656249110,64.000000,steady,,\n" +
  'alerts_failed,1795656249200,64.000000,steady,"reason=status 500&other=a,b",\n' +
  "alerts_failed,1795656249300,1.000000,steady,reason=no answer (k6 error 1050),\n" +
  "alerts_what\n" +
  "dropped_iterations,1795656249400,1.000000,steady,,\n" +
  "    alerts_accepted.....: 12 3/s\n";

test("samples are read wherever the output was cut, and nothing else is taken for one", () => {
  const read = (size: number): K6Sample[] => {
    const samples: K6Sample[] = [];
    const lines = new SampleLines((sample) => void samples.push(sample));
    for (let at = 0; at < output.length; at += size) lines.read(output.slice(at, at + size));
    return samples;
  };
  const whole = read(output.length);
  expect(whole.map(({ metric, value, reason }) => [metric, value, reason])).toEqual([
    ["alerts_accepted", 64, ""],
    ["alerts_failed", 64, "status 500"],
    ["alerts_failed", 1, "no answer (k6 error 1050)"],
    ["dropped_iterations", 1, ""],
  ]);
  expect(whole[0]).toMatchObject({ atMs: 1_795_656_249_110, scenario: "steady" });
  for (const size of [1, 7, 64]) expect(read(size)).toEqual(whole);
  expect(parseSample("alerts_accepted,now,64,steady,,")).toBe(null);
});

const settings = readSettings({ RATE: "6400", SECONDS: "10", ALONE: "no" });

test("k6's verdict becomes checks; failures name their reasons; latency names its phase", () => {
  const [phase] = steadyPhases(settings);
  const record = new LoadRecord(0).begin(phase!);
  record.failures["status 500"] = 3;
  const { thresholds } = optionsFor([phase!], settings);
  const metrics = {
    "alerts_latency{scenario:steady}": {
      ...{ "p(95)": 300.4, "p(99)": 900 },
      thresholds: { "p(95)<=250": true, "p(99)<=1000": false },
    },
    "alerts_shed{scenario:steady}": { count: 64, thresholds: { "count<=640": false } },
    "dropped_iterations{scenario:steady}": { count: 0, thresholds: { "count<=10": false } },
    "alerts_failed{scenario:steady}": { count: 3, thresholds: { "count<=0": true } },
  };
  const checks = thresholdChecks(thresholds, { metrics }, [record]);
  expect(checks.map(({ name, got, holds }) => [name, got, holds])).toEqual([
    ["steady: p95", "300 ms", false],
    ["steady: p99", "900 ms", true],
    ["steady: shed", "64 alerts", true],
    ["steady: unsent", "0 requests", true],
    ["steady: failed", "3 alerts (3 × status 500)", false],
  ]);
  expect(checks[0]).toMatchObject({ wanted: "≤ 250 ms", phase: "steady" });
  expect(checks.map(({ phase: spoilt }) => spoilt !== undefined)).toEqual([
    ...[true, true, true, true, false],
  ]);
});

test("a threshold that k6 says nothing of has not held", () => {
  const { thresholds } = optionsFor(overloadPhases(settings), settings);
  const checks = thresholdChecks(thresholds, { metrics: {} }, []);
  expect(checks.map(({ got, holds }) => [got, holds])).toEqual([
    ["not reported", false],
    ["not reported", false],
  ]);
});

test("a k6 that cannot run TypeScript is refused", () => {
  expect(acceptedVersion("k6 v1.8.1 (go1.26.8, linux/amd64)\n")).toBe("1.8.1");
  expect(acceptedVersion("k6 v2.0.0-rc1 (commit/1234, go1.30)")).toBe("2.0.0-rc1");
  expect(acceptedVersion("k6 v0.54.0 (go1.23.1, linux/amd64)")).toBe(null);
  expect(acceptedVersion("something else")).toBe(null);
});

test("without k6 and without Go the message says what was tried and what to do", async () => {
  const dir = mkdtempSync(join(tmpdir(), "tocsin-k6-test-"));
  try {
    const old = join(dir, "k6");
    writeFileSync(old, "#!/bin/sh\necho 'k6 v0.54.0 (go1.23.1, linux/amd64)'\n", { mode: 0o755 });
    // No go on this PATH, and a k6 that is too old.
    const env = { PATH: dir, TOCSIN_CACHE: join(dir, "cache") };
    expect((await findK6(env)).looked[0]).toContain(`PATH: ${old}: it says "k6 v0.54.0`);
    const said: string[] = [];
    const failing = ensureK6(env, (line) => void said.push(line));
    await expect(failing).rejects.toThrow(/v0\.54\.0[\s\S]*go is not installed[\s\S]*TOCSIN_K6/);
    expect(said).toEqual([expect.stringContaining("go install")]);
    writeFileSync(old, "#!/bin/sh\necho 'k6 v1.8.1 (go1.26.8, linux/amd64)'\n", { mode: 0o755 });
    const found = { path: old, version: "1.8.1", source: "PATH" };
    expect(await findK6(env)).toMatchObject({ k6: found });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});
