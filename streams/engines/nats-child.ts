/**
 * The nats-server that Tocsin runs for itself when no NATS_URL is given: a supervised child with
 * its store in the data directory, on loopback only.
 *
 * C1 The ports stay the same for as long as the child is supervised, so that clients reconnect.
 * C2 One server per store: an orphan left by a parent that was killed is ended before a new one
 *    starts (nats-orphan.ts). The caller holds the data directory's lock (data-dir.ts).
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { TerminalError } from "../../runtime/errors.ts";
import type { Logger } from "../../runtime/ports.ts";
import { endChild, runChild, type ChildRun, type Exit } from "./child-process.ts";
import { freePort, isFree } from "./free-port.ts";
import { natsConfig, type Durability } from "./nats-config.ts";
import { endOrphan } from "./nats-orphan.ts";
import { waitUntilServing } from "./nats-ready.ts";

export const preferredPort = 4222;
/** A big store is read before the server serves. */
const startTimeoutMs = 180_000;
const stopGraceMs = 15_000;
const restartDelayFirstMs = 100;
const restartDelayMaxMs = 5_000;
/** A child that ran this long begins the back-off anew. */
const steadyMs = 30_000;
const startAttemptsMax = 5;
const logTailChars = 2_000;

export type NatsChild = {
  /** nats://127.0.0.1:port; the same after a restart. */
  url: string;
  monitorUrl: string;
  /** -1 while it is down. */
  pid(): number;
  version: string;
  /** Ends it for good: SIGTERM, SIGKILL after a grace. Safe to call twice. */
  stop(): Promise<void>;
  /** Calls back at each unexpected end of the child, before it is started again. */
  onExit(listener: (exit: Exit) => void): void;
};

export type NatsChildOptions = {
  dataDir: string;
  /** "preferred": 4222 if it is free, else any; 0: any. */
  port: number | "preferred";
  durability: Durability;
  log: Logger;
  /** The program to run and its version, from ensureNatsServer (nats-binary.ts). */
  binary: { path: string; version: string };
  /** Aborted: starting is given up and the server ended, if it runs by then. */
  signal?: AbortSignal;
};

/**
 * @throws TerminalError with the server's own last log lines when it does not come up;
 *   the signal's reason when that is aborted first.
 */
export async function startNats(options: NatsChildOptions): Promise<NatsChild> {
  const dir = resolve(options.dataDir, "nats");
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  await endOrphan(join(dir, "pid"), join(dir, "nats.conf"), options.log);
  for (let attempt = 1; ; attempt++) {
    const port = await choosePort(options.port);
    const child = new Supervised(options, dir, port, await freePort());
    const giveUp = (): void => void child.stop();
    options.signal?.throwIfAborted();
    options.signal?.addEventListener("abort", giveUp);
    try {
      await child.start();
      return child;
    } catch (error) {
      options.signal?.throwIfAborted();
      const portWasTaken = !(await isFree(port));
      if (!portWasTaken || attempt === startAttemptsMax) throw error;
    } finally {
      options.signal?.removeEventListener("abort", giveUp);
    }
  }
}

/** Where the nats-server of a data directory was last told to serve its monitor; null: never. */
export function monitorUrlOf(dataDir: string): string | null {
  try {
    const config = readFileSync(resolve(dataDir, "nats", "nats.conf"), "utf8");
    const address = /^http: "([^"]+)"$/m.exec(config)?.[1];
    return address === undefined ? null : `http://${address}`;
  } catch {
    return null;
  }
}

async function choosePort(wanted: number | "preferred"): Promise<number> {
  if (wanted === 0) return freePort();
  if (wanted === "preferred") return (await isFree(preferredPort)) ? preferredPort : freePort();
  if (await isFree(wanted)) return wanted;
  throw new TerminalError(
    `port ${wanted} for nats-server is in use: free it, or set nats.port to another or to 0`,
  );
}

class Supervised implements NatsChild {
  url: string;
  monitorUrl: string;
  version: string;
  #program: string;
  #log: Logger;
  #dir: string;
  #port: number;
  #run: ChildRun | null = null;
  #stopped = new AbortController();
  #listeners: ((exit: Exit) => void)[] = [];
  #endWithParent = () => this.#run?.kill("SIGTERM");

  constructor(options: NatsChildOptions, dir: string, port: number, monitorPort: number) {
    this.#program = options.binary.path;
    this.version = options.binary.version;
    this.#log = options.log;
    this.#dir = dir;
    this.#port = port;
    this.url = `nats://127.0.0.1:${port}`;
    this.monitorUrl = `http://127.0.0.1:${monitorPort}`;
    const config = natsConfig({
      port,
      monitorPort,
      storeDir: join(dir, "store"),
      pidFile: join(dir, "pid"),
      logFile: join(dir, "log"),
      durability: options.durability,
    });
    writeFileSync(join(dir, "nats.conf"), config, { mode: 0o600 });
  }

  pid(): number {
    return this.#run !== null && this.#run.exit() === null ? this.#run.pid : -1;
  }

  onExit(listener: (exit: Exit) => void): void {
    this.#listeners.push(listener);
  }

  async start(): Promise<void> {
    process.on("exit", this.#endWithParent);
    const run = this.#launch();
    if (await this.#serves(run)) {
      void this.#supervise(run);
      return;
    }
    const exit = run.exit();
    await this.stop();
    const why = exit === null ? `not ready after ${startTimeoutMs / 1000} s` : described(exit);
    throw new TerminalError(`nats-server did not start (${why}):\n${this.#lastOutput()}`);
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    process.off("exit", this.#endWithParent);
    if (this.#run !== null) await endChild(this.#run, stopGraceMs);
  }

  #launch(): ChildRun {
    const run = runChild(this.#program, ["-c", join(this.#dir, "nats.conf")], this.#outputFile());
    // The server writes the same file, but later: nobody may die unknown in between (C2).
    if (run.pid > 0) writeFileSync(join(this.#dir, "pid"), `${run.pid}`);
    this.#run = run;
    return run;
  }

  #serves(run: ChildRun): Promise<boolean> {
    const gaveUp = () => run.exit() !== null || this.#stopped.signal.aborted;
    return waitUntilServing(this.#port, this.monitorUrl, Date.now() + startTimeoutMs, gaveUp);
  }

  async #supervise(first: ChildRun): Promise<void> {
    let run = first;
    let startedAtMs = Date.now();
    let delayMs = restartDelayFirstMs;
    for (;;) {
      const exit = await run.exited;
      if (this.#stopped.signal.aborted) return;
      this.#log.error({ ...exit, delayMs }, "nats-server ended; it is started again");
      for (const listener of this.#listeners) listener(exit);
      if (Date.now() - startedAtMs >= steadyMs) delayMs = restartDelayFirstMs;
      await sleep(delayMs, this.#stopped.signal);
      if (this.#stopped.signal.aborted) return;
      delayMs = Math.min(delayMs * 2, restartDelayMaxMs);
      startedAtMs = Date.now();
      run = this.#launch();
      void this.#serves(run).then((ok) => {
        if (ok) this.#log.info({ url: this.url }, "nats-server serves again");
      });
    }
  }

  #outputFile(): string {
    return join(this.#dir, "output");
  }

  #lastOutput(): string {
    const texts = [join(this.#dir, "log"), this.#outputFile()].map((path) => {
      try {
        return readFileSync(path, "utf8").slice(-logTailChars);
      } catch {
        return "";
      }
    });
    return texts.join("").trim() || "(it wrote nothing)";
  }
}

function described(exit: Exit): string {
  if (exit.error !== null) return exit.error;
  return exit.signal === null ? `exit code ${exit.code}` : `killed by ${exit.signal}`;
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done() {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
    signal.addEventListener("abort", done);
  });
}
