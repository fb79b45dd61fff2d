/**
 * A model in a folder of this machine, run by a process of its own (onnx-process.ts). One that
 * has ended is started again by the next question.
 */
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { RetryableError, TerminalError } from "../../errors.ts";
import type { Embedded, TextEmbedder } from "../ports.ts";
import type { OnnxSettings } from "./onnx-model.ts";
import type { OnnxReply, OnnxRequest } from "./onnx-process.ts";

const entry = fileURLToPath(new URL("onnx-process.ts", import.meta.url));

type Waiting = { resolve(embedded: Embedded): void; reject(error: Error): void };

export class OnnxEmbedder implements TextEmbedder {
  readonly #settings: OnnxSettings;
  #child: ChildProcess | null = null;
  /** The process with its model open, or on its way there. */
  #opened: Promise<ChildProcess> | null = null;
  #isClosed = false;
  #serial = 0;
  readonly #waiting = new Map<number, Waiting>();

  private constructor(settings: OnnxSettings) {
    this.#settings = settings;
  }

  /** @throws TerminalError that says what to install, or what is wrong in the folder. */
  static async open({ folder, tokensMax, threads }: OnnxSettings): Promise<OnnxEmbedder> {
    const embedder = new OnnxEmbedder({ folder, tokensMax, threads });
    await embedder.#open();
    return embedder;
  }

  async embed(texts: string[], signal: AbortSignal): Promise<Embedded> {
    signal.throwIfAborted();
    // A model may take longer to open than a question may: the next one finds it open.
    const child = await unlessAborted(this.#open(), signal);
    if (signal.aborted) throw new RetryableError("the model was not open in time");
    const id = ++this.#serial;
    const { promise, resolve, reject } = Promise.withResolvers<Embedded>();
    this.#waiting.set(id, { resolve, reject });
    const giveUp = (): void => {
      reject(new RetryableError("the model took too long"));
      // It computes without a way to be told: only its end makes it stop.
      child.kill("SIGKILL");
    };
    signal.addEventListener("abort", giveUp, { once: true });
    try {
      send(child, { kind: "embed", id, texts });
      return await promise;
    } finally {
      signal.removeEventListener("abort", giveUp);
      this.#waiting.delete(id);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#child?.kill("SIGKILL");
  }

  #open(): Promise<ChildProcess> {
    this.#opened ??= this.#start().catch((error: unknown) => {
      this.#opened = null;
      throw error;
    });
    return this.#opened;
  }

  async #start(): Promise<ChildProcess> {
    if (this.#isClosed) throw new RetryableError("the model is closed");
    const child = fork(entry, {
      serialization: "advanced",
      stdio: ["ignore", 2, 2, "ipc"],
      execArgv: [],
    });
    this.#child = child;
    const { promise: opened, resolve, reject } = Promise.withResolvers<void>();
    child.on("message", (reply: OnnxReply) => {
      if (reply.kind === "opened") resolve();
      else if (reply.kind === "refused") reject(new TerminalError(reply.why));
      else this.#answered(reply);
    });
    child.on("error", (error) => reject(new RetryableError(`no process for it: ${error.message}`)));
    child.once("exit", (code, signal) => {
      const error = new RetryableError(`the model's process ended with ${signal ?? code}`);
      reject(error);
      if (this.#child === child) this.#child = this.#opened = null;
      for (const { reject: refuse } of this.#waiting.values()) refuse(error);
    });
    send(child, { kind: "open", settings: this.#settings });
    try {
      await opened;
    } catch (error) {
      child.kill("SIGKILL");
      throw error;
    }
    return child;
  }

  #answered(reply: Extract<OnnxReply, { id: number }>): void {
    const waiting = this.#waiting.get(reply.id);
    if (reply.kind === "failed") waiting?.reject(new TerminalError(reply.why));
    else waiting?.resolve({ vectors: reply.vectors, tokens: reply.tokens });
  }
}

/** What comes of it later is left to whoever asks next. */
async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const giveUp = (): void => reject(new RetryableError("the model was not open in time"));
  signal.addEventListener("abort", giveUp, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
}

/** A process that is ending takes no message; its exit says so to whoever waits. */
function send(child: ChildProcess, request: OnnxRequest): void {
  if (child.connected) child.send(request, () => undefined);
}
