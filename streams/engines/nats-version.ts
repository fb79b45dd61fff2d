/** Versions of nats-server, as its `--version` line states them. */
import { execFile } from "node:child_process";

/** Oldest release whose behaviour Tocsin was built and tested on. */
export const versionMin = "2.15.0";
const askTimeoutMs = 10_000;

/** "2.15.2" from "nats-server: v2.15.2"; null when the text names no version. */
export function parseVersion(text: string): string | null {
  return /v(\d+\.\d+\.\d+(?:-[0-9A-Za-z.]+)?)/.exec(text)?.[1] ?? null;
}

/** A pre-release of the oldest accepted version is older than it. */
export function isRecentEnough(version: string): boolean {
  const parts = (text: string) => text.split("-", 1)[0]!.split(".").map(Number);
  const have = parts(version);
  const least = parts(versionMin);
  for (let i = 0; i < least.length; i++) {
    const difference = (have[i] ?? 0) - (least[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return !version.includes("-");
}

/** Runs `program --version`; a sentence instead when it cannot be run or names no version. */
export function askVersion(program: string): Promise<{ version: string } | { problem: string }> {
  return new Promise((resolve) => {
    const options = { timeout: askTimeoutMs, encoding: "utf8" as const };
    execFile(program, ["--version"], options, (error, stdout) => {
      if (error !== null) {
        const code = (error as NodeJS.ErrnoException).code;
        const problem = code === "ENOENT" ? "not found" : `cannot be run: ${error.message}`;
        resolve({ problem });
        return;
      }
      const version = parseVersion(stdout);
      resolve(version === null ? { problem: `unknown answer: ${stdout.trim()}` } : { version });
    });
  });
}
