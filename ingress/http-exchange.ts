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
import type { BodyBudget, BodyBuffer } from "./body-buffer.ts";
import { type CallingHandler, type Handler, type HttpResponse, problem } from "./http.ts";
import { type Head, ReceivedRequest } from "./received-request.ts";
import { Linked } from "./receiving.ts";
import { statusLine } from "./status-line.ts";

/** Deflate cannot do better than this, so it bounds what a gzip body can become. */
const gzipRatioMax = 1032;

/**
 * Many small requests each made a dozen objects and functions, most of what they cost the engine.
 * So an exchange binds its callbacks once, and one whose request came in one piece and was answered
 * serves another request: nobody can call it any more.
 */
export class Exchange extends Linked {
  readonly server: ExchangeServer;
  request = new ReceivedRequest();
  declare response: uWS.HttpResponse;
  declare handler: Handler;
  /** The fast path's own; null: the route's. */
  calling: CallingHandler | null = null;
  /** The Content-Length, 0 when unknown. */
  expectedBytes = 0;
  /** When the whole body must be here, on the clock of performance.now(). */
  deadlineMs = 0;
  /** Null: nothing of it was kept yet. */
  body: BodyBuffer | null = null;
  state: "receiving" | "handling" | "closed" = "closed";
  /** The client is gone: the response must not be touched any more. */
  aborted = false;

  readonly whenAborted = (): void => abort(this);
  readonly whenData = (chunk: ArrayBuffer, isLast: boolean): void =>
    this.server.arrived(this, chunk, isLast);
  readonly answer = (answer: HttpResponse): void => {
    const { state, aborted, body } = this;
    respond(this, answer, false);
    // Its body came whole, and its handler has given the one answer that it may give.
    if (state === "handling" && !aborted && body === null) this.server.spare(this);
  };
  /** Writes what `pending` says, corked. */
  readonly write = (): void => writeAnswer(this);
  pending: HttpResponse = { status: 200 };
  /** Whether the answer is its connection's last. */
  isLast = false;

  constructor(server: ExchangeServer) {
    super();
    this.server = server;
  }

  /** The head is here; of the request before, nothing is left. */
  begin(
    response: uWS.HttpResponse,
    head: Head,
    source: uWS.HttpRequest,
    handler: Handler,
    calling: CallingHandler | null,
  ): void {
    this.response = response;
    this.handler = handler;
    this.calling = calling;
    // Who asked is of one request; to delete it would make the object slow.
    if (this.request.principal !== undefined) this.request = new ReceivedRequest();
    this.request.begin(head, source);
    this.body = null;
    this.state = "receiving";
    this.aborted = false;
  }
}

/** What the exchanges of one server have in common. */
export interface ExchangeServer {
  readonly bodyBytesMax: number;
  readonly budget: BodyBudget;
  readonly log: Logger;
  /** Whether answers from now on must be their connections' last. */
  readonly isDraining: boolean;
  /** Something of the body; its memory is valid only now. */
  arrived(exchange: Exchange, chunk: ArrayBuffer, isLast: boolean): void;
  /** Called once, when the exchange is over; status 0: nobody was there to be answered. */
  closed(exchange: Exchange, status: number): void;
  /** Nobody can call the exchange any more. */
  spare(exchange: Exchange): void;
}

/** The body is complete: runs the handler and answers. */
export function handle(exchange: Exchange, body: BodyBuffer): void {
  exchange.state = "handling";
  const { request } = exchange;
  request.body = body.bytes();
  const encoding = request.header("content-encoding");
  if (encoding === "" || encoding === "identity") return run(exchange);
  const refusal = inflate(exchange, body, encoding.toLowerCase());
  if (refusal !== null) respond(exchange, refusal, false);
}

/**
 * The body is this chunk, whose memory is valid only now: so it takes no copy, where a fast
 * path's handler is content with that.
 */
export function handleAtOnce(exchange: Exchange, chunk: ArrayBuffer): void {
  exchange.state = "handling";
  exchange.request.body = Buffer.from(chunk);
  const { calling } = exchange;
  if (calling === null) return run(exchange);
  try {
    calling(exchange.request, exchange.answer);
  } catch (error) {
    fail(exchange, error);
  }
}

function fail(exchange: Exchange, error: unknown): void {
  const { request, server } = exchange;
  respond(exchange, failure(server.log, request.method, request.path, error), false);
}

/** Promises are awaited by hand: an async function would add two to each request. */
function run(exchange: Exchange): void {
  const { request, handler } = exchange;
  const failed = (error: unknown): void => fail(exchange, error);
  try {
    const result = handler(request);
    if (result instanceof Promise) {
      result.then((answer) => respond(exchange, answer, false), failed);
    } else {
      respond(exchange, result, false);
    }
  } catch (error) {
    failed(error);
  }
}

/** Writes the answer and ends the exchange; does nothing for one that is over already. */
export function respond(exchange: Exchange, answer: HttpResponse, closing: boolean): void {
  if (exchange.state === "closed") return;
  if (exchange.aborted) return close(exchange, 0);
  const { server, response } = exchange;
  close(exchange, answer.status);
  exchange.pending = answer;
  exchange.isLast = closing || server.isDraining;
  response.cork(exchange.write);
}

function writeAnswer({ response, pending, request, isLast }: Exchange): void {
  const { status, headers, body } = pending;
  // 200 is what uWebSockets.js writes by itself.
  if (status !== 200) response.writeStatus(statusLine(status));
  if (headers !== undefined) {
    for (const name in headers) response.writeHeader(name, headerText(headers[name] as string));
  }
  if (body === undefined && !isLast) response.end();
  else if (request.method !== "HEAD") response.end(body ?? "", isLast);
  else response.endWithoutBody(Buffer.byteLength(body ?? ""), isLast);
}

/** The client went away. A running handler keeps its share of the limits until it ends. */
export function abort(exchange: Exchange): void {
  exchange.aborted = true;
  exchange.request.abort();
  if (exchange.state === "receiving") close(exchange, 0);
}

function close(exchange: Exchange, status: number): void {
  exchange.state = "closed";
  exchange.body?.free();
  exchange.server.closed(exchange, status);
}

/** Runs the handler with what the body was before its encoding, or @returns the refusal. */
function inflate(exchange: Exchange, body: BodyBuffer, encoding: string): HttpResponse | null {
  const { request, server } = exchange;
  if (encoding !== "gzip") {
    const detail = `Content-Encoding "${encoding.slice(0, 40)}" is not known; send gzip or none.`;
    return problem(415, "Unsupported content encoding", detail);
  }
  const inflatedBytesMax = Math.min(server.bodyBytesMax, request.body.length * gzipRatioMax);
  if (!body.reserve(inflatedBytesMax)) return noBudget();
  const options = { maxOutputLength: Math.max(1, inflatedBytesMax) };
  gunzip(request.body, options, (error, inflated) => {
    if (exchange.aborted) close(exchange, 0);
    else if (error === null) {
      request.body = inflated;
      run(exchange);
    } else if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") {
      respond(exchange, tooLarge(server.bodyBytesMax), false);
    } else {
      const refusal = problem(400, "Body not understood", "The body is not valid gzip.");
      respond(exchange, refusal, false);
    }
  });
  return null;
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
