/**
 * `npm test`: sets the machine up, checks the types, runs all tests, and ends with the line
 * "N passed, N failed". Arguments go to vitest: `npm test -- streams/engines`.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { countTests } from "./count-tests.mjs";
import { ensureInstall, programNode, say } from "./ensure-install.mjs";
import { runForwarding } from "./hand-over.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
await ensureInstall(root);
const bin = join(root, "node_modules", ".bin");
const env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH ?? ""}` };

const provided = spawnSync(programNode(root), [join(root, "streams/engines/provide.ts")], {
  env,
  stdio: ["ignore", "pipe", "inherit"],
  encoding: "utf8",
});
if (provided.status === 0) env.TOCSIN_NATS_SERVER = provided.stdout.trim();
else say("without a nats-server the tests that need one fail");

say("checking types …");
const types = await runForwarding(join(bin, "tsc"), ["--noEmit", "-p", root], {
  cwd: root,
  env,
  stdio: "inherit",
});

const dir = mkdtempSync(join(tmpdir(), "tocsin-test-"));
const reportFile = join(dir, "report.json");
const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${reportFile}`];
const tests = await runForwarding(
  join(bin, "vitest"),
  ["run", ...reporters, ...process.argv.slice(2)],
  { cwd: root, env, stdio: "inherit" },
);
const counts = countTests(readReport(), tests.code);
rmSync(dir, { recursive: true, force: true });

if (types.code === 0) counts.passed++;
else {
  counts.failed++;
  say("the type check failed (see above); it counts as a failed test");
}
process.stdout.write(`${counts.passed} passed, ${counts.failed} failed\n`);
process.exitCode = counts.failed === 0 ? 0 : 1;

function readReport() {
  try {
    return JSON.parse(readFileSync(reportFile, "utf8"));
  } catch {
    return null;
  }
}
