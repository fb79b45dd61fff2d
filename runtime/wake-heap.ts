/**
 * Which actor has to be woken next: a binary min-heap over (deadline, id) with at most one entry
 * per actor.
 *
 * Lazy in one direction only, because refreshes push deadlines later all the time and must not pay
 * for it: an entry may stand too early, never too late. Whoever takes from the top asks the
 * owner for the actor's true deadline and moves an early entry to its place. So:
 *
 * W1 entry deadline <= true deadline. The owner calls `schedule` whenever a deadline moves earlier.
 * W2 What `popDue` returns is the least (true deadline, id) of all; early entries left behind by
 *    the past never show. A heap rebuilt from a snapshot's actors therefore pops the same order.
 */

/** The deadline an actor has now; null when it waits for nothing (or no longer exists). */
export type TrueDeadline = (id: string) => number | null;

type Entry = { id: string; deadlineMs: number; index: number };

export class WakeHeap {
  readonly #heap: Entry[] = [];
  readonly #byId = new Map<string, Entry>();

  get size(): number {
    return this.#heap.length;
  }

  /** Sees to it that `id` is looked at by `deadlineMs`; no-op if it already is, then or earlier. */
  schedule(id: string, deadlineMs: number): void {
    const known = this.#byId.get(id);
    if (known === undefined) {
      const entry = { id, deadlineMs, index: this.#heap.length };
      this.#heap.push(entry);
      this.#byId.set(id, entry);
      this.#siftUp(entry);
    } else if (deadlineMs < known.deadlineMs) {
      known.deadlineMs = deadlineMs;
      this.#siftUp(known);
    }
  }

  /** Forgets `id`; no-op if it is not scheduled. */
  remove(id: string): void {
    const entry = this.#byId.get(id);
    if (entry !== undefined) this.#delete(entry);
  }

  /**
   * The soonest deadline, ms; null when nothing waits. Without `trueDeadline` it may be too early
   * (never too late); with it, it is exact.
   */
  peekMs(trueDeadline?: TrueDeadline): number | null {
    const top = trueDeadline === undefined ? this.#heap[0] : this.#settledTop(trueDeadline);
    return top === undefined ? null : top.deadlineMs;
  }

  /**
   * Takes out the actor with the least (true deadline, id) if that deadline is before `beforeMs`
   * (exclusive), else null. After waking it the caller schedules its next deadline, if any.
   */
  popDue(beforeMs: number, trueDeadline: TrueDeadline): string | null {
    const early = this.#heap[0];
    if (early === undefined || early.deadlineMs >= beforeMs) return null;
    const top = this.#settledTop(trueDeadline);
    if (top === undefined || top.deadlineMs >= beforeMs) return null;
    this.#delete(top);
    return top.id;
  }

  clear(): void {
    this.#heap.length = 0;
    this.#byId.clear();
  }

  /** Moves early entries to their true places until the top one is exact. */
  #settledTop(trueDeadline: TrueDeadline): Entry | undefined {
    for (;;) {
      const top = this.#heap[0];
      if (top === undefined) return undefined;
      const deadlineMs = trueDeadline(top.id);
      if (deadlineMs === null) {
        this.#delete(top);
      } else if (deadlineMs > top.deadlineMs) {
        top.deadlineMs = deadlineMs;
        this.#siftDown(top);
      } else {
        return top;
      }
    }
  }

  #delete(entry: Entry): void {
    this.#byId.delete(entry.id);
    const last = this.#heap.pop();
    if (last === undefined || last === entry) return;
    this.#place(last, entry.index);
    this.#siftUp(last);
    this.#siftDown(last);
  }

  #place(entry: Entry, index: number): void {
    this.#heap[index] = entry;
    entry.index = index;
  }

  #siftUp(entry: Entry): void {
    let index = entry.index;
    while (index > 0) {
      const parent = this.#heap[(index - 1) >> 1];
      if (parent === undefined || !isBefore(entry, parent)) break;
      const freed = parent.index;
      this.#place(parent, index);
      index = freed;
    }
    this.#place(entry, index);
  }

  #siftDown(entry: Entry): void {
    let index = entry.index;
    for (;;) {
      let child = this.#heap[2 * index + 1];
      const right = this.#heap[2 * index + 2];
      if (child === undefined) break;
      if (right !== undefined && isBefore(right, child)) child = right;
      if (!isBefore(child, entry)) break;
      const freed = child.index;
      this.#place(child, index);
      index = freed;
    }
    this.#place(entry, index);
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.deadlineMs < b.deadlineMs || (a.deadlineMs === b.deadlineMs && a.id < b.id);
}
