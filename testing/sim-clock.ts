/**
 * Virtual time: a queue of actions ordered by (time, order of scheduling). An hour of simulated
 * waiting costs nothing, and the same program with the same seed runs the same way each time.
 *
 * C1 One action at a time: the next begins when the promises that the last one settled have run
 *    their continuations (a macrotask of the real loop passes in between; no real timer does).
 * C2 Time only moves when an action is due; code that never waits stands still in time.
 */
import type { Clock } from "../runtime/ports.ts";

type Action = { atMs: number; order: number; run: () => void };

export class SimScheduler implements Clock {
  private queue: Action[] = [];
  private order = 0;
  private timeMs: number;
  /** Actions run so far; a guard against worlds that spin without moving time. */
  steps = 0;

  constructor(startMs: number) {
    this.timeMs = startMs;
  }

  nowMs(): number {
    return this.timeMs;
  }

  schedule(delayMs: number, run: () => void): void {
    push(this.queue, {
      atMs: this.timeMs + Math.max(0, delayMs),
      order: this.order++,
      run,
    });
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        signal?.removeEventListener("abort", wake);
        resolve();
      };
      this.schedule(ms, wake);
      signal?.addEventListener("abort", wake);
    });
  }

  /**
   * Runs until `done()` holds or the time limit (absolute, ms) or the step limit is reached.
   * @returns whether `done()` holds.
   */
  async runUntil(done: () => boolean, untilMs: number, stepsMax = 2_000_000): Promise<boolean> {
    for (;;) {
      await settled();
      if (done()) return true;
      const next = this.queue[0];
      if (next === undefined || next.atMs > untilMs) {
        this.timeMs = Math.max(this.timeMs, untilMs);
        return false;
      }
      if (++this.steps > stepsMax) throw new Error(`no end after ${stepsMax} simulated actions`);
      pop(this.queue);
      this.timeMs = Math.max(this.timeMs, next.atMs);
      next.run();
    }
  }

  runFor(ms: number): Promise<boolean> {
    return this.runUntil(() => false, this.timeMs + ms);
  }
}

/** Resolves after every continuation that is runnable now has run. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function before(a: Action, b: Action): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}

function push(heap: Action[], action: Action): void {
  let at = heap.push(action) - 1;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    const above = heap[parent] as Action;
    if (!before(action, above)) break;
    heap[at] = above;
    at = parent;
  }
  heap[at] = action;
}

function pop(heap: Action[]): void {
  const moved = heap.pop();
  if (moved === undefined || heap.length === 0) return;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    const left = heap[child];
    if (left === undefined) break;
    const right = heap[child + 1];
    if (right !== undefined && before(right, left)) child += 1;
    const smaller = heap[child] as Action;
    if (!before(smaller, moved)) break;
    heap[at] = smaller;
    at = child;
  }
  heap[at] = moved;
}
