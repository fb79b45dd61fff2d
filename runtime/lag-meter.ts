/**
 * How long a record that arrives now will wait until it is applied: what is waiting, divided by how
 * fast the partition works while it works. That tells of a flood at once; the age of the record
 * in hand, which is the other measure, only tells when it is too late.
 *
 * M1 Nothing waiting: no lag, however rarely records come.
 * M2 A partition that does not get on (its log or what is downstream hangs) lags by the age of what
 *    it works on.
 * M3 The estimate is believed up to `ageFactor` times that age: code that has only just begun to
 *    run, and a disk that stood still for a moment, look slower than they are.
 * M4 `recordMs` is for whoever knows better than this thread what waits (lag.ts): the least of the
 *    last readings, as a thread that stood still for a moment spoils one or two. Of code that has
 *    only just begun to run it tells half of the least so far.
 */

/** Of the older readings: smooths what garbage collection and snapshots do to one of them. */
const keptShare = 0.5;
const lagMsMax = 3_600_000;
const ageFactor = 2;
/** What the estimate may say of a record that is quite new. */
const freshMs = 500;
/** After so much work, code runs as fast as it will. */
const warmMs = 3_000;
const coldShare = 0.5;
const readingsKept = 3;

export class LagMeter {
  #applied = 0;
  #busyMs = 0;
  #busySinceMs: number | null = null;
  /** When the log stored the record in hand. */
  #inHandMs = 0;
  #lastApplied = 0;
  #lastBusyMs = 0;
  /** Records applied in a busy ms. */
  #rate = 0;
  /** What a record took in each of the last readings, and at best, in busy ms. */
  #recent: number[] = [];
  #bestMs = Number.POSITIVE_INFINITY;

  /** Records came. @param recordMs the first one's time. */
  began(nowMs: number, recordMs: number): void {
    this.#busySinceMs ??= nowMs;
    this.#inHandMs = recordMs;
  }

  applied(recordMs: number): void {
    this.#applied += 1;
    this.#inHandMs = recordMs;
  }

  /** Nothing in hand: waiting for records. */
  idle(nowMs: number): void {
    this.#busyMs += this.#sinceBusy(nowMs);
    this.#busySinceMs = null;
  }

  /**
   * The lag in ms, 0 to an hour; to be read a few times a second.
   * @param waiting records that are stored but not applied, as far as known.
   */
  read(nowMs: number, waiting: number): number {
    const busyMs = this.#busyMs + this.#sinceBusy(nowMs);
    const spentMs = busyMs - this.#lastBusyMs;
    if (spentMs > 0 && this.#applied > this.#lastApplied) {
      const recent = (this.#applied - this.#lastApplied) / spentMs;
      const isFirst = this.#rate === 0;
      this.#rate = isFirst ? recent : keptShare * this.#rate + (1 - keptShare) * recent;
      this.#recent = [...this.#recent, 1 / recent].slice(-readingsKept);
      this.#bestMs = Math.min(this.#bestMs, 1 / recent);
      this.#lastApplied = this.#applied;
      this.#lastBusyMs = busyMs;
    }
    if (waiting <= 0) return 0;
    const ageMs = this.#busySinceMs === null ? 0 : Math.max(0, nowMs - this.#inHandMs);
    const waitMs = this.#rate > 0 ? waiting / this.#rate : ageMs;
    const believedMs = Math.min(waitMs, freshMs + ageFactor * ageMs);
    return Math.min(lagMsMax, Math.max(ageMs, believedMs));
  }

  /** What each record that waits will take, in ms; 0: not known. As of the last reading. */
  get recordMs(): number {
    if (this.#recent.length === 0) return 0;
    return this.#lastBusyMs < warmMs ? coldShare * this.#bestMs : Math.min(...this.#recent);
  }

  #sinceBusy(nowMs: number): number {
    return this.#busySinceMs === null ? 0 : Math.max(0, nowMs - this.#busySinceMs);
  }
}
