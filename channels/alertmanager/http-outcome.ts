/** What an HTTP answer means for a delivery: done, try again, or give up. */
import { RetryableError, TerminalError } from "../../runtime/errors.ts";
import type { Clock } from "../../runtime/ports.ts";
import { parseRetryAfterMs } from "../webhook/retry-after.ts";
import type { HttpAnswer } from "./http-request.ts";

const explanationCharsMax = 200;

/**
 * Returns for a success (2xx).
 * @param retried statuses that a later attempt may change, besides 5xx.
 * @throws RetryableError with the peer's Retry-After | TerminalError
 */
export function requireSuccess(
  answer: HttpAnswer,
  retried: readonly number[],
  clock: Clock,
  explanation: string = explain(answer),
): void {
  const { status, headers } = answer;
  if (status >= 200 && status < 300) return;
  if (status < 500 && !retried.includes(status)) throw new TerminalError(explanation);
  const wish = parseRetryAfterMs(headers["retry-after"], clock.nowMs());
  throw new RetryableError(explanation, wish === null ? {} : { retryAfterMs: wish });
}

/** The status and the beginning of the body, on one line. */
export function explain({ status, headers, body }: HttpAnswer): string {
  if (status >= 300 && status < 400) {
    const where = headers.location === undefined ? "without a Location" : "which is not followed";
    return `HTTP ${status}, a redirect ${where}`;
  }
  const said = oneLine(body);
  return `HTTP ${status}${said === "" ? "" : `: ${said}`}`;
}

export function oneLine(text: string): string {
  const line = text.replace(/[\s\p{C}]+/gu, " ").trim();
  return line.length > explanationCharsMax ? `${line.slice(0, explanationCharsMax)}…` : line;
}
