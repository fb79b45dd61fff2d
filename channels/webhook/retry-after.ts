/** The peer's wish for the next attempt, from its Retry-After header (RFC 9110, 10.2.3). */

/** A peer cannot put a page off for longer than this. */
export const retryAfterMsMax = 3_600_000;

/** @returns ms from `nowMs`, 0 to `retryAfterMsMax`; null when absent or not understood. */
export function parseRetryAfterMs(value: string | undefined, nowMs: number): number | null {
  const text = value?.trim() ?? "";
  if (text === "") return null;
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMs;
  if (Number.isNaN(ms)) return null;
  return Math.min(Math.max(ms, 0), retryAfterMsMax);
}
