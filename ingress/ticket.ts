/**
 * One request's claim on the frames that hold its alerts: it settles when the last of them
 * has, so that an answer is given only when everything is durable (I1).
 */
export class Ticket {
  /** The first frame's error; null while all went well. */
  failure: unknown = null;
  private open = 1;
  private wake: (() => void) | null = null;

  /** A frame that holds something of this request is on its way. */
  hold(): void {
    this.open += 1;
  }

  /** @param failure null for a durable frame. */
  release(failure: unknown): void {
    if (failure !== null && this.failure === null) this.failure = failure;
    this.open -= 1;
    if (this.open === 0) this.settle();
  }

  /** Nothing more will be added. @param settled called once all frames have settled, or now. */
  close(settled: (() => void) | null = null): void {
    this.wake = settled;
    this.release(null);
  }

  /** Closed, and all frames have settled. */
  protected settle(): void {
    this.wake?.();
  }
}
