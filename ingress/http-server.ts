/**
 * The HTTP server: uWebSockets.js behind the types of http.ts, with everything that a hostile
 * or unlucky client could exhaust bounded by name.
 *
 * uWebSockets.js itself refuses malformed and overlong heads (4 KiB), and closes connections
 * that are silent or drip for about 10 s, or that send a second request before the first is
 * answered. What remains is here: bodies, deadlines, numbers.
 */
import * as uWS from "uWebSockets.js";
import { TerminalError } from "../runtime/errors.ts";
import type { Logger } from "../runtime/ports.ts";
import type { Admission } from "./admission.ts";
import { BodyBudget, BodyBuffer } from "./body-buffer.ts";
import {
  Exchange,
  type ExchangeServer,
  failure,
  handle,
  handleAtOnce,
  noBudget,
  respond,
  retryable,
  tooLarge,
} from "./http-exchange.ts";
import {
  type CallingHandler,
  type FastPath,
  type Handler,
  type HttpRequest,
  type HttpResponse,
  type Route,
  problem,
} from "./http.ts";
import { isLoopback } from "./loopback.ts";
import type { Head } from "./received-request.ts";
import { Receiving } from "./receiving.ts";
import { keyHeaderNames } from "./request-key.ts";
import { type Match, Router } from "./router.ts";

export type HttpLimits = {
  bodyBytesMax: number;
  /** From the request's head to the end of its body. */
  bodyDeadlineMs: number;
  requestsInFlightMax: number;
  /** All bodies together, inflated ones included. */
  bufferedBytesMax: number;
};

export const defaultHttpLimits: HttpLimits = {
  bodyBytesMax: 16 * 1024 * 1024,
  bodyDeadlineMs: 30_000,
  requestsInFlightMax: 4096,
  bufferedBytesMax: 128 * 1024 * 1024,
};

export type HttpServerOptions = {
  log: Logger;
  limits?: Partial<HttpLimits>;
  /** Asks for API keys. Null: nobody does, and a non-loopback address is refused. */
  admission?: Admission | null;
  /** Lets several threads listen on one port, which must be given: 0 is never shared. */
  sharePort?: boolean;
  /** Serves what has no route here; null: 404 or 405. */
  elsewhere?: Handler | null;
  /** What paths may begin with, e.g. "/alerts"; default "": nothing. */
  routePrefix?: string;
};

const deadlineSweepMs = 250;
const sparesMax = 1024;
/** LIBUS_LISTEN_EXCLUSIVE_PORT: a second program on our port is an error, not a surprise. */
const exclusivePort = 1;

export class HttpServer implements ExchangeServer {
  readonly route: Route;
  readonly bodyBytesMax: number;
  readonly budget: BodyBudget;
  readonly log: Logger;
  isDraining = false;
  inFlight = 0;
  /** Answers by status class, for metrics: [2] counts 2xx, [0] clients that went away. */
  readonly answers = [0, 0, 0, 0, 0, 0];

  private readonly app = uWS.App();
  private readonly router = new Router();
  private readonly limits: HttpLimits;
  private readonly admission: Admission | null;
  private readonly sharePort: boolean;
  private readonly elsewhere: Handler | null;
  private readonly routePrefix: string;
  private readonly receiving = new Receiving<Exchange>();
  /** Exchanges for the next requests of fast paths. */
  private readonly spares: Exchange[] = [];
  private sweep: NodeJS.Timeout | null = null;
  /** When it was last looked for bodies that are late; exact enough to reckon deadlines from. */
  private sweptMs = 0;
  private listener: uWS.us_listen_socket | null = null;
  private idle: (() => void) | null = null;

  constructor(options: HttpServerOptions) {
    this.log = options.log;
    this.limits = { ...defaultHttpLimits, ...options.limits };
    this.admission = options.admission ?? null;
    this.sharePort = options.sharePort ?? false;
    this.elsewhere = options.elsewhere ?? null;
    this.routePrefix = options.routePrefix ?? "";
    this.bodyBytesMax = this.limits.bodyBytesMax;
    this.budget = new BodyBudget(this.limits.bufferedBytesMax);
    this.route = (method, pattern, handler, access, fastPath) => {
      this.router.route(method, pattern, handler, access);
      if (fastPath !== undefined) this.openFastPath(method, pattern, fastPath);
    };
    this.app.any("/*", (response, source) => {
      const method = source.getCaseSensitiveMethod();
      const path = this.withoutPrefix(source.getUrl());
      const match = this.router.match(method, path);
      const params = match.kind === "found" ? match.params : {};
      const head = { method, path, params, headers: null };
      this.accept(new Exchange(this), response, source, match, head, null);
    });
  }

  /** Bytes of request bodies in memory. */
  get bufferedBytes(): number {
    return this.budget.used;
  }

  /**
   * @param port 0 picks a free one.
   * @throws TerminalError when the address is refused or taken.
   */
  async listen(host: string, port: number): Promise<{ host: string; port: number }> {
    if (this.admission === null && !isLoopback(host)) {
      throw new TerminalError(
        `refusing to listen on ${host}: it can be reached from other machines and requests need ` +
          "no API key; set auth.mode to keys, or listen on 127.0.0.1",
      );
    }
    const socket = await new Promise<uWS.us_listen_socket | false>((resolve) => {
      const listen = this.app.listen.bind(this.app) as unknown as ListenWithOptions;
      listen(host, port, this.sharePort ? 0 : exclusivePort, resolve);
    });
    if (socket === false) {
      throw new TerminalError(`cannot listen on ${host}:${port}: the address is taken or not ours`);
    }
    this.listener = socket;
    this.sweptMs = performance.now();
    this.sweep = setInterval(() => this.expire(), deadlineSweepMs);
    return { host, port: uWS.us_socket_local_port(socket as unknown as uWS.us_socket) };
  }

  /** Serves a request that arrived elsewhere, as if it had arrived here. */
  async dispatch(request: Omit<HttpRequest, "params">): Promise<HttpResponse> {
    const { method } = request;
    const path = this.withoutPrefix(request.path);
    const match = this.router.match(method, path);
    if (match.kind !== "found") return refusal(match, path);
    const served: HttpRequest = { ...request, params: match.params };
    const refused = this.admission?.admit(served, match.access) ?? null;
    if (refused !== null) return refused;
    try {
      return await match.handler(served);
    } catch (error) {
      return failure(this.log, method, path, error);
    }
  }

  /** Accepts no more, lets requests in flight finish for `graceMs`, then closes everything. */
  async drain(graceMs: number): Promise<void> {
    this.isDraining = true;
    if (this.listener !== null) uWS.us_listen_socket_close(this.listener);
    this.listener = null;
    if (this.inFlight > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, graceMs);
        this.idle = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    // The last answers are still on their way to the kernel in this turn.
    await new Promise((resolve) => setImmediate(resolve));
    if (this.sweep !== null) clearInterval(this.sweep);
    this.app.close();
  }

  /** Probes and programs on this machine need not know of the prefix. */
  private withoutPrefix(path: string): string {
    const { routePrefix } = this;
    if (routePrefix === "" || !path.startsWith(`${routePrefix}/`)) return path;
    return path.slice(routePrefix.length);
  }

  /** Requests of exactly this method and path do not ask our router; all others do. */
  private openFastPath(method: string, path: string, { headers, handler }: FastPath): void {
    const match = this.router.match(method, path);
    if (method !== "POST" || path.includes("/:") || match.kind !== "found") {
      throw new Error(`${method} ${path} cannot have a fast path`);
    }
    const keyHeaders = this.admission === null ? [] : keyHeaderNames;
    const copied = ["content-encoding", ...headers, ...keyHeaders];
    const head = { method, path, params: match.params, headers: copied };
    for (const pattern of new Set([path, `${this.routePrefix}${path}`])) {
      this.app.post(pattern, (response, source) =>
        this.accept(this.fresh(), response, source, match, head, handler ?? null),
      );
    }
  }

  private accept(
    exchange: Exchange,
    response: uWS.HttpResponse,
    source: uWS.HttpRequest,
    match: Match,
    head: Head,
    calling: CallingHandler | null,
  ): void {
    const { method, path } = head;
    const found = match.kind === "found" ? match : null;
    const handler = found?.handler ?? this.elsewhere;
    const expectedBytes = Number(source.getHeader("content-length")) || 0;
    exchange.begin(response, head, source, handler ?? (() => refusal(match, path)), calling);
    exchange.expectedBytes = expectedBytes;
    exchange.deadlineMs = this.sweptMs + deadlineSweepMs + this.limits.bodyDeadlineMs;
    this.inFlight += 1;
    response.onAborted(exchange.whenAborted);
    if (this.inFlight > this.limits.requestsInFlightMax) {
      respond(exchange, busy(), expectedBytes > 0);
    } else if (expectedBytes > this.limits.bodyBytesMax) {
      respond(exchange, tooLarge(this.limits.bodyBytesMax), true);
    } else if (handler === null && expectedBytes > 0) {
      respond(exchange, refusal(match, path), true);
    } else {
      const { admission } = this;
      const refused =
        admission === null || found === null
          ? null
          : admission.admit(exchange.request, found.access);
      if (refused === null) {
        this.receiving.add(exchange);
        response.onData(exchange.whenData);
      }
      else respond(exchange, refused, method !== "GET" && method !== "HEAD");
    }
  }

  arrived(exchange: Exchange, chunk: ArrayBuffer, isLast: boolean): void {
    if (exchange.state !== "receiving") return;
    const { request } = exchange;
    const inPlace = request.isFast && request.header("content-encoding") === "";
    if (inPlace && isLast && exchange.body === null) {
      this.receiving.delete(exchange);
      return handleAtOnce(exchange, chunk);
    }
    exchange.body ??= new BodyBuffer(this.budget, exchange.expectedBytes, this.bodyBytesMax);
    const kept = exchange.body.append(chunk);
    if (kept === "tooLarge") respond(exchange, tooLarge(this.limits.bodyBytesMax), true);
    else if (kept === "noBudget") respond(exchange, noBudget(), true);
    else if (isLast) {
      this.receiving.delete(exchange);
      handle(exchange, exchange.body);
    }
  }

  private fresh(): Exchange {
    return this.spares.pop() ?? new Exchange(this);
  }

  spare(exchange: Exchange): void {
    if (this.spares.length < sparesMax) this.spares.push(exchange);
  }

  private expire(): void {
    const nowMs = performance.now();
    this.sweptMs = nowMs;
    for (;;) {
      const exchange = this.receiving.oldest();
      if (exchange === null || exchange.deadlineMs > nowMs) return;
      const detail = `The body did not arrive within ${this.limits.bodyDeadlineMs} ms.`;
      respond(exchange, problem(408, "Body too slow", detail), true);
    }
  }

  closed(exchange: Exchange, status: number): void {
    const statusClass = Math.floor(status / 100);
    this.answers[statusClass] = (this.answers[statusClass] ?? 0) + 1;
    this.receiving.delete(exchange);
    this.inFlight -= 1;
    if (this.inFlight === 0) this.idle?.();
  }
}

/** The native function takes options with a host, which its types do not say. */
type ListenWithOptions = (
  host: string,
  port: number,
  options: number,
  listening: (socket: uWS.us_listen_socket | false) => void,
) => void;

function busy(): HttpResponse {
  const detail = "Too many requests are in flight; try again in a moment.";
  return retryable(problem(503, "Busy", detail), 1);
}

function refusal(match: Match, path: string): HttpResponse {
  if (match.kind === "wrongMethod") {
    const answer = problem(405, "Method not allowed", `This path has: ${match.allow}.`);
    return { ...answer, headers: { ...answer.headers, allow: match.allow } };
  }
  if (match.kind === "badPath") {
    return problem(400, "Bad path", "The path is not valid percent-encoding.");
  }
  return problem(404, "Not found", `There is nothing at ${path.slice(0, 200)}.`);
}
