/** Running k6, with a program in its place that says what k6 would. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readSettings } from "../k6/settings.ts";
import type { K6Sample } from "./sample-lines.ts";
import { ScriptRun } from "./script-run.ts";
import { scripts } from "./scripts.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "tocsin-k6-test-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function k6That(does: string): string {
  const path = join(dir, "k6");
  const findSummary = 'while [ "$1" != --summary-export ]; do shift; done; summary=$2\n';
  writeFileSync(path, `#!/bin/sh\nall="$*"\n${findSummary}${does}\n`, { mode: 0o755 });
  return path;
}

function start(path: string): { run: ScriptRun; samples: K6Sample[] } {
  const samples: K6Sample[] = [];
  const settings = readSettings({ RATE: "77" });
  const run = new ScriptRun(path, scripts.steady, settings, (one) => void samples.push(one));
  return { run, samples };
}

test("crossed thresholds are a result, and every sample before the end was told", async () => {
  const path = k6That(`
    echo "$all" | grep -q -- "-e RATE=77 .* steady.ts" || exit 1
    [ -z "$K6_VUS" ] || exit 2
    echo metric_name,timestamp,metric_value,scenario,extra_tags,metadata
    for at in 1 2 3; do echo "alerts_accepted,$at,64.0,steady,,"; done
    echo '{"metrics":{"alerts_shed":{"count":4}}}' > "$summary"
    exit 99`);
  process.env["K6_VUS"] = "3";
  try {
    const { run, samples } = start(path);
    expect(await run.ended).toEqual({ metrics: { alerts_shed: { count: 4 } } });
    expect(samples.map(({ atMs }) => atMs)).toEqual([1, 2, 3]);
  } finally {
    delete process.env["K6_VUS"];
  }
});

test("a k6 that fails is an error with what it said, each line once", async () => {
  const path = k6That('for i in 1 2 3; do echo "RATE: got much" >&2; done; exit 107');
  const { run } = start(path);
  await expect(run.ended).rejects.toThrow("k6 run steady.ts ended with 107: RATE: got much");
});

test("one that cannot be started, or says nothing, is an error as well", async () => {
  await expect(start(join(dir, "none")).run.ended).rejects.toThrow("ENOENT");
  await expect(start(k6That("exit 3")).run.ended).rejects.toThrow("3: it said nothing");
});

test("a run can be stopped", async () => {
  const { run } = start(k6That("exec sleep 600"));
  await run.stop();
  await expect(run.ended).rejects.toThrow("SIGKILL");
});
