/**
 * The real program as its users start it: `node main.ts …` in a process of its own, on a free
 * port, watched from outside only.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { join } from "node:path";
import { killHard, processTree } from "./process-tree.ts";

const root = join(import.meta.dirname, "../..");
const readyWithinMs = 60_000;
const stderrCharsKept = 20_000;

export type ProgramOptions = {
  dataDir: string;
  configPath: string;
  /** Allows POST /v1/chaos/… */
  chaos: boolean;
  /** It listens where its configuration says, instead of on a free port. */
  ownListen?: boolean;
  /** Beside the test's own environment. */
  env?: Record<string, string>;
  /** Further arguments, as they are. */
  args?: string[];
};

export type Status = {
  nats: { url: string; pid: number };
  shards: unknown[];
};

export class Program {
  readonly child: ChildProcess;
  /** http://host:port; empty until it is ready. */
  url = "";
  private errors = "";
  private readonly exited: Promise<number | string>;

  /** Resolves when the program has printed that it listens and says that it is ready. */
  static async start(options: ProgramOptions): Promise<Program> {
    const program = new Program(options);
    try {
      program.url = await program.listening();
      await program.ready(readyWithinMs);
      return program;
    } catch (error) {
      program.kill9();
      throw new Error(`the program did not start\n${program.stderr()}`, { cause: error });
    }
  }

  private constructor(options: ProgramOptions) {
    const { dataDir, configPath, chaos, ownListen = false } = options;
    const listen = ownListen ? [] : ["--listen", "127.0.0.1:0"];
    const more = options.args ?? [];
    const args = ["--config", configPath, ...listen, "--data", dataDir, ...more];
    const { NATS_URL: _nats, CLICKHOUSE_URL: _clickhouse, ...env } = process.env;
    this.child = spawn(process.execPath, ["main.ts", ...args], {
      cwd: root,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...env, ...(chaos ? { TOCSIN_CHAOS: "1" } : {}), ...options.env },
    });
    this.child.stderr?.on("data", (data: Buffer) => {
      this.errors = (this.errors + data.toString()).slice(-stderrCharsKept);
    });
    this.exited = new Promise((resolve) => {
      this.child.once("exit", (code, signal) => resolve(code ?? signal ?? "unknown"));
    });
  }

  /** The last of what the program wrote to stderr. */
  stderr(): string {
    return this.errors;
  }

  async status(): Promise<Status> {
    const response = await fetch(`${this.url}/v1/status`, { signal: AbortSignal.timeout(5_000) });
    if (!response.ok) throw new Error(`GET /v1/status answered ${response.status}`);
    return (await response.json()) as Status;
  }

  /** @throws when /health/ready does not answer 200 in time; says what it answered. */
  async ready(withinMs: number): Promise<void> {
    const deadlineMs = Date.now() + withinMs;
    for (let last = "nothing"; ; ) {
      try {
        const signal = AbortSignal.timeout(2_000);
        const response = await fetch(`${this.url}/health/ready`, { signal });
        const text = await response.text();
        if (response.status === 200) return;
        last = `${response.status} ${text}`;
      } catch (error) {
        last = String(error);
      }
      if (Date.now() > deadlineMs) throw new Error(`not ready after ${withinMs} ms: ${last}`);
      await sleep(50);
    }
  }

  /** Pulls the plug: the program and every process it started, all at once. */
  kill9(): void {
    if (this.child.pid !== undefined) killHard(processTree(this.child.pid));
  }

  /** SIGTERM. @returns the exit code, or the signal that ended it. */
  async terminate(): Promise<number | string> {
    this.child.kill("SIGTERM");
    return this.exited;
  }

  /** Waits until the process is gone. */
  async gone(): Promise<void> {
    await this.exited;
  }

  private listening(): Promise<string> {
    const { stdout } = this.child;
    if (stdout === null) throw new Error("stdout is not a pipe");
    const lines = createInterface({ input: stdout });
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error("printed no address")), readyWithinMs);
      lines.on("line", (line) => {
        const address = addressIn(line);
        if (address === null) return;
        clearTimeout(timer);
        resolve(address.startsWith("http") ? address : `http://${address}`);
      });
      void this.exited.then((code) => reject(new Error(`ended with ${code}`)));
    });
  }
}

/** The value of "listening" if the line is the JSON line that announces it. */
function addressIn(line: string): string | null {
  try {
    const value = (JSON.parse(line) as { listening?: unknown }).listening;
    return typeof value === "string" ? value : null;
  } catch {
    return null;
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
