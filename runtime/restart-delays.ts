/** How long to wait before a thread that died is started again. */
const firstMs = 200;
const maxMs = 10_000;
/** A thread that lived this long is taken to be well again. */
const healthyAfterMs = 30_000;

/** Of one thread: the wait doubles while it keeps dying. */
export class RestartDelays {
  private deaths = 0;

  /** @param livedMs from the thread's start to its death. @returns the wait, ms. */
  after(livedMs: number): number {
    this.deaths = livedMs > healthyAfterMs ? 0 : this.deaths + 1;
    return Math.min(maxMs, firstMs * 2 ** this.deaths);
  }
}
