/** Which cores this process may use, and whether a child can be kept to some of them. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** Numbers of the cores; empty where the system does not tell. */
export function ownCores(): number[] {
  try {
    const status = readFileSync("/proc/self/status", "utf8");
    return readCoreList(/^Cpus_allowed_list:\s*(\S+)/m.exec(status)?.[1] ?? "");
  } catch {
    return [];
  }
}

/** "0-3,8" is 0, 1, 2, 3 and 8. */
export function readCoreList(text: string): number[] {
  return text.split(",").flatMap((part) => {
    const [, from, to = from] = /^(\d+)(?:-(\d+))?$/.exec(part) ?? [];
    if (from === undefined) return [];
    return Array.from({ length: Number(to) - Number(from) + 1 }, (_, i) => Number(from) + i);
  });
}

export function canPin(): boolean {
  if (process.platform !== "linux" || ownCores().length === 0) return false;
  return spawnSync("taskset", ["--version"], { stdio: "ignore" }).status === 0;
}
