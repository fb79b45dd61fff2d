/** Memory and processor time of a process and its descendants, from one look to the next. */
import { cpuSeconds, processTree, residentMiB } from "../../bench/process-tree.ts";

export type ProcessReading = {
  /** 0 where the system does not tell. */
  residentMiB: number;
  /** Processors kept busy since the reading before, 0 at the first one. */
  cores: number;
};

export class ProcessLoad {
  readonly #pid: number;
  readonly #withChildren: boolean;
  #cpuSeconds = new Map<number, number>();
  #readMs = 0;

  /** @param withChildren whether its descendants count as well. */
  constructor(pid: number, withChildren = true) {
    this.#pid = pid;
    this.#withChildren = withChildren;
  }

  read(nowMs: number): ProcessReading {
    const before = this.#cpuSeconds;
    const spent = new Map<number, number>();
    let resident = 0;
    let used = 0;
    for (const pid of this.#withChildren ? processTree(this.#pid) : [this.#pid]) {
      resident += residentMiB(pid);
      const total = cpuSeconds(pid);
      spent.set(pid, total);
      used += total - (before.get(pid) ?? total);
    }
    const seconds = (nowMs - this.#readMs) / 1000;
    const cores = before.size === 0 || seconds <= 0 ? 0 : used / seconds;
    this.#cpuSeconds = spent;
    this.#readMs = nowMs;
    return { residentMiB: resident, cores };
  }
}
