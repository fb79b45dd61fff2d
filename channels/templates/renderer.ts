/**
 * Renders notification templates: Go's text/template and html/template, with the functions and
 * the data that Alertmanager's users write for.
 *
 * The renderer owns one worker thread, in which the templates are loaded, and the queue before
 * it. The thread owns the sandboxed module; see wasi-sandbox.ts for what a template cannot reach.
 *
 * T1 One render at a time; the others wait in order, at most `queueMax` of them.
 * T2 Whatever a template does, its render ends within `timeoutMs` of its turn: then the thread is
 *    ended, and the next render gets a new one with the same templates.
 * T3 A render leaves nothing behind for the next one, neither definitions nor variables.
 */
import { TemplateError } from "./template-error.ts";
import type { TemplateErrorKind } from "./template-error.ts";
import { defaultTemplates } from "./default-templates.ts";
import type { TemplateData } from "./template-data.ts";
import { SandboxThread, ThreadEnded } from "./sandbox-thread.ts";

export type TemplateFile = { name: string; text: string };

export type RenderLimits = {
  /** For one render, from when its turn comes; starting a thread is not counted. */
  timeoutMs: number;
  /** Of one rendered text, in bytes of UTF-8. */
  outputBytesMax: number;
  /** Renders that may wait. */
  queueMax: number;
};

const defaultRenderLimits: RenderLimits = {
  timeoutMs: 2_000,
  outputBytesMax: 1024 * 1024,
  queueMax: 1_000,
};

/** For a new thread to compile and take the templates; far above what it needs (0.1 s). */
const startMaxMs = 30_000;
/** A module's memory never shrinks: a thread that grew beyond this makes room for a new one. */
const keptMemoryBytesMax = 96 * 1024 * 1024;

export type TemplateRenderer = {
  /**
   * @param name what the text is called in errors, e.g. "slack_configs[0].title".
   * @throws TemplateError (a rejection).
   */
  render(text: string, data: TemplateData, name?: string): Promise<string>;
  /** As `render`, and escapes what the data put into HTML by where they stand in it. */
  renderHtml(text: string, data: TemplateData, name?: string): Promise<string>;
  /** Ends the thread; what waits is rejected with the kind "closed". */
  close(): Promise<void>;
};

/**
 * Loads the files after the default templates; a later definition of a name replaces an earlier
 * one. Without files no thread is started before the first render.
 * @throws TemplateError of kind "parse", with the file's name and the line.
 */
export async function openTemplateRenderer(
  files: TemplateFile[],
  limits: Partial<RenderLimits> = {},
): Promise<TemplateRenderer> {
  const renderer = new QueuedRenderer(files, { ...defaultRenderLimits, ...limits });
  if (files.length > 0) await renderer.start();
  return renderer;
}

type Job = {
  mode: "text" | "html";
  text: string;
  data: TemplateData;
  name: string;
  resolve(text: string): void;
  reject(error: unknown): void;
};

type Fault = { kind: string; name: string; line: number; message: string };
type Answer = { output?: string; error?: Fault };

class QueuedRenderer implements TemplateRenderer {
  #files: TemplateFile[];
  #limits: RenderLimits;
  #waiting: Job[] = [];
  #thread: SandboxThread | null = null;
  #running: Promise<void> | null = null;
  #closed = false;

  constructor(files: TemplateFile[], limits: RenderLimits) {
    this.#files = files;
    this.#limits = limits;
  }

  render(text: string, data: TemplateData, name: string = "text"): Promise<string> {
    if (!text.includes("{{")) return Promise.resolve(text);
    return this.#enqueue("text", text, data, name);
  }

  renderHtml(text: string, data: TemplateData, name: string = "text"): Promise<string> {
    // Markup may hold comments, which the engine takes out.
    if (!text.includes("{{") && !text.includes("<")) return Promise.resolve(text);
    return this.#enqueue("html", text, data, name);
  }

  async start(): Promise<void> {
    this.#thread = await this.#newThread();
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const job of this.#waiting.splice(0)) job.reject(closedError(job.name));
    await this.#drop();
    await this.#running;
  }

  #enqueue(
    mode: "text" | "html",
    text: string,
    data: TemplateData,
    name: string,
  ): Promise<string> {
    if (this.#closed) return Promise.reject(closedError(name));
    if (this.#waiting.length >= this.#limits.queueMax) {
      const why = `${this.#waiting.length} renders wait already (queueMax)`;
      return Promise.reject(new TemplateError("queue", name, null, why));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ mode, text, data, name, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  async #run(): Promise<void> {
    for (let job = this.#waiting.shift(); job !== undefined; job = this.#waiting.shift()) {
      try {
        job.resolve(await this.#renderOne(job));
      } catch (error) {
        job.reject(error);
      }
    }
    this.#running = null;
  }

  async #renderOne({ mode, text, data, name }: Job): Promise<string> {
    const { outputBytesMax, timeoutMs } = this.#limits;
    const request = JSON.stringify({ op: "render", mode, text, data, outputBytesMax });
    this.#thread ??= await this.#newThread();
    const answer = await this.#ask(this.#thread, request, timeoutMs, name);
    if (answer.error !== undefined) throw this.#errorOf(answer.error, name);
    if ((this.#thread?.memoryBytes ?? 0) > keptMemoryBytesMax) await this.#drop();
    return answer.output ?? "";
  }

  async #newThread(): Promise<SandboxThread> {
    const files = [...(await defaultTemplates()), ...this.#files];
    const thread = await SandboxThread.start();
    const request = JSON.stringify({ op: "load", files });
    const answer = await this.#ask(thread, request, startMaxMs, "the template files");
    if (answer.error !== undefined) {
      await thread.end();
      throw this.#errorOf(answer.error, "the template files");
    }
    if (!this.#closed) return thread;
    await thread.end();
    throw closedError("the template files");
  }

  async #ask(
    thread: SandboxThread,
    request: string,
    timeoutMs: number,
    name: string,
  ): Promise<Answer> {
    try {
      return JSON.parse(await thread.ask(request, timeoutMs)) as Answer;
    } catch (error) {
      await thread.end();
      if (this.#thread === thread) this.#thread = null;
      if (!(error instanceof ThreadEnded)) throw error;
      if (this.#closed) throw closedError(name);
      throw new TemplateError(error.reason, name, null, error.message);
    }
  }

  async #drop(): Promise<void> {
    const thread = this.#thread;
    this.#thread = null;
    await thread?.end();
  }

  #errorOf({ kind, name, line, message }: Fault, textName: string): TemplateError {
    const place = name === "" ? textName : name;
    const knownLine = line > 0 ? line : null;
    if (kind !== "output") {
      return new TemplateError(kind as TemplateErrorKind, place, knownLine, message);
    }
    const why = `the output is longer than ${this.#limits.outputBytesMax} bytes (outputBytesMax)`;
    return new TemplateError("output", textName, null, why);
  }
}

function closedError(name: string): TemplateError {
  return new TemplateError("closed", name, null, "the template renderer is closed");
}
