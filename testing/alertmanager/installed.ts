/** Programs of the Prometheus family that a machine may have, to compare and to try with. */
import { spawnSync } from "node:child_process";

/**
 * The first of these programs that is on the PATH and runs.
 * @returns undefined, and a line on stderr, when none is: skip the tests that need it.
 */
export function installed(...names: string[]): string | undefined {
  const found = names.find((name) => spawnSync(name, ["--version"]).status === 0);
  if (found === undefined) process.stderr.write(`skipped: no ${names.join(" or ")} on the PATH\n`);
  return found;
}
