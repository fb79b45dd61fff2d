/**
 * What can be known about another process by its id. Ids are reused, also across reboots and
 * containers, so a process is recognised by its identity: the moment of its start.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

const psTimeoutMs = 2_000;

/** True while a process with this id exists, whoever owns it. */
export function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  return !isZombie(pid);
}

function isZombie(pid: number): boolean {
  return statFields(pid)?.[0] === "Z";
}

/** Fields of /proc/<pid>/stat after the command name (which may contain anything). */
function statFields(pid: number): string[] | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch {
    return null;
  }
}

/** Equal for two looks at the same process, different after its id was reused; null: gone. */
export function processIdentity(pid: number): string | null {
  const startTicks = statFields(pid)?.[19];
  if (startTicks !== undefined) return `${bootId()}/${startTicks}`;
  return ps(pid, "lstart=");
}

/** The command line, words separated by "\0" (by blanks where /proc is missing); null: gone. */
export function commandLine(pid: number): string | null {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return ps(pid, "command=");
  }
}

function bootId(): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
  } catch {
    return "";
  }
}

function ps(pid: number, column: string): string | null {
  try {
    const args = ["-o", column, "-p", String(pid)];
    const stdio: ["ignore", "pipe", "ignore"] = ["ignore", "pipe", "ignore"];
    const text = execFileSync("ps", args, { encoding: "utf8", timeout: psTimeoutMs, stdio });
    return text.trim() || null;
  } catch {
    return null;
  }
}
