/** Durations as people write them ("1h30m") and read them ("3m"). */
import { usageError } from "./define-command.ts";

const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/**
 * @param option named in the error, e.g. "--for".
 * @param maxMs the longest duration allowed.
 */
export function readDuration(option: string, text: string, maxMs: number): number {
  let ms = 0;
  if (/^(?:\d{1,9}(?:ms|s|m|h|d))+$/.test(text)) {
    for (const [, count, unit] of text.matchAll(/(\d+)(ms|s|m|h|d)/g)) {
      ms += Number(count) * unitMs[unit as keyof typeof unitMs];
    }
  }
  if (ms > 0 && ms <= maxMs) return ms;
  const longest = showDuration(maxMs);
  throw usageError(
    `${option}: got "${text}", expected a duration such as 90s, 5m or 1h30m, at most ${longest}`,
  );
}

/** In the largest whole unit: "4s", "3m", "2h", "5d". */
export function showDuration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}
