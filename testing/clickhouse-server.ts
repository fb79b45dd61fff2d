/** A ClickHouse that is reached over HTTP, in a process of its own that a test can kill. */
import { fork, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export class ClickHouseServer {
  #dir = mkdtempSync(join(tmpdir(), "tocsin-clickhouse-"));
  #child: ChildProcess | null = null;
  #port = 0;

  static async start(): Promise<ClickHouseServer> {
    const server = new ClickHouseServer();
    await server.restart();
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** On the same port and data as before. */
  async restart(): Promise<void> {
    await this.kill9();
    const entry = join(import.meta.dirname, "clickhouse-server-process.ts");
    const child = fork(entry, [join(this.#dir, "data"), String(this.#port)], { execArgv: [] });
    this.#child = child;
    this.#port = await new Promise<number>((resolve, reject) => {
      child.once("message", (port) => resolve(Number(port)));
      child.once("exit", () => reject(new Error("the ClickHouse of the test did not start")));
    });
  }

  async kill9(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child === null) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await gone;
  }

  async stop(): Promise<void> {
    await this.kill9();
    rmSync(this.#dir, { recursive: true, force: true });
  }
}
