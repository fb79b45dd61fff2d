/** The data directory belongs to one running Tocsin at a time. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { TerminalError } from "../../runtime/errors.ts";
import { readHolder, tryLock } from "./file-lock.ts";

/**
 * Creates the directory where it is missing and takes it for this process until `release` or
 * the process's end, however it ends.
 * @throws TerminalError naming the process that has it.
 */
export function lockDataDir(dataDir: string): { release(): void } {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const lock = tryLock(lockFile(dataDir));
  if (lock.kind === "locked") return { release: () => lock.release() };
  throw new TerminalError(
    `the data directory ${dataDir} is in use by process ${lock.holder.pid}: stop that Tocsin, ` +
      `or start this one with another directory (--data DIR)`,
  );
}

/** Who has the directory now, for people; null: nobody. */
export function describeHolder(dataDir: string): string | null {
  const holder = readHolder(lockFile(dataDir));
  return holder === null ? null : `process ${holder.pid}`;
}

function lockFile(dataDir: string): string {
  return join(dataDir, "tocsin.lock");
}
