/**
 * Holds the lag down: what is accepted faster than it can be worked off would page somebody late.
 * Between half of the limit and the limit, a growing share of the requests is told to come back;
 * at the limit all are. So the share settles where what is accepted is what gets worked off, and
 * there is always something to work on.
 */
export class LagGate {
  private readonly lagMs: () => number;
  private readonly lagMsMax: number;
  /** Shares of requests that were not refused yet; a whole one is. */
  private owed = 0;

  /** @param lagMs how late an alert accepted now would be processed, as last heard. */
  constructor(lagMs: () => number, lagMsMax: number) {
    this.lagMs = lagMs;
    this.lagMsMax = lagMsMax;
  }

  /**
   * Whether the next request may come in; else when the gate should be open again, if nothing
   * else comes: in seconds, at most one and a half times the limit.
   */
  admit(): { retryAfterSeconds: number } | null {
    const lagMs = this.lagMs();
    const share = (lagMs - this.lagMsMax / 2) / (this.lagMsMax / 2);
    if (share <= 0) {
      this.owed = 0;
      return null;
    }
    this.owed += Math.min(1, share);
    if (this.owed < 1) return null;
    this.owed -= 1;
    const reopensMs = Math.min(lagMs, 2 * this.lagMsMax) - this.lagMsMax / 2;
    return { retryAfterSeconds: Math.max(1, Math.ceil(reopensMs / 1000)) };
  }
}
