/**
 * When a failed notification is tried again. Pure. The first waits are short, because a page that
 * is late is a page that is missed; then the peer is asked at a steady pace until the message
 * is too old to matter.
 */
export type RetrySchedule = {
  /** Wait after the first, second, … failed attempt; the last one repeats. */
  delaysMs: number[];
  /** No further attempt once a notification is this old, counted from its decision... */
  giveUpAfterMs: number;
  /** ...unless fewer attempts were made than this: a long outage of ours is not the peer's. */
  attemptsMin: number;
  /** Up to this attempt the peer's own wish replaces the wait; later it can only lengthen it. */
  wishHonouredMax: number;
  /** A shorter wish than this is rounded up to it. */
  wishMsMin: number;
};

export const defaultRetrySchedule: RetrySchedule = {
  delaysMs: [1_000, 10_000, 60_000, 300_000, 900_000],
  giveUpAfterMs: 86_400_000,
  attemptsMin: 5,
  wishHonouredMax: 10,
  wishMsMin: 1_000,
};

/**
 * @param attempt the attempt that just failed, from 1.
 * @param ageMs age of the notification.
 * @param wishMs the peer's Retry-After, or null.
 * @returns ms until the next attempt; null: give up.
 */
export function nextDelayMs(
  schedule: RetrySchedule,
  attempt: number,
  ageMs: number,
  wishMs: number | null,
): number | null {
  const { delaysMs, attemptsMin, giveUpAfterMs, wishHonouredMax, wishMsMin } = schedule;
  let delayMs = delaysMs[Math.min(attempt, delaysMs.length) - 1] ?? 0;
  if (wishMs !== null) {
    const wish = Math.max(wishMs, wishMsMin);
    delayMs = attempt <= wishHonouredMax ? wish : Math.max(wish, delayMs);
  }
  if (attempt >= attemptsMin && ageMs + delayMs > giveUpAfterMs) return null;
  return delayMs;
}
