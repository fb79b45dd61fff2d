/** A program's whole family of processes, as the operating system sees it, and its sudden end. */
import { execFileSync } from "node:child_process";

/** The process and all that descend from it, parents first; empty if it is gone. */
export function processTree(pid: number): number[] {
  const children = new Map<number, number[]>();
  const alive = new Set<number>();
  const table = execFileSync("ps", ["-A", "-o", "pid=,ppid=,stat="], { encoding: "utf8" });
  for (const line of table.split("\n")) {
    const [child, parent, state] = line.trim().split(/\s+/);
    if (child === undefined || parent === undefined || state?.startsWith("Z")) continue;
    alive.add(Number(child));
    children.set(Number(parent), [...(children.get(Number(parent)) ?? []), Number(child)]);
  }
  const tree = alive.has(pid) ? [pid] : [];
  for (let index = 0; index < tree.length; index++) {
    tree.push(...(children.get(tree[index] ?? -1) ?? []));
  }
  return tree;
}

/** SIGKILL; a process that is gone already is no error. */
export function killHard(pids: number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, "SIGKILL");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
}
