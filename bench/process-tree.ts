/** What /proc says about a process and its children. Linux only; elsewhere it knows nothing. */
import { readFileSync, readdirSync } from "node:fs";

/** The process and all its descendants; only itself where /proc is missing. */
export function processTree(pid: number): number[] {
  const parents = new Map<number, number>();
  for (const name of entries()) {
    const stat = read(`/proc/${name}/stat`);
    // The command's name stands in brackets and may hold anything; the parent comes after it.
    const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
    if (Number.isInteger(parent)) parents.set(Number(name), parent);
  }
  const tree = [pid];
  for (let i = 0; i < tree.length; i++) {
    for (const [child, parent] of parents) if (parent === tree[i]) tree.push(child);
  }
  return tree;
}

/** Resident memory in MiB; 0 when the process is gone. */
export function residentMiB(pid: number): number {
  const kibibytes = /VmRSS:\s+(\d+)/.exec(read(`/proc/${pid}/status`))?.[1];
  return kibibytes === undefined ? 0 : Number(kibibytes) / 1024;
}

/** Linux counts processor time in these, whatever the kernel's own tick. */
const ticksPerSecond = 100;

/** Processor time in user and kernel mode of all its threads, s; 0 when the process is gone. */
export function cpuSeconds(pid: number): number {
  const stat = read(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / ticksPerSecond;
}

function entries(): string[] {
  try {
    return readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
