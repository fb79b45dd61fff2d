/**
 * A real nats-server with JetStream for one test file: random loopback ports, its store in a
 * temporary directory, nothing shared with another test. It stays down after `kill9` until
 * `restart` is called (the production child in streams/engines/ comes back by itself).
 */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../streams/engines/free-port.ts";
import { findNatsServer } from "../streams/engines/nats-binary.ts";
import { natsConfig, type Durability } from "../streams/engines/nats-config.ts";
import { waitUntilServing } from "../streams/engines/nats-ready.ts";

const startTimeoutMs = 15_000;
const attemptsMax = 5;

export type NatsServer = {
  /** nats://127.0.0.1:port; the same after a restart. */
  url: string;
  port: number;
  monitorUrl: string;
  storeDir: string;
  /** -1 while it is down. */
  pid(): number;
  /** SIGKILL; resolves when the process is gone. The store stays. */
  kill9(): Promise<void>;
  /** Brings it up again on the same ports and store; ends it in an orderly way first if up. */
  restart(): Promise<void>;
  /** Ends it and deletes the store. Safe to call twice. */
  stop(): Promise<void>;
};

export type NatsServerOptions = { durability?: Durability };

const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** @throws Error with the server's own log when it does not come up. */
export async function startNatsServer(options: NatsServerOptions = {}): Promise<NatsServer> {
  const dir = mkdtempSync(join(tmpdir(), "tocsin-nats-"));
  let failure: unknown;
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const server = new Server(dir, await freePort(), await freePort(), options);
    try {
      await server.restart();
      return server;
    } catch (error) {
      failure = error; // a neighbour took the port in between: try another
    }
  }
  rmSync(dir, { recursive: true, force: true });
  throw failure;
}

let found: Promise<string> | null = null;

function program(): Promise<string> {
  found ??= findNatsServer(process.env).then(({ binary, looked }) => {
    if (binary !== null) return binary.path;
    throw new Error(`no nats-server to test with; npm test gets one (${looked.join("; ")})`);
  });
  return found;
}

class Server implements NatsServer {
  url: string;
  port: number;
  monitorUrl: string;
  storeDir: string;
  #dir: string;
  #child: ChildProcess | null = null;

  constructor(dir: string, port: number, monitorPort: number, options: NatsServerOptions) {
    this.#dir = dir;
    this.port = port;
    this.url = `nats://127.0.0.1:${port}`;
    this.monitorUrl = `http://127.0.0.1:${monitorPort}`;
    this.storeDir = join(dir, "store");
    const config = natsConfig({
      port,
      monitorPort,
      storeDir: this.storeDir,
      pidFile: join(dir, "pid"),
      logFile: join(dir, "log"),
      durability: options.durability ?? "default",
    });
    writeFileSync(join(dir, "nats.conf"), config);
  }

  pid(): number {
    return this.#child?.pid ?? -1;
  }

  kill9(): Promise<void> {
    return this.#end("SIGKILL");
  }

  async restart(): Promise<void> {
    await this.#end("SIGTERM");
    const child = spawn(await program(), ["-c", join(this.#dir, "nats.conf")], { stdio: "ignore" });
    running.add(child);
    let ended = "";
    child.once("error", (error) => (ended = error.message));
    child.once("exit", (code, signal) => {
      running.delete(child);
      ended ||= `exit ${code ?? signal}`;
    });
    const deadlineMs = Date.now() + startTimeoutMs;
    const up = await waitUntilServing(this.port, this.monitorUrl, deadlineMs, () => ended !== "");
    if (!up) {
      child.kill("SIGKILL");
      throw new Error(`nats-server did not start (${ended || "timeout"}):\n${this.#log()}`);
    }
    this.#child = child;
  }

  async stop(): Promise<void> {
    await this.#end("SIGTERM");
    rmSync(this.#dir, { recursive: true, force: true });
  }

  #log(): string {
    try {
      return readFileSync(join(this.#dir, "log"), "utf8").slice(-2_000);
    } catch {
      return "(no log)";
    }
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    child.kill(signal);
    await exited;
  }
}
