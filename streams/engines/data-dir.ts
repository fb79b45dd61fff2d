/** The data directory belongs to one running Tocsin at a time. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { TerminalError } from "../../runtime/errors.ts";
import { tryLock } from "./file-lock.ts";

/**
 * Creates the directory where it is missing and takes it for this process until `release` or
 * the process's end, however it ends.
 * @throws TerminalError naming the process that has it.
 */
export function lockDataDir(dataDir: string): { release(): void } {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const lock = tryLock(join(dataDir, "tocsin.lock"));
  if (lock.kind === "locked") return { release: () => lock.release() };
  throw new TerminalError(
    `the data directory ${dataDir} is in use by process ${lock.holder.pid}: stop that Tocsin, ` +
      `or start this one with another directory (--data DIR)`,
  );
}
