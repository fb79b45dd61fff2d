/**
 * The parts of a running process, from the first that is opened to the last that is closed.
 *
 * E1 A part is ours from the moment its opening begins. When the process is told to stop, what
 *    is being opened is given up at once; should it come up after all, it is closed as well.
 * E2 Parts are closed in the reverse order of their opening, each before the next.
 * E3 Closing is bounded: each part by its own time, all together by `closingMsMax`. A part that
 *    fails or hangs is named in the log and left behind; the parts below it are closed anyway.
 */
import type { Logger } from "./ports.ts";

export type LifetimeLimits = {
  /** For closing everything; when it is used up, what remains is told to close, not awaited. */
  closingMsMax: number;
  /** For one part, unless it asks for another time. */
  partMsMax: number;
  /** For a part whose opening was given up: to fail or to come up, before it is let go. */
  openingGraceMs: number;
};

export const defaultLifetimeLimits: LifetimeLimits = {
  closingMsMax: 30_000,
  partMsMax: 5_000,
  openingGraceMs: 3_000,
};

/** Thrown out of start-up when the process is told to stop; no failure. */
export class StoppedError extends Error {
  constructor(why: string) {
    super(`told to stop: ${why}`);
    this.name = "StoppedError";
  }
}

type Part = { name: string; msMax: number; close: () => Promise<void> };
type Close<T> = (part: T) => Promise<unknown> | void;

export class Lifetime {
  private readonly logger: Logger;
  private readonly limits: LifetimeLimits;
  private readonly stopping = new AbortController();
  private readonly parts: Part[] = [];

  constructor(logger: Logger, limits: Partial<LifetimeLimits> = {}) {
    this.logger = logger;
    this.limits = { ...defaultLifetimeLimits, ...limits };
  }

  /** Aborted when the process is told to stop; its reason is a StoppedError. */
  get signal(): AbortSignal {
    return this.stopping.signal;
  }

  /** Gives up what is being opened. Only the first call counts. */
  stop(why: string): void {
    this.stopping.abort(new StoppedError(why));
  }

  /**
   * Opens a part and answers for its end.
   * @param closeMsMax bound of `close`, ms.
   * @throws StoppedError as soon as the process is told to stop, else what `open` throws.
   */
  async open<T>(
    name: string,
    open: (signal: AbortSignal) => Promise<T> | T,
    close: Close<T>,
    closeMsMax: number = this.limits.partMsMax,
  ): Promise<T> {
    this.signal.throwIfAborted();
    const opening = Promise.resolve(open(this.signal));
    let isOpen = false;
    this.parts.push({
      name,
      msMax: closeMsMax,
      close: async () => {
        const { openingGraceMs } = this.limits;
        const opened = opening.then((part) => ({ part }), () => null);
        const found = isOpen ? await opened : await within(opened, openingGraceMs);
        if (found === "late") throw new Error(`still opening after ${openingGraceMs} ms`);
        if (found !== null) await close(found.part);
      },
    });
    const part = await this.unlessStopped(opening);
    isOpen = true;
    return part;
  }

  /** The work's outcome, or a StoppedError as soon as the process is told to stop. */
  unlessStopped<T>(work: Promise<T>): Promise<T> {
    const { signal } = this;
    return new Promise<T>((resolve, reject) => {
      const stopped = (): void => reject(signal.reason as Error);
      if (signal.aborted) stopped();
      signal.addEventListener("abort", stopped, { once: true });
      work.then(resolve, reject).finally(() => signal.removeEventListener("abort", stopped));
    });
  }

  /** Closes everything that was opened. Never throws. @returns the parts that did not close. */
  async close(): Promise<string[]> {
    this.stop("closing");
    const deadlineMs = performance.now() + this.limits.closingMsMax;
    const left: string[] = [];
    for (let part = this.parts.pop(); part !== undefined; part = this.parts.pop()) {
      const ms = Math.max(0, Math.min(part.msMax, deadlineMs - performance.now()));
      const problem = await within(part.close(), ms).then(
        (outcome) => (outcome === "late" ? `not closed after ${Math.round(ms)} ms` : null),
        (error: unknown) => (error instanceof Error ? error.message : String(error)),
      );
      if (problem === null) continue;
      left.push(part.name);
      this.logger.warn({ part: part.name, problem }, "left behind while stopping");
    }
    return left;
  }
}

function within<T>(work: Promise<T>, ms: number): Promise<T | "late"> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve("late"), ms);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
