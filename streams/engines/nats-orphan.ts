/** Ends the nats-server that a killed Tocsin left behind on the same data directory. */
import { readFileSync } from "node:fs";
import type { Logger } from "../../runtime/ports.ts";
import { commandLine, isAlive } from "./process-table.ts";

const graceMs = 15_000;
const killWaitMs = 5_000;
const pollMs = 20;

/**
 * Only a process whose command line names `configFile` is signalled; whoever else has the id
 * now is left alone.
 * @throws Error when the orphan survives SIGKILL.
 */
export async function endOrphan(pidFile: string, configFile: string, log: Logger): Promise<void> {
  const pid = readPid(pidFile);
  if (pid === null || !isAlive(pid) || !isOurs(pid, configFile)) return;
  log.warn({ pid }, "ending the nats-server that an earlier run left behind");
  for (const [signal, waitMs] of [["SIGTERM", graceMs], ["SIGKILL", killWaitMs]] as const) {
    try {
      process.kill(pid, signal);
    } catch {
      return; // it ended in between
    }
    if (await isGone(pid, configFile, waitMs)) return;
  }
  throw new Error(`the nats-server left behind by an earlier run (process ${pid}) does not end`);
}

function isOurs(pid: number, configFile: string): boolean {
  return commandLine(pid)?.includes(configFile) === true;
}

async function isGone(pid: number, configFile: string, waitMs: number): Promise<boolean> {
  const deadlineMs = Date.now() + waitMs;
  while (Date.now() < deadlineMs) {
    if (!isAlive(pid) || !isOurs(pid, configFile)) return true;
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
  return false;
}

function readPid(path: string): number | null {
  try {
    const pid = Number(readFileSync(path, "latin1").trim());
    return Number.isSafeInteger(pid) && pid > 0 ? pid : null;
  } catch {
    return null;
  }
}
