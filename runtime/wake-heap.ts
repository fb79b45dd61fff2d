/**
 * The wake queue for owners that know their actors by id: at most one entry per id, and of equal
 * deadlines the lesser id first. What it promises is what wake-queue.ts says, W1 and W2.
 */
import { notQueued, WakeQueue } from "./wake-queue.ts";

/** The deadline an actor has now; null when it waits for nothing (or no longer exists). */
export type TrueDeadline = (id: string) => number | null;

export class WakeHeap {
  readonly #numbers = new Map<string, number>();
  /** By number: the id, and its place in the queue. */
  readonly #ids: string[] = [];
  readonly #places: number[] = [];
  readonly #free: number[] = [];
  readonly #queue: WakeQueue;
  /** The caller's, for the length of its call. */
  #trueDeadline: TrueDeadline = () => null;

  constructor() {
    this.#queue = new WakeQueue({
      isBefore: (a, b) => this.#id(a) < this.#id(b),
      deadlineOf: (number) => {
        const deadlineMs = this.#trueDeadline(this.#id(number));
        if (deadlineMs === null) this.#forget(number);
        return deadlineMs;
      },
      placeOf: (number) => this.#places[number] ?? notQueued,
      setPlace: (number, place) => {
        this.#places[number] = place;
      },
    });
  }

  get size(): number {
    return this.#queue.size;
  }

  /** Sees to it that `id` is looked at by `deadlineMs`; no-op if it already is, then or earlier. */
  schedule(id: string, deadlineMs: number): void {
    this.#queue.schedule(this.#numbers.get(id) ?? this.#number(id), deadlineMs);
  }

  /** Forgets `id`; no-op if it is not scheduled. */
  remove(id: string): void {
    const number = this.#numbers.get(id);
    if (number === undefined) return;
    this.#forget(number);
    this.#queue.remove(number);
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
    const number = this.#queue.popDue(beforeMs);
    if (number === null) return null;
    const id = this.#id(number);
    this.#forget(number);
    return id;
  }

  clear(): void {
    this.#numbers.clear();
    this.#queue.clear();
    this.#ids.length = 0;
    this.#places.length = 0;
    this.#free.length = 0;
  }

  #id(number: number): string {
    return this.#ids[number] as string;
  }

  #number(id: string): number {
    const number = this.#free.pop() ?? this.#ids.length;
    this.#ids[number] = id;
    this.#places[number] = notQueued;
    this.#numbers.set(id, number);
    return number;
  }

  /** Its number may be used again at the next `schedule`: the queue must let go of it before. */
  #forget(number: number): void {
    this.#numbers.delete(this.#id(number));
    this.#free.push(number);
  }
}
