/**
 * Where the process and its threads log: JSON lines on standard error. A reader of our output
 * that goes away, or a full disk behind it, costs lines, never the process: alerts go on.
 */
import { writeSync } from "node:fs";
import { type Logger as PinoLogger, pino } from "pino";
import { TerminalError } from "./errors.ts";

const standardError = 2;
/** For a reader that is slow: a pipe takes more within some milliseconds, or the line is lost. */
const attemptsMax = 20;
const pauseMs = 5;
const pause = new Int32Array(new SharedArrayBuffer(4));

/**
 * @param base fields of every line, e.g. the shard.
 * @throws TerminalError for a level that does not exist.
 */
export function openLogger(level: string, base: object): PinoLogger {
  const levels = [...Object.keys(pino.levels.values), "silent"];
  if (!levels.includes(level)) {
    throw new TerminalError(`no log level ${level}; there are ${levels.join(", ")}`);
  }
  return pino({ level, base }, { write });
}

/** Pino's own destination tries for ever at exit what a closed terminal refuses for ever. */
function write(line: string): void {
  let rest = Buffer.from(line);
  for (let attempt = 0; rest.length > 0 && attempt < attemptsMax; attempt += 1) {
    try {
      rest = rest.subarray(writeSync(standardError, rest));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") return;
      Atomics.wait(pause, 0, 0, pauseMs);
    }
  }
}

/** For what is written without the logger. */
export function outliveReaders(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
}
