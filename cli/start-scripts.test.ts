import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";

const cli = dirname(fileURLToPath(import.meta.url));
const scripts = ["start.mjs", "ensure-install.mjs", "hand-over.mjs", "count-tests.mjs"];
let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "tocsin-clone-"));
  mkdirSync(join(root, "cli"));
  for (const script of scripts) cpSync(join(cli, script), join(root, "cli", script));
  lock("package-lock.json", { "node_modules/a": { version: "1.0.0", integrity: "sha512-a" } });
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function lock(file: string, packages: object): void {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), JSON.stringify({ packages: { "": {}, ...packages } }));
}

/** An `npm` that does what `npm ci` would: the network is not under test. */
function fakeNpm(body: string): NodeJS.ProcessEnv {
  const bin = join(root, "bin");
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, "npm"), `#!/bin/sh\necho "npm $*"\necho run >> "${root}/calls"\n${body}`);
  chmodSync(join(bin, "npm"), 0o755);
  return { PATH: `${join(root, "node_modules", ".bin")}:${bin}:/usr/bin:/bin`, TMPDIR: root };
}

const installs = (): string => `
  mkdir -p node_modules/node/bin
  ln -s "${process.execPath}" node_modules/node/bin/node
  cp package-lock.json node_modules/.package-lock.json
`;

function start(env: NodeJS.ProcessEnv, ...args: string[]) {
  const script = join(root, "cli", "start.mjs");
  return spawnSync(process.execPath, [script, ...args], { env, encoding: "utf8", cwd: root });
}

async function problem(): Promise<string | null> {
  const module = pathToFileURL(join(cli, "ensure-install.mjs")).href;
  const { installProblem } = (await import(module)) as {
    installProblem(root: string): string | null;
  };
  return installProblem(root);
}

test("a fresh clone installs once, says so on stderr, then runs the program", () => {
  writeFileSync(
    join(root, "main.ts"),
    `const said: string[] = process.argv.slice(2);
     process.stdout.write(JSON.stringify({ listening: said }) + "\\n");
     process.exitCode = 7;`,
  );
  const env = fakeNpm(installs());
  const first = start(env, "--listen", "127.0.0.1:0");
  expect(first.stdout).toBe('{"listening":["--listen","127.0.0.1:0"]}\n');
  expect(first.stderr).toContain("dependencies are not installed yet: running npm ci");
  expect(first.stderr).toContain("npm ci --no-audit --no-fund");
  expect(first.status).toBe(7);

  const second = start(env);
  expect(second.stdout).toBe('{"listening":[]}\n');
  expect(second.stderr).toBe("");
  expect(readFileSync(join(root, "calls"), "utf8")).toBe("run\n");
});

test("sets the allocator up for the program, short of what the caller set", () => {
  writeFileSync(
    join(root, "main.ts"),
    `const { MALLOC_MMAP_THRESHOLD_: map, MALLOC_TRIM_THRESHOLD_: trim } = process.env;
     process.stdout.write([map, trim].join());`,
  );
  const env = fakeNpm(installs());
  expect(start(env).stdout).toBe("262144,4194304");
  expect(start({ ...env, MALLOC_MMAP_THRESHOLD_: "4096" }).stdout).toBe("4096,4194304");
});

test("a failed install says what to do and starts nothing", () => {
  writeFileSync(join(root, "main.ts"), `process.stdout.write("never");`);
  const failed = start(fakeNpm("exit 3\n"));
  expect(failed.status).toBe(1);
  expect(failed.stdout).toBe("");
  expect(failed.stderr).toContain("npm ci did not work: it ended with 3");
  expect(failed.stderr).toContain("npm config get registry");
});

test("node_modules is compared with the lock by content", async () => {
  expect(await problem()).toBe("dependencies are not installed yet");
  const a = { version: "1.0.0", integrity: "sha512-a" };
  const optional = { version: "2.0.0", optional: true };
  lock("package-lock.json", { "node_modules/a": a, "node_modules/o": optional });
  lock("node_modules/.package-lock.json", { "node_modules/a": { ...a, version: "0.9.0" } });
  expect(await problem()).toBe("node_modules/a is not the version that package-lock.json names");
  lock("node_modules/.package-lock.json", {});
  expect(await problem()).toBe("node_modules/a is not installed");
  lock("node_modules/.package-lock.json", { "node_modules/a": a });
  expect(await problem()).toBe("the npm package `node` has no program");
  mkdirSync(join(root, "node_modules", "node", "bin"), { recursive: true });
  symlinkSync(process.execPath, join(root, "node_modules", "node", "bin", "node"));
  expect(await problem()).toBe(null);
});

/** A Node that can become another program, and one (before 22.15) that must run it instead. */
const nodes: [string, string[]][] = [
  ["by becoming it", []],
  ["by running it", ["--import", "data:text/javascript,delete process.execve"]],
];

test.each(nodes)("hands over %s: SIGTERM and the exit code pass through", async (_how, flags) => {
  writeFileSync(
    join(root, "main.ts"),
    `process.on("SIGTERM", () => process.exit(5));
     setInterval(() => {}, 1000);
     process.stdout.write(String(process.pid));`,
  );
  const args = [...flags, join(root, "cli", "start.mjs")];
  const env = fakeNpm(installs());
  const child = spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "ignore"] });
  const [pid] = (await once(child.stdout, "data")) as [Buffer];
  expect(Number(String(pid)) === child.pid).toBe(flags.length === 0);
  child.kill("SIGTERM");
  expect(await once(child, "exit")).toEqual([5, null]);
});

test.each(nodes)("hands over %s: the end by a signal passes through", async (_how, flags) => {
  writeFileSync(join(root, "main.ts"), `process.kill(process.pid, "SIGKILL");`);
  const args = [...flags, join(root, "cli", "start.mjs")];
  const child = spawn(process.execPath, args, { env: fakeNpm(installs()), stdio: "ignore" });
  expect(await once(child, "exit")).toEqual([null, "SIGKILL"]);
});

test("counts: passed and failed tests, files that do not load, runs that end badly", async () => {
  const module = pathToFileURL(join(cli, "count-tests.mjs")).href;
  const { countTests } = (await import(module)) as {
    countTests(report: unknown, exitCode: number | null): { passed: number; failed: number };
  };
  const file = (status: string, ...tests: string[]) => ({
    status,
    assertionResults: tests.map((each) => ({ status: each })),
  });
  const report = {
    testResults: [
      file("passed", "passed", "passed", "pending"),
      file("failed", "passed", "failed"),
      file("failed"),
    ],
  };
  expect(countTests(report, 1)).toEqual({ passed: 3, failed: 2 });
  expect(countTests({ testResults: [file("passed", "passed")] }, 0)).toEqual({
    passed: 1,
    failed: 0,
  });
  expect(countTests({ testResults: [file("passed", "passed")] }, 1).failed).toBe(1);
  expect(countTests(null, null)).toEqual({ passed: 0, failed: 1 });
});
