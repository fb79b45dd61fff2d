/**
 * Which actor has to be woken next: a binary min-heap over (deadline, order of the actors) with at
 * most one entry per actor. Actors are numbers (rows of a table) and the heap is two typed arrays:
 * with a million actors, an object per entry would weigh more than the actor.
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

const firstEntries = 16;

/** What the owner of the actors knows of them. */
export type Sleepers = {
  /** The deadline an actor has now; null when it waits for nothing (or no longer exists). */
  deadlineOf(actor: number): number | null;
  /** Which of two actors with the same deadline comes first; a total order. */
  isBefore(a: number, b: number): boolean;
  /** The queue keeps each actor's place here; `notQueued` before it is scheduled. */
  placeOf(actor: number): number;
  setPlace(actor: number, place: number): void;
};

export class WakeQueue {
  readonly #sleepers: Sleepers;
  #length = 0;
  #heap = new Int32Array(firstEntries);
  /** The entries' deadlines, place by place. */
  #deadlines = new Float64Array(firstEntries);

  constructor(sleepers: Sleepers) {
    this.#sleepers = sleepers;
  }

  get size(): number {
    return this.#length;
  }

  /** Has the actor looked at by `deadlineMs`; no-op if it already is, then or earlier. */
  schedule(actor: number, deadlineMs: number): void {
    const place = this.#sleepers.placeOf(actor);
    if (place === notQueued) {
      this.#makeRoom();
      this.#length += 1;
      this.#siftUp(actor, deadlineMs, this.#length - 1);
    } else if (deadlineMs < (this.#deadlines[place] as number)) {
      this.#siftUp(actor, deadlineMs, place);
    }
  }

  /** Forgets the actor; no-op if it is not scheduled. */
  remove(actor: number): void {
    const place = this.#sleepers.placeOf(actor);
    if (place === notQueued) return;
    this.#sleepers.setPlace(actor, notQueued);
    this.#length -= 1;
    const last = this.#heap[this.#length] as number;
    if (last === actor) return;
    const deadlineMs = this.#deadlines[this.#length] as number;
    this.#siftUp(last, deadlineMs, place);
    this.#siftDown(last, deadlineMs, this.#sleepers.placeOf(last));
  }

  /** The soonest entry, ms; never later than the soonest deadline. Null when nothing waits. */
  soonestEntryMs(): number | null {
    return this.#length === 0 ? null : (this.#deadlines[0] as number);
  }

  /** The soonest deadline, ms; null when nothing waits. */
  nextMs(): number | null {
    return this.#settledTop() === null ? null : (this.#deadlines[0] as number);
  }

  /**
   * Takes out the actor with the least (true deadline, order) if that deadline is before `beforeMs`
   * (exclusive), else null. After waking it the caller schedules its next deadline, if any.
   */
  popDue(beforeMs: number): number | null {
    // An early entry past the limit hides nothing that is due, so the owner need not be asked.
    if (this.#length === 0 || (this.#deadlines[0] as number) >= beforeMs) return null;
    const top = this.#settledTop();
    if (top === null || (this.#deadlines[0] as number) >= beforeMs) return null;
    this.remove(top);
    return top;
  }

  clear(): void {
    for (let place = 0; place < this.#length; place += 1) {
      this.#sleepers.setPlace(this.#heap[place] as number, notQueued);
    }
    this.#length = 0;
    this.#heap = new Int32Array(firstEntries);
    this.#deadlines = new Float64Array(firstEntries);
  }

  /** Moves early entries to their true places until the top one is exact. */
  #settledTop(): number | null {
    while (this.#length > 0) {
      const top = this.#heap[0] as number;
      const deadlineMs = this.#sleepers.deadlineOf(top);
      if (deadlineMs === null) this.remove(top);
      else if (deadlineMs > (this.#deadlines[0] as number)) this.#siftDown(top, deadlineMs, 0);
      else return top;
    }
    return null;
  }

  /** By half: what is unused is memory too. */
  #makeRoom(): void {
    if (this.#length < this.#heap.length) return;
    const length = this.#heap.length + (this.#heap.length >> 1);
    const heap = new Int32Array(length);
    heap.set(this.#heap);
    this.#heap = heap;
    const deadlines = new Float64Array(length);
    deadlines.set(this.#deadlines);
    this.#deadlines = deadlines;
  }

  #place(actor: number, deadlineMs: number, index: number): void {
    this.#heap[index] = actor;
    this.#deadlines[index] = deadlineMs;
    this.#sleepers.setPlace(actor, index);
  }

  #siftUp(actor: number, deadlineMs: number, from: number): void {
    let index = from;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!this.#isBefore(actor, deadlineMs, parent)) break;
      this.#place(this.#heap[parent] as number, this.#deadlines[parent] as number, index);
      index = parent;
    }
    this.#place(actor, deadlineMs, index);
  }

  #siftDown(actor: number, deadlineMs: number, from: number): void {
    let index = from;
    for (;;) {
      const left = 2 * index + 1;
      const right = left + 1;
      if (left >= this.#length) break;
      const child = right < this.#length && this.#isRightFirst(left, right) ? right : left;
      if (this.#isBefore(actor, deadlineMs, child)) break;
      this.#place(this.#heap[child] as number, this.#deadlines[child] as number, index);
      index = child;
    }
    this.#place(actor, deadlineMs, index);
  }

  #isRightFirst(left: number, right: number): boolean {
    const deadlineMs = this.#deadlines[right] as number;
    return this.#isBefore(this.#heap[right] as number, deadlineMs, left);
  }

  /** Whether the actor, with this deadline, comes before the entry at `index`. */
  #isBefore(actor: number, deadlineMs: number, index: number): boolean {
    const otherMs = this.#deadlines[index] as number;
    if (deadlineMs !== otherMs) return deadlineMs < otherMs;
    return this.#sleepers.isBefore(actor, this.#heap[index] as number);
  }
}
