/** Classifies what the NATS client throws, once, at the boundary. */
import { JetStreamApiError } from "@nats-io/jetstream";
import { RetryableError, TerminalError } from "../runtime/errors.ts";

/** Codes of nats-server's JetStream API (server/errors.json in its source). */
const apiCodes = {
  noMessageFound: 10037,
  wrongLastSequence: 10071,
  wrongLastSequenceConstant: 10164,
  storeFailed: 10077,
  messageTooLarge: 10054,
} as const;

/** What a sender should wait when the log is full: purges run with the snapshots. */
const fullRetryAfterMs = 5_000;

export function isFenced(error: unknown): boolean {
  if (!(error instanceof JetStreamApiError)) return false;
  return (
    error.code === apiCodes.wrongLastSequence || error.code === apiCodes.wrongLastSequenceConstant
  );
}

export function isNoMessage(error: unknown): boolean {
  return error instanceof JetStreamApiError && error.code === apiCodes.noMessageFound;
}

/** Anything that is not known to be final may pass: servers restart, leaders move. */
export function classified(error: unknown, doing: string): RetryableError | TerminalError {
  const text = error instanceof Error ? error.message : String(error);
  if (/max(imum)?[ _]payload/i.test(text)) {
    return new TerminalError(`${doing}: ${text}`, { cause: error });
  }
  if (error instanceof JetStreamApiError) {
    if (error.code === apiCodes.messageTooLarge) {
      return new TerminalError(`${doing}: ${text}`, { cause: error });
    }
    if (error.code === apiCodes.storeFailed) {
      const full = `${doing}: the stream is full (${text})`;
      return new RetryableError(full, { cause: error, retryAfterMs: fullRetryAfterMs });
    }
  }
  return new RetryableError(`${doing}: ${text}`, { cause: error });
}
