/**
 * Leaves a model alone that does not answer. After `failuresMax` failures in a row it is not
 * asked for a while, then once; the wait doubles while it keeps failing.
 */
const failuresMax = 3;
const firstWaitMs = 10_000;
const waitMsMax = 10 * 60_000;
/** However long a peer wishes us to wait. */
const wishMsMax = 60 * 60_000;

export class Breaker {
  #failures = 0;
  #closedAtMs = 0;

  /** Whether the model may be asked now. */
  allows(nowMs: number): boolean {
    return nowMs >= this.#closedAtMs;
  }

  succeeded(): void {
    this.#failures = 0;
    this.#closedAtMs = 0;
  }

  /**
   * @param wishMs how long the peer asked to be left alone; null: it did not say.
   * @returns how long it is left alone now, ms; 0: it is asked again at once.
   */
  failed(nowMs: number, wishMs: number | null): number {
    this.#failures += 1;
    const doublings = this.#failures - failuresMax;
    const ownMs = doublings < 0 ? 0 : Math.min(waitMsMax, firstWaitMs * 2 ** doublings);
    const waitMs = Math.max(ownMs, Math.min(wishMs ?? 0, wishMsMax));
    this.#closedAtMs = nowMs + waitMs;
    return waitMs;
  }
}
