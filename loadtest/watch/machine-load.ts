/** Processor time of the whole machine, from one look to the next. */
import { cpus } from "node:os";

export class MachineLoad {
  #busyMs = 0;
  #readMs = 0;

  /** Processors kept busy since the reading before, 0 at the first one. */
  read(nowMs: number): number {
    const busyMs = cpus().reduce((sum, { times }) => {
      return sum + times.user + times.nice + times.sys + times.irq;
    }, 0);
    const elapsedMs = nowMs - this.#readMs;
    const cores = this.#readMs === 0 || elapsedMs <= 0 ? 0 : (busyMs - this.#busyMs) / elapsedMs;
    this.#busyMs = busyMs;
    this.#readMs = nowMs;
    return cores;
  }
}
