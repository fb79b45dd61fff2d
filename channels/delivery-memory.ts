/**
 * What this process knows about notifications it has handled: how often each was tried and how
 * it ended. It keeps a job that comes back (a lost acknowledgement, a report that could not be
 * stored) from being sent a second time. It is only a memory: after a crash the receiver's own
 * check of the idempotency key takes over (I7).
 */
import type { Outcome } from "./deliverable.ts";

export const deliveriesRememberedMax = 10_000;

export type Delivery = {
  attempts: number;
  /** The outcome, once there is a final one. */
  final: Outcome | null;
  /** Whether `final` was taken by whoever receives the reports. */
  reported: boolean;
};

export class DeliveryMemory {
  #max: number;
  /** Least recently used first. */
  #deliveries = new Map<string, Delivery>();

  constructor(max: number = deliveriesRememberedMax) {
    this.#max = max;
  }

  /**
   * The delivery's entry, which the caller may change.
   * @param attemptsBefore taken over for a notification that is not known here.
   */
  recall(id: string, attemptsBefore: number): Delivery {
    const known = this.#deliveries.get(id);
    const delivery = known ?? { attempts: attemptsBefore, final: null, reported: false };
    this.#deliveries.delete(id);
    this.#deliveries.set(id, delivery);
    if (this.#deliveries.size > this.#max) {
      const oldest = this.#deliveries.keys().next();
      if (oldest.done !== true) this.#deliveries.delete(oldest.value);
    }
    return delivery;
  }
}
