/**
 * Which actor has to be woken next: a binary min-heap over (deadline, order of the actors) with at
 * most one entry per actor. An entry is the actor itself, which keeps its own place in the heap:
 * with a hundred thousand actors, an index beside the heap would weigh more than the heap.
 *
 * Lazy in one direction only, because refreshes push deadlines later all the time and must not pay
 * for it: an entry may stand too early, never too late. Whoever takes from the top asks the
 * owner for the actor's true deadline and moves an early entry to its place. So:
 *
 * W1 entry deadline <= true deadline. The owner calls `schedule` whenever a deadline moves earlier.
 * W2 What `popDue` returns is the least (true deadline, actor) of all; early entries left behind by
 *    the past never show. A queue rebuilt from a snapshot's actors therefore pops the same order.
 */

/** The place of an actor that is in no queue. */
export const notQueued = -1;

/** `queueIndex` belongs to the queue; it starts as `notQueued`. */
export type Sleeper = { queueIndex: number };

export type WakeOrder<T> = {
  /** The deadline an actor has now; null when it waits for nothing (or no longer exists). */
  deadlineOf(actor: T): number | null;
  /** Which of two actors with the same deadline comes first; a total order. */
  isBefore(a: T, b: T): boolean;
};

export class WakeQueue<T extends Sleeper> {
  readonly #order: WakeOrder<T>;
  readonly #heap: T[] = [];
  /** The entries' deadlines, place by place. */
  readonly #deadlines: number[] = [];

  constructor(order: WakeOrder<T>) {
    this.#order = order;
  }

  get size(): number {
    return this.#heap.length;
  }

  /** Has the actor looked at by `deadlineMs`; no-op if it already is, then or earlier. */
  schedule(actor: T, deadlineMs: number): void {
    if (actor.queueIndex === notQueued) {
      this.#siftUp(actor, deadlineMs, this.#heap.length);
    } else if (deadlineMs < (this.#deadlines[actor.queueIndex] as number)) {
      this.#siftUp(actor, deadlineMs, actor.queueIndex);
    }
  }

  /** Forgets the actor; no-op if it is not scheduled. */
  remove(actor: T): void {
    const index = actor.queueIndex;
    if (index === notQueued) return;
    actor.queueIndex = notQueued;
    const last = this.#heap.pop();
    const deadlineMs = this.#deadlines.pop();
    if (last === undefined || deadlineMs === undefined || last === actor) return;
    this.#siftUp(last, deadlineMs, index);
    this.#siftDown(last, deadlineMs, last.queueIndex);
  }

  /** The soonest entry, ms; never later than the soonest deadline. Null when nothing waits. */
  soonestEntryMs(): number | null {
    return this.#deadlines[0] ?? null;
  }

  /** The soonest deadline, ms; null when nothing waits. */
  nextMs(): number | null {
    return this.#settledTop() === undefined ? null : (this.#deadlines[0] as number);
  }

  /**
   * Takes out the actor with the least (true deadline, order) if that deadline is before `beforeMs`
   * (exclusive), else null. After waking it the caller schedules its next deadline, if any.
   */
  popDue(beforeMs: number): T | null {
    // An early entry past the limit hides nothing that is due, so the owner need not be asked.
    const soonestMs = this.#deadlines[0];
    if (soonestMs === undefined || soonestMs >= beforeMs) return null;
    const top = this.#settledTop();
    if (top === undefined || (this.#deadlines[0] as number) >= beforeMs) return null;
    this.remove(top);
    return top;
  }

  clear(): void {
    for (const actor of this.#heap) actor.queueIndex = notQueued;
    this.#heap.length = 0;
    this.#deadlines.length = 0;
  }

  /** Moves early entries to their true places until the top one is exact. */
  #settledTop(): T | undefined {
    for (;;) {
      const top = this.#heap[0];
      if (top === undefined) return undefined;
      const deadlineMs = this.#order.deadlineOf(top);
      if (deadlineMs === null) this.remove(top);
      else if (deadlineMs > (this.#deadlines[0] as number)) this.#siftDown(top, deadlineMs, 0);
      else return top;
    }
  }

  #place(actor: T, deadlineMs: number, index: number): void {
    this.#heap[index] = actor;
    this.#deadlines[index] = deadlineMs;
    actor.queueIndex = index;
  }

  #siftUp(actor: T, deadlineMs: number, from: number): void {
    let index = from;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!this.#isBefore(actor, deadlineMs, parent)) break;
      this.#place(this.#heap[parent] as T, this.#deadlines[parent] as number, index);
      index = parent;
    }
    this.#place(actor, deadlineMs, index);
  }

  #siftDown(actor: T, deadlineMs: number, from: number): void {
    let index = from;
    for (;;) {
      const left = 2 * index + 1;
      const right = left + 1;
      if (left >= this.#heap.length) break;
      const child = right < this.#heap.length && this.#isRightFirst(left, right) ? right : left;
      if (this.#isBefore(actor, deadlineMs, child)) break;
      this.#place(this.#heap[child] as T, this.#deadlines[child] as number, index);
      index = child;
    }
    this.#place(actor, deadlineMs, index);
  }

  #isRightFirst(left: number, right: number): boolean {
    return this.#isBefore(this.#heap[right] as T, this.#deadlines[right] as number, left);
  }

  /** Whether the actor, with this deadline, comes before the entry at `index`. */
  #isBefore(actor: T, deadlineMs: number, index: number): boolean {
    const otherMs = this.#deadlines[index] as number;
    if (deadlineMs !== otherMs) return deadlineMs < otherMs;
    return this.#order.isBefore(actor, this.#heap[index] as T);
  }
}
