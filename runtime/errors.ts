/** I/O that may succeed when repeated; `retryAfterMs` is the peer's wish, if it had one. */
export class RetryableError extends Error {
  retryAfterMs: number | null;

  constructor(message: string, options?: { cause?: unknown; retryAfterMs?: number }) {
    super(message, options);
    this.name = "RetryableError";
    this.retryAfterMs = options?.retryAfterMs ?? null;
  }
}

/** Whoever asked has used up a limit of theirs: nothing is wrong, and they are to wait. */
export class LimitError extends RetryableError {}

/** I/O or input that fails however often it is repeated. */
export class TerminalError extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = "TerminalError";
  }
}
