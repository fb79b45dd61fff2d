/** The suite itself, end to end: the smoke scenario against the real program. */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findK6 } from "./generator/k6-binary.ts";
import type { Report } from "./result/report.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "tocsin-loadtest-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

type Ended = { code: number; stdout: string; stderr: string };

function loadtest(...args: string[]): Promise<Ended> {
  const program = join(import.meta.dirname, "run.ts");
  return new Promise((resolve) => {
    execFile(process.execPath, [program, ...args], { cwd: dir }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === "number" ? error.code : -1;
      resolve({ code, stdout, stderr });
    });
  });
}

test("smoke holds, and writes its table, its JSON and its page", { timeout: 120_000 }, async ({
  skip,
}) => {
  // To build one takes minutes, which is too long for a test.
  const { k6 } = await findK6(process.env);
  if (k6 === null) skip("no k6 on this machine: npm run loadtest -- smoke builds it");
  const ended = await loadtest("smoke", "--duration", "1s", "--json", "report.json");
  const report = JSON.parse(readFileSync(join(dir, "report.json"), "utf8")) as Report;
  const broken = report.results.flatMap(({ checks }) => checks.filter(({ holds }) => !holds));
  expect(broken).toEqual([]);
  expect(ended.stdout).toMatch(/scenario +asked\/s .*verdict\nsmoke +\d+ .* holds\n/);
  expect(ended.stderr).toContain(`k6 v${k6?.version}: ${k6?.path}`);
  expect(ended.code).toBe(0);
  const [result] = report.results;
  expect(result?.rows).toMatchObject([{ name: "smoke", unit: "alerts", shed: 0, failed: 0 }]);
  const page = readFileSync(join(dir, "loadtest-report.html"), "utf8");
  expect(page).toContain('<section id="smoke">');
  expect(page).not.toMatch(/(src|href)="?(https?:)?\/\//);
});

test("help and list need no server; a wrong option is named", async () => {
  const [help, list, wrong, remote] = await Promise.all([
    loadtest("--help"),
    loadtest("--list"),
    loadtest("steady", "--rate", "much"),
    loadtest("smoke", "--url", "http://example.com:9093"),
  ]);
  expect(help.stdout).toContain("npm run loadtest -- smoke");
  expect(list.stdout.trim().split("\n")).toHaveLength(7);
  expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('--rate: got "much"')]);
  expect([remote.code, remote.stderr]).toEqual([2, expect.stringContaining("--allow-remote")]);
});
