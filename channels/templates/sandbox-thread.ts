/** The host's end of template-thread.ts: asks, waits no longer than allowed, and ends it. */
import { Worker } from "node:worker_threads";
import { templateModule } from "./template-module.ts";
import type { ThreadReply } from "./template-thread.ts";

/** For nested templates: the engine allows 1000 levels, each of which is deep in the module. */
const stackMb = 16;
/** JavaScript of the thread: requests and answers. The module's memory is apart, 256 MiB. */
const heapMb = 128;

/** The thread gave no answer and must be ended. */
export class ThreadEnded extends Error {
  reason: "time" | "memory" | "render";

  constructor(reason: "time" | "memory" | "render", message: string, cause?: unknown) {
    super(message, { cause });
    this.name = "ThreadEnded";
    this.reason = reason;
  }
}

export class SandboxThread {
  /** Of the module, after the last answer. */
  memoryBytes = 0;
  #worker: Worker;
  #hasEnded = false;

  constructor(worker: Worker) {
    this.#worker = worker;
    // An idle thread keeps no process alive.
    worker.unref();
    // Told to whoever waits for an answer; between two of them nothing is lost with it.
    worker.on("error", () => undefined);
    worker.once("exit", () => void (this.#hasEnded = true));
  }

  static async start(): Promise<SandboxThread> {
    const module = await templateModule();
    const worker = new Worker(new URL("template-thread.ts", import.meta.url), {
      workerData: { module },
      env: {},
      argv: [],
      execArgv: [],
      resourceLimits: { stackSizeMb: stackMb, maxOldGenerationSizeMb: heapMb },
    });
    return new SandboxThread(worker);
  }

  /**
   * One request at a time.
   * @throws ThreadEnded when there is no answer; the thread is then of no further use.
   */
  async ask(request: string, timeoutMs: number): Promise<string> {
    const worker = this.#worker;
    if (this.#hasEnded) throw new ThreadEnded("render", "the template thread has ended");
    worker.ref();
    const { promise, resolve, reject } = Promise.withResolvers<ThreadReply>();
    const timer = setTimeout(() => {
      const why = `it took longer than ${timeoutMs} ms (timeoutMs) and was ended`;
      reject(new ThreadEnded("time", why));
    }, timeoutMs);
    const onError = (error: Error): void => reject(threadFailure(error));
    const onExit = (code: number): void =>
      reject(new ThreadEnded("render", `the template thread ended with code ${code}`));
    worker.once("message", resolve).once("error", onError).once("exit", onExit);
    worker.postMessage(request);
    try {
      const reply = await promise;
      if (reply.kind === "ended") throw sandboxFailure(reply.why, reply.lastWords);
      this.memoryBytes = reply.memoryBytes;
      return reply.json;
    } finally {
      clearTimeout(timer);
      worker.off("message", resolve).off("error", onError).off("exit", onExit);
      worker.unref();
    }
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }
}

function threadFailure(error: Error): ThreadEnded {
  const isMemory = "code" in error && error.code === "ERR_WORKER_OUT_OF_MEMORY";
  return new ThreadEnded(isMemory ? "memory" : "render", error.message, error);
}

function sandboxFailure(why: string, lastWords: string): ThreadEnded {
  if (/out of memory|cannot allocate/.test(lastWords)) {
    return new ThreadEnded("memory", "it needed more than 256 MiB of memory and was ended");
  }
  if (/call stack|stack exceeds|stack overflow/.test(why + lastWords)) {
    return new ThreadEnded("memory", "it is nested too deeply and was ended");
  }
  const words = lastWords.split("\n", 1)[0] ?? "";
  return new ThreadEnded("render", words === "" ? why : `${why}: ${words}`);
}
