/** The files that configurations consist of, and what is made of them when they are read. */
import { readFileSync, statSync } from "node:fs";
import { ConfigError } from "./problems.ts";

const fileBytesMax = 4 * 1024 * 1024;

/** @throws ConfigError when it cannot be read or has more than 4 MiB. */
export function readConfigFile(file: string): string {
  try {
    return readBounded(file, fileBytesMax);
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
    const message = `cannot read the configuration: ${why}`;
    throw new ConfigError([{ file, line: 1, column: 1, path: "", message }]);
  }
}

/** @throws when it cannot be read or has more bytes. */
export function readBounded(file: string, bytesMax: number): string {
  const { size } = statSync(file);
  if (size > bytesMax) throw new Error(`${size} bytes, at most ${bytesMax} are read`);
  return readFileSync(file, "utf8");
}

/** A configuration is shared by all that read it, so nobody changes it. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const part of Object.values(value)) deepFreeze(part);
  return value;
}
