/** Durations as people write them ("1h30m") and read them ("3m"). */
import { formatDuration, parseDuration } from "../runtime/config/units.ts";
import { usageError } from "./define-command.ts";

/**
 * @param option named in the error, e.g. "--for".
 * @param maxMs the longest duration allowed; the shortest is 1 ms.
 */
export function readDuration(option: string, text: string, maxMs: number): number {
  const ms = parseDuration(text);
  if (ms !== null && ms > 0 && ms <= maxMs) return ms;
  const longest = formatDuration(maxMs);
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
