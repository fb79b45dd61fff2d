/**
 * The command line's side of the HTTP API. It turns everything that can go wrong on the way into
 * a sentence that says what to do, and repeats what is safe to repeat, a bounded number of times.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Io } from "./command.ts";
import { CommandFailure, usageError } from "./define-command.ts";
import type { Flags } from "./define-command.ts";
import { plain } from "./plain-text.ts";

export const urlDefault = "http://127.0.0.1:9093";
const answerTimeoutMs = 30_000;
const retryAfterMaxMs = 30_000;
const retryAfterDefaultMs = 1_000;
/** Tries of one request, the first included. */
const triesMax = 5;

export type Answer = {
  status: number;
  /** What the server asks for in Retry-After, in ms, at most 30 s; 1 s when it does not say. */
  retryAfterMs: number;
  /** Parsed JSON, or the text when it is none. */
  body: unknown;
};

export type ApiRequest = {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  path: string;
  body?: unknown;
  /** A body that is JSON already, instead of `body`. */
  bodyText?: string;
  idempotencyKey?: string;
};

export class Api {
  baseUrl: string;
  /** Sent with every request; empty when there is no API key. */
  keyHeaders: Record<string, string>;

  /** @param key the API key to use; "": none. */
  constructor(baseUrl: string, key = "") {
    this.baseUrl = baseUrl;
    this.keyHeaders = key === "" ? {} : { authorization: `Bearer ${key}` };
  }

  /** One try. @throws CommandFailure when there is no answer, or one that is not Tocsin's. */
  async once(request: ApiRequest, signal?: AbortSignal): Promise<Answer> {
    const headers: Record<string, string> = { accept: "application/json", ...this.keyHeaders };
    const { bodyText = request.body === undefined ? null : JSON.stringify(request.body) } = request;
    if (bodyText !== null) headers["content-type"] = "application/json";
    if (request.idempotencyKey !== undefined) {
      headers["idempotency-key"] = request.idempotencyKey;
    }
    const deadline = AbortSignal.timeout(answerTimeoutMs);
    try {
      const response = await fetch(this.baseUrl + request.path, {
        method: request.method,
        headers,
        body: bodyText,
        redirect: "error",
        signal: signal === undefined ? deadline : AbortSignal.any([deadline, signal]),
      });
      return {
        status: response.status,
        retryAfterMs: readRetryAfter(response.headers.get("retry-after")),
        body: parsed(await response.text()),
      };
    } catch (error) {
      throw this.#unreachable(error);
    }
  }

  /**
   * Tries again while the server is busy or away (429, 503), when it asks for it, up to
   * triesMax. Only for requests that are safe to repeat.
   */
  async patiently(request: ApiRequest): Promise<Answer> {
    for (let tries = 1; ; tries++) {
      const answer = await this.once(request);
      if (!isBusy(answer.status) || tries === triesMax) return answer;
      await sleep(answer.retryAfterMs);
    }
  }

  /**
   * Like `patiently`, for the body of a success.
   * @throws CommandFailure for any other answer.
   */
  async call(request: ApiRequest): Promise<unknown> {
    const answer = await this.patiently(request);
    if (answer.status >= 200 && answer.status < 300) return answer.body;
    throw new CommandFailure(explain(answer, this.baseUrl));
  }

  #unreachable(error: unknown): CommandFailure {
    const cause = error instanceof Error ? error.cause : undefined;
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
    if (code === "ECONNREFUSED") {
      return new CommandFailure(
        `nothing answers on ${this.baseUrl}: is Tocsin running? Start it with npm start, or ` +
          "say where it is with --url or TOCSIN_URL.",
      );
    }
    if (error instanceof Error && error.name === "TimeoutError") {
      return new CommandFailure(
        `${this.baseUrl} gave no answer within ${answerTimeoutMs / 1000} s; ` +
          "look at it with tocsin doctor.",
      );
    }
    const why = cause instanceof Error ? cause.message : String(error);
    return new CommandFailure(
      `cannot talk to ${this.baseUrl} (${plain(why)}); check --url or TOCSIN_URL, and that ` +
        "Tocsin is running (npm start).",
    );
  }
}

/**
 * The API at --url, TOCSIN_URL or the default address.
 * @param key default: TOCSIN_KEY; never an option, which everybody on the machine could read.
 * @throws CommandFailure for a bad URL or key.
 */
export function apiOf(flags: Flags, io: Io, key: string = io.env["TOCSIN_KEY"] ?? ""): Api {
  const given = flags.text("url") ?? (io.env["TOCSIN_URL"] || urlDefault);
  const text = given.includes("://") ? given : `http://${given}`;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !["http:", "https:"].includes(url.protocol) || url.username !== "") {
    throw usageError(
      `--url (or TOCSIN_URL): got "${plain(given)}", expected an address such as ${urlDefault}`,
    );
  }
  if (!/^[\x21-\x7e]*$/.test(key)) {
    throw usageError("TOCSIN_KEY: expected an API key, without blanks or line ends");
  }
  return new Api(url.origin + url.pathname.replace(/\/+$/, ""), key);
}

export const isBusy = (status: number): boolean => status === 429 || status === 503;

/** One sentence for an answer that is not a success: the problem's own words if it has any. */
export function explain(answer: Answer, baseUrl: string): string {
  const { title, detail } = problemOf(answer.body);
  if (title !== "" || detail !== "") {
    const said = plain([title, detail].filter((part) => part !== "").join(": "));
    return answer.status === 401 ? `${said} Here it is taken from TOCSIN_KEY.` : said;
  }
  const hint = answer.status === 404 ? "; is it Tocsin, and of this version?" : "";
  return `${baseUrl} answered with status ${answer.status}${hint}`;
}

function problemOf(body: unknown): { title: string; detail: string } {
  const empty = { title: "", detail: "" };
  if (typeof body !== "object" || body === null) return empty;
  const { title, detail } = body as { title?: unknown; detail?: unknown };
  return {
    title: typeof title === "string" ? title : "",
    detail: typeof detail === "string" ? detail : "",
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function readRetryAfter(header: string | null): number {
  const seconds = header !== null && /^\d{1,6}$/.test(header) ? Number(header) : null;
  if (seconds === null) return retryAfterDefaultMs;
  return Math.min(seconds * 1000, retryAfterMaxMs);
}
