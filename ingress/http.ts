/** The HTTP surface as routes see it; http-server.ts implements it over uWebSockets.js. */
import type { Scope } from "../runtime/api-keys.ts";
import type { AlertOwner } from "../runtime/services.ts";

/** Whom a request's key stands for. */
export type Principal = AlertOwner & { keyId: string };

export type HttpRequest = {
  method: string;
  path: string;
  /** Values of the pattern's `:names`, percent-decoded. */
  params: Record<string, string>;
  query: URLSearchParams;
  /** Header value by lower-case name; "" when absent. */
  header(name: string): string;
  /** Whole body; valid until the handler's promise settles, but see FastPath. */
  body: Buffer;
  /** Aborted when the client goes away. */
  signal: AbortSignal;
  /** Absent where no key was asked for. */
  principal?: Principal;
};

export type HttpResponse = {
  status: number;
  headers?: Record<string, string>;
  body?: string | Uint8Array;
};

export type Handler = (request: HttpRequest) => HttpResponse | Promise<HttpResponse>;

/**
 * What a request's key must allow; "open": no key is asked for, or the handler asks itself. Keys
 * of one tenant are let through to "ingest", and where the handler separates by tenant.
 */
export type Access = Scope | "open" | { scope: Scope; byTenant: true };

/**
 * For a handler of many small requests, which then cost about half: it gets the headers named
 * here (in lower case) and no other, an empty query, and a body that is valid only until the
 * handler returns, even if what it returns is a promise. Only for POST, and paths without names.
 */
export type FastPath = {
  headers: readonly string[];
  /** Serves what came in one piece in the handler's place: it makes no promise. */
  handler?: CallingHandler;
};

/** Answers by one call, now or later; what it throws is an answer too. */
export type CallingHandler = (
  request: HttpRequest,
  answer: (response: HttpResponse) => void,
) => void;

/**
 * Registers a handler, e.g. route("GET", "/v1/incidents/:id", handler).
 * @param access default: "read" for GET and HEAD, "open" for OPTIONS, "admin" for all others.
 */
export type Route = (
  method: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS",
  pattern: string,
  handler: Handler,
  access?: Access,
  fastPath?: FastPath,
) => void;

/** RFC 9457 problem details; `detail` says what to do next. */
export function problem(
  status: number,
  title: string,
  detail: string,
  extra: Record<string, unknown> = {},
): HttpResponse {
  return {
    status,
    headers: { "content-type": "application/problem+json" },
    body: JSON.stringify({ type: "about:blank", title, status, detail, ...extra }),
  };
}

export function json(status: number, value: unknown): HttpResponse {
  return {
    status,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(value),
  };
}
