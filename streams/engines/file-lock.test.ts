import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { lockDataDir } from "./data-dir.ts";
import { tryLock } from "./file-lock.ts";
import { processIdentity } from "./process-table.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "tocsin-lock-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

test("the second taker is told who holds it; a released lock is free", () => {
  const path = join(dir, "lock");
  const first = tryLock(path);
  expect(tryLock(path)).toMatchObject({ kind: "held", holder: { pid: process.pid } });
  if (first.kind === "locked") first.release();
  expect(existsSync(path)).toBe(false);
  expect(tryLock(path).kind).toBe("locked");
  expect(readdirSync(dir)).toEqual(["lock"]);
});

test("a lock of a dead process, of a reused id or of garbage is recovered", () => {
  const dead = spawnSync(process.execPath, ["-e", "process.stdout.write(String(process.pid))"], {
    encoding: "utf8",
  });
  const stale = [
    JSON.stringify({ pid: Number(dead.stdout), identity: "boot/1" }),
    JSON.stringify({ pid: process.pid, identity: "an earlier process with our id" }),
    "{",
    "",
  ];
  for (const text of stale) {
    const path = join(dir, "lock");
    writeFileSync(path, text);
    const lock = tryLock(path);
    expect(lock.kind).toBe("locked");
    if (lock.kind === "locked") lock.release();
  }
  expect(readdirSync(dir)).toEqual([]);
});

test("of many processes that race for a stale lock exactly one gets it", async () => {
  const path = join(dir, "lock");
  writeFileSync(path, JSON.stringify({ pid: 0, identity: "gone" }));
  const script = `
    const { tryLock } = await import(process.argv[1]);
    process.stdout.write(tryLock(process.argv[2]).kind + "\\n");
    process.stdin.resume().on("end", () => process.exit(0));
  `;
  const moduleUrl = new URL("./file-lock.ts", import.meta.url).href;
  const racers = Array.from({ length: 6 }, () =>
    spawn(process.execPath, ["--input-type=module", "-e", script, moduleUrl, path], {
      stdio: ["pipe", "pipe", "inherit"],
    }),
  );
  const answers = await Promise.all(
    racers.map((racer) => new Promise((resolve) => racer.stdout.once("data", resolve))),
  );
  for (const racer of racers) racer.stdin.end();
  expect(answers.map((answer) => String(answer).trim()).sort()).toEqual([
    ...Array.from({ length: 5 }, () => "held"),
    "locked",
  ]);
});

test("a data directory in use is refused with the other process's id and what to do", () => {
  const dataDir = join(dir, "data");
  const lock = lockDataDir(dataDir);
  expect(() => lockDataDir(dataDir)).toThrow(
    new RegExp(`in use by process ${process.pid}.*--data DIR`),
  );
  lock.release();
  lockDataDir(dataDir).release();
});

test("a process's identity is stable while it lives and gone with it", () => {
  expect(processIdentity(process.pid)).toBe(processIdentity(process.pid));
  expect(processIdentity(process.pid)).not.toBe(processIdentity(process.ppid));
  expect(processIdentity(2 ** 22 + 1)).toBe(null);
});
