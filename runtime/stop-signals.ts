/**
 * The signals that end the process: the first in order, the second at once. SIGHUP ends it when it
 * says that the terminal was closed, and asks for the configuration to be read anew otherwise.
 */
import { closeSync, openSync } from "node:fs";
import type { Logger } from "./ports.ts";

const signals = ["SIGTERM", "SIGINT"] as const;
/** npm passes on a Ctrl-C that the terminal sent us too: within this time it is the same one. */
const sameSignalMs = 500;

/** Calls `stop` at the first signal, and resolves; the second ends the process with code 1. */
export function onStopSignal(
  stop: (signal: string) => void,
  reload: () => void,
  logger: Logger,
): Promise<void> {
  let firstAtMs: number | null = null;
  return new Promise((resolve) => {
    const heard = (signal: string): void => {
      const nowMs = performance.now();
      if (firstAtMs !== null) {
        if (nowMs - firstAtMs > sameSignalMs) process.exit(1);
        return;
      }
      firstAtMs = nowMs;
      logger.info({ signal }, "stopping; a second signal ends the program at once");
      stop(signal);
      resolve();
    };
    for (const signal of signals) process.on(signal, heard);
    const hadTerminal = hasTerminal();
    process.on("SIGHUP", (signal) => {
      // Unheard the end of the terminal would end us alone, and leave our children.
      if (hadTerminal && !hasTerminal()) heard(signal);
      else reload();
    });
  });
}

function hasTerminal(): boolean {
  try {
    closeSync(openSync("/dev/tty", "r"));
    return true;
  } catch {
    return false;
  }
}
