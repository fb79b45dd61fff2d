/**
 * Values that stand in alertmanager.yml or in a file that it names, most of them secrets. Such a
 * file is read when the configuration is, and its path is kept, so that a delivery can read it
 * again: secrets are rotated under a running process.
 */
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { ConfigValue } from "../value.ts";

export type Secret = {
  /** Without surrounding white space when it comes from a file; "" while that cannot be read. */
  secretText: string;
  /** Absolute; null when the text stands in the configuration itself. */
  file: string | null;
};

const secretBytesMax = 1024 * 1024;

/**
 * A relative path is looked for beside the configuration, then, as Alertmanager does for most
 * settings, where the process was started.
 */
export function resolveBeside(configFile: string, path: string): string {
  const beside = resolve(dirname(configFile), path);
  return !existsSync(beside) && existsSync(resolve(path)) ? resolve(path) : beside;
}

/**
 * A file that cannot be read is a warning, not a problem: Alertmanager starts all the same, and
 * the file may be there when it is needed.
 */
export function readSecretFile(value: ConfigValue, configFile: string): Secret {
  const file = resolveBeside(configFile, value.scalarText(""));
  try {
    const { size } = statSync(file);
    if (size > secretBytesMax) throw new Error(`${size} bytes, at most ${secretBytesMax} are read`);
    return { secretText: readFileSync(file, "utf8").trim(), file };
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
    value.warn(`cannot read the file ${file} (${why}); it is tried again at each delivery`);
    return { secretText: "", file };
  }
}
