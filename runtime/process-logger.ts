/**
 * Where the process and its threads log: JSON lines on standard error. A reader of our output
 * that goes away, or a full disk behind it, costs lines, never the process: alerts go on.
 */
import { type Logger as PinoLogger, pino } from "pino";
import { TerminalError } from "./errors.ts";

const standardError = 2;

/**
 * @param base fields of every line, e.g. the shard.
 * @throws TerminalError for a level that does not exist.
 */
export function openLogger(level: string, base: object): PinoLogger {
  const levels = [...Object.keys(pino.levels.values), "silent"];
  if (!levels.includes(level)) {
    throw new TerminalError(`no log level ${level}; there are ${levels.join(", ")}`);
  }
  const destination = pino.destination(standardError);
  destination.on("error", () => undefined);
  return pino({ level, base }, destination);
}

/** For what is written without the logger. */
export function outliveReaders(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
}
