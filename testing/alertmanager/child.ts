/** A program in a process of its own that serves HTTP on a free port of loopback. */
import { type ChildProcess, spawn } from "node:child_process";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";

const readyWithinMs = 20_000;
const stderrCharsKept = 20_000;

export class Child {
  readonly url: string;
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  #errors = "";

  /**
   * Resolves when GET `readyPath` answers 200.
   * @param args from the address (host:port) that it is to listen on.
   * @throws with the end of its stderr when it does not get there.
   */
  static async start(
    program: string,
    args: (address: string) => string[],
    readyPath: string,
  ): Promise<Child> {
    const address = `127.0.0.1:${await freePort()}`;
    const child = new Child(program, args(address), `http://${address}`);
    try {
      await child.#answers(readyPath);
      return child;
    } catch (error) {
      await child.kill9();
      throw new Error(`${program} did not start\n${child.#errors}`, { cause: error });
    }
  }

  private constructor(program: string, args: string[], url: string) {
    this.url = url;
    this.#child = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"] });
    this.#child.stderr?.on("data", (data: Buffer) => {
      this.#errors = (this.#errors + data.toString()).slice(-stderrCharsKept);
    });
    this.#exited = new Promise((resolve) => this.#child.once("exit", () => resolve()));
  }

  /** The last of what it wrote to stderr. */
  stderr(): string {
    return this.#errors;
  }

  /** Resolves when it is gone. */
  async kill9(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#exited;
  }

  async #answers(path: string): Promise<void> {
    const deadlineMs = Date.now() + readyWithinMs;
    for (;;) {
      const answer = await fetch(`${this.url}${path}`).catch(() => null);
      if (answer?.status === 200) return;
      if (this.#child.exitCode !== null) throw new Error(`ended with ${this.#child.exitCode}`);
      if (Date.now() > deadlineMs) throw new Error(`not ready within ${readyWithinMs} ms`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
