/** Memory and processor time of a process and its descendants, from one look to the next. */
import { readFileSync } from "node:fs";
import { processTree, residentMiB } from "../../bench/process-tree.ts";

/** Linux counts processor time in hundredths of a second, whatever its timer does. */
const ticksPerSecond = 100;

export type ProcessReading = {
  /** 0 where the system does not tell. */
  residentMiB: number;
  /** Processors kept busy since the reading before, 0 at the first one. */
  cores: number;
};

export class ProcessLoad {
  readonly #pid: number;
  #ticks = new Map<number, number>();
  #readMs = 0;

  constructor(pid: number) {
    this.#pid = pid;
  }

  read(nowMs: number): ProcessReading {
    const before = this.#ticks;
    const ticks = new Map<number, number>();
    let resident = 0;
    let used = 0;
    for (const pid of processTree(this.#pid)) {
      resident += residentMiB(pid);
      const total = processorTicks(pid);
      ticks.set(pid, total);
      used += total - (before.get(pid) ?? total);
    }
    const seconds = (nowMs - this.#readMs) / 1000;
    const cores = before.size === 0 || seconds <= 0 ? 0 : used / ticksPerSecond / seconds;
    this.#ticks = ticks;
    this.#readMs = nowMs;
    return { residentMiB: resident, cores };
  }
}

function processorTicks(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The command's name stands in brackets and may hold anything; user and system time are the
    // 12th and 13th field after it.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
  } catch {
    return 0;
  }
}
