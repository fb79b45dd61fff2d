/**
 * The wake queue for owners that know their actors by id: at most one entry per id, and of equal
 * deadlines the lesser id first. What it promises is what wake-queue.ts says, W1 and W2.
 */
import { notQueued, WakeQueue } from "./wake-queue.ts";

/** The deadline an actor has now; null when it waits for nothing (or no longer exists). */
export type TrueDeadline = (id: string) => number | null;

type Entry = { id: string; queueIndex: number };

export class WakeHeap {
  readonly #byId = new Map<string, Entry>();
  readonly #queue: WakeQueue<Entry>;
  /** The caller's, for the length of its call. */
  #trueDeadline: TrueDeadline = () => null;

  constructor() {
    this.#queue = new WakeQueue<Entry>({
      isBefore: (a, b) => a.id < b.id,
      deadlineOf: (entry) => {
        const deadlineMs = this.#trueDeadline(entry.id);
        if (deadlineMs === null) this.#byId.delete(entry.id);
        return deadlineMs;
      },
    });
  }

  get size(): number {
    return this.#queue.size;
  }

  /** Sees to it that `id` is looked at by `deadlineMs`; no-op if it already is, then or earlier. */
  schedule(id: string, deadlineMs: number): void {
    const entry = this.#byId.get(id) ?? { id, queueIndex: notQueued };
    if (entry.queueIndex === notQueued) this.#byId.set(id, entry);
    this.#queue.schedule(entry, deadlineMs);
  }

  /** Forgets `id`; no-op if it is not scheduled. */
  remove(id: string): void {
    const entry = this.#byId.get(id);
    if (entry === undefined) return;
    this.#byId.delete(id);
    this.#queue.remove(entry);
  }

  /**
   * The soonest deadline, ms; null when nothing waits. Without `trueDeadline` it may be too early
   * (never too late); with it, it is exact.
   */
  peekMs(trueDeadline?: TrueDeadline): number | null {
    if (trueDeadline === undefined) return this.#queue.soonestEntryMs();
    this.#trueDeadline = trueDeadline;
    return this.#queue.nextMs();
  }

  /**
   * Takes out the actor with the least (true deadline, id) if that deadline is before `beforeMs`
   * (exclusive), else null. After waking it the caller schedules its next deadline, if any.
   */
  popDue(beforeMs: number, trueDeadline: TrueDeadline): string | null {
    this.#trueDeadline = trueDeadline;
    const entry = this.#queue.popDue(beforeMs);
    if (entry === null) return null;
    this.#byId.delete(entry.id);
    return entry.id;
  }

  clear(): void {
    this.#byId.clear();
    this.#queue.clear();
  }
}
