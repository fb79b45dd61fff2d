/**
 * One request and its answer on uWebSockets.js: headers copied while they exist, body gathered
 * under limits, handler run once, answer written once, nothing touched after an abort.
 *
 *   receiving ──body complete──> handling ──> closed
 *       └── limit, deadline, abort ─────────────┘
 */
import { gunzip } from "node:zlib";
import type * as uWS from "uWebSockets.js";
import { LimitError, RetryableError } from "../runtime/errors.ts";
import type { Logger } from "../runtime/ports.ts";
import type { BodyBuffer } from "./body-buffer.ts";
import {
  type Handler,
  type HttpRequest,
  type HttpResponse,
  type Principal,
  problem,
} from "./http.ts";
import { statusLine } from "./status-line.ts";

/** Deflate cannot do better than this, so it bounds what a gzip body can become. */
const gzipRatioMax = 1032;

export type Exchange = {
  response: uWS.HttpResponse;
  handler: Handler;
  request: ReceivedRequest;
  body: BodyBuffer;
  /** When the whole body must be here, on the clock of performance.now(). */
  deadlineMs: number;
  state: "receiving" | "handling" | "closed";
  /** The client is gone: the response must not be touched any more. */
  aborted: boolean;
  bytesMax: number;
  log: Logger;
  /** Called once, when the exchange is over; status 0: nobody was there to be answered. */
  closed(exchange: Exchange, status: number): void;
  /** Whether this answer must be the connection's last. */
  isLast(): boolean;
};

export class ReceivedRequest implements HttpRequest {
  readonly method: string;
  readonly path: string;
  readonly params: Record<string, string>;
  body: Buffer = Buffer.alloc(0);
  declare principal?: Principal;

  private readonly headers: Map<string, string>;
  private readonly rawQuery: string;
  private parsedQuery: URLSearchParams | null = null;
  private abortion: AbortController | null = null;
  private aborted = false;

  constructor(
    method: string,
    path: string,
    params: Record<string, string>,
    source: uWS.HttpRequest,
  ) {
    this.method = method;
    this.path = path;
    this.params = params;
    this.rawQuery = source.getQuery();
    const headers = new Map<string, string>();
    source.forEach((name, value) => headers.set(name, value));
    this.headers = headers;
  }

  get query(): URLSearchParams {
    this.parsedQuery ??= new URLSearchParams(this.rawQuery);
    return this.parsedQuery;
  }

  header(name: string): string {
    return this.headers.get(name) ?? "";
  }

  get signal(): AbortSignal {
    this.abortion ??= new AbortController();
    if (this.aborted) this.abortion.abort();
    return this.abortion.signal;
  }

  abort(): void {
    this.aborted = true;
    this.abortion?.abort();
  }
}

/** The body is complete: runs the handler and answers. */
export async function handle(exchange: Exchange): Promise<void> {
  exchange.state = "handling";
  const { request, handler } = exchange;
  let answer: HttpResponse;
  try {
    const refusal = await takeBody(exchange);
    if (exchange.aborted) return close(exchange, 0);
    const result = refusal ?? handler(request);
    answer = result instanceof Promise ? await result : result;
  } catch (error) {
    answer = failure(exchange.log, request.method, request.path, error);
  }
  respond(exchange, answer, false);
}

/** Writes the answer and ends the exchange; does nothing for one that is over already. */
export function respond(exchange: Exchange, answer: HttpResponse, closing: boolean): void {
  if (exchange.state === "closed") return;
  if (exchange.aborted) return close(exchange, 0);
  const { response, request } = exchange;
  close(exchange, answer.status);
  const last = closing || exchange.isLast();
  response.cork(() => {
    response.writeStatus(statusLine(answer.status));
    const { headers } = answer;
    if (headers !== undefined) {
      for (const name in headers) response.writeHeader(name, headerText(headers[name] as string));
    }
    const body = answer.body ?? "";
    if (request.method !== "HEAD") response.end(body, last);
    else response.endWithoutBody(Buffer.byteLength(body), last);
  });
}

/** The client went away. A running handler keeps its share of the limits until it ends. */
export function abort(exchange: Exchange): void {
  exchange.aborted = true;
  exchange.request.abort();
  if (exchange.state === "receiving") close(exchange, 0);
}

function close(exchange: Exchange, status: number): void {
  exchange.state = "closed";
  exchange.body.free();
  exchange.closed(exchange, status);
}

function takeBody(exchange: Exchange): HttpResponse | null | Promise<HttpResponse | null> {
  const { request, body } = exchange;
  request.body = body.bytes();
  const encoding = request.header("content-encoding");
  if (encoding === "" || encoding === "identity") return null;
  if (encoding.toLowerCase() !== "gzip") {
    const detail = `Content-Encoding "${encoding.slice(0, 40)}" is not known; send gzip or none.`;
    return problem(415, "Unsupported content encoding", detail);
  }
  const inflatedBytesMax = Math.min(exchange.bytesMax, request.body.length * gzipRatioMax);
  if (!body.reserve(inflatedBytesMax)) return noBudget();
  return new Promise((resolve) => {
    const options = { maxOutputLength: Math.max(1, inflatedBytesMax) };
    gunzip(request.body, options, (error, inflated) => {
      if (error === null) request.body = inflated;
      if (error === null) resolve(null);
      else if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") {
        resolve(tooLarge(exchange.bytesMax));
      } else resolve(problem(400, "Body not understood", "The body is not valid gzip."));
    });
  });
}

export function tooLarge(bytesMax: number): HttpResponse {
  return problem(413, "Body too large", `A body may have at most ${bytesMax} bytes; split it.`);
}

export function noBudget(): HttpResponse {
  const detail = "Too many request bodies are in memory; try again in a moment.";
  return retryable(problem(503, "Busy", detail), 1);
}

export function retryable(answer: HttpResponse, seconds: number): HttpResponse {
  return { ...answer, headers: { ...answer.headers, "retry-after": String(seconds) } };
}

/** The answer for a handler that failed; the log says why. */
export function failure(log: Logger, method: string, path: string, error: unknown): HttpResponse {
  if (error instanceof RetryableError) {
    const seconds = retryAfterSeconds(error);
    if (error instanceof LimitError) {
      return retryable(problem(429, "Rate limited", `${error.message}.`), seconds);
    }
    log.warn({ err: error, method, path }, "a request could not be served now");
    return retryable(problem(503, "Unavailable", "Try again in a moment."), seconds);
  }
  log.error({ err: error, method, path }, "a request's handler failed");
  return problem(500, "Internal error", "The program failed at this request; its log says why.");
}

/** Whole seconds, at least one. */
export function retryAfterSeconds({ retryAfterMs }: RetryableError): number {
  return Math.max(1, Math.ceil((retryAfterMs ?? 0) / 1_000));
}

/** A header value can neither end its line nor begin another. */
function headerText(value: string): string {
  return value.replace(/[\r\n\0]/g, " ");
}
