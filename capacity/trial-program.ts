/**
 * A Tocsin to measure: started as `npm start` starts it, on a free loopback port, with an empty
 * data directory and the default configuration. Nothing of the user's own is touched: no
 * configuration with receivers that would be told, no servers named in the environment. Only
 * processes started here are ended, and the data goes with them.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { processTree } from "../bench/process-tree.ts";

export type TrialOptions = {
  /** Of the installation. */
  root: string;
  /** An existing folder; the data directory is made in it. */
  scratchDir: string;
  /** Numbers of the cores that it may use; null: all. Needs `taskset`. */
  onCores: number[] | null;
};

export type TrialProgram = {
  host: string;
  port: number;
  pid: number;
  /** Ends it in order, or by force when it does not; then removes its data. */
  stop(): Promise<void>;
};

const readyWithinMs = 180_000;
const stopWithinMs = 20_000;
const errorCharsMax = 2_000;
/** These would make it somebody else's Tocsin. */
const foreign = ["TOCSIN_CONFIG", "TOCSIN_LISTEN", "TOCSIN_DATA", "NATS_URL", "CLICKHOUSE_URL"];

/** @throws Error with the program's own last words when it does not start. */
export async function startTrial(
  options: TrialOptions,
  signal: AbortSignal,
): Promise<TrialProgram> {
  signal.throwIfAborted();
  const dir = mkdtempSync(join(options.scratchDir, "tocsin-capacity-"));
  const child = launch(options, dir);
  const endAll = (): void => {
    const pid = child.pid;
    if (pid === undefined || child.exitCode !== null) return;
    for (const each of processTree(pid)) kill(each);
  };
  // Whatever ends this process ends what it started.
  process.once("exit", endAll);
  const exited = new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
    child.once("error", () => resolve());
  });
  const stop = async (): Promise<void> => {
    child.kill("SIGTERM");
    const late = new AbortController();
    const patience = pause(stopWithinMs, null, { signal: late.signal }).then(endAll, () => {});
    await Promise.race([exited, patience.then(() => exited)]);
    late.abort();
    process.removeListener("exit", endAll);
    rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  };
  try {
    const { listening, pid } = await firstLine(child, signal);
    const at = listening.lastIndexOf(":");
    return { host: listening.slice(0, at), port: Number(listening.slice(at + 1)), pid, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function launch({ root, onCores }: TrialOptions, dir: string): ChildProcess {
  const config = join(dir, "tocsin.yaml");
  writeFileSync(config, "shards: auto\n");
  const data = join(dir, "data");
  const program = [process.execPath, join(root, "cli", "start.mjs")];
  const flags = ["--listen", "127.0.0.1:0", "--data", data, "--config", config];
  const pinned = onCores === null ? [] : ["taskset", "-c", onCores.join(",")];
  const [command = "", ...args] = [...pinned, ...program, ...flags];
  const env: NodeJS.ProcessEnv = { ...process.env, NODE_OPTIONS: "", TOCSIN_LOG_LEVEL: "warn" };
  for (const name of foreign) delete env[name];
  return spawn(command, args, { cwd: root, env, stdio: ["ignore", "pipe", "pipe"] });
}

/** The line of JSON that it prints when it is ready. */
function firstLine(
  child: ChildProcess,
  signal: AbortSignal,
): Promise<{ listening: string; pid: number }> {
  return new Promise((resolve, reject) => {
    let errors = "";
    child.stderr?.on("data", (chunk: Buffer) => {
      errors = (errors + chunk.toString("utf8")).slice(-errorCharsMax);
    });
    const fail = (why: string): void => {
      clearTimeout(late);
      reject(new Error(`a Tocsin to measure did not start: ${why}\n${errors}`.trimEnd()));
    };
    const late = setTimeout(() => fail(`not ready in ${readyWithinMs / 1000} s`), readyWithinMs);
    signal.addEventListener("abort", () => fail("interrupted"), { once: true });
    child.once("error", (error) => fail(error.message));
    child.once("exit", (code) => fail(`it ended with ${code}`));
    if (child.stdout === null) return fail("it has no output");
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (!line.includes('"listening"')) return;
      clearTimeout(late);
      resolve(JSON.parse(line) as { listening: string; pid: number });
    });
  });
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}
