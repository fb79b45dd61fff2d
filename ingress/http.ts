/** The HTTP surface as routes see it; http-server.ts implements it over uWebSockets.js. */

export type HttpRequest = {
  method: string;
  path: string;
  /** Values of the pattern's `:names`, percent-decoded. */
  params: Record<string, string>;
  query: URLSearchParams;
  /** Header value by lower-case name; "" when absent. */
  header(name: string): string;
  /** Whole body; valid until the handler's promise settles. */
  body: Buffer;
  /** Aborted when the client goes away. */
  signal: AbortSignal;
};

export type HttpResponse = {
  status: number;
  headers?: Record<string, string>;
  body?: string | Uint8Array;
};

export type Handler = (request: HttpRequest) => HttpResponse | Promise<HttpResponse>;

/** Registers a handler, e.g. route("GET", "/v1/incidents/:id", handler). */
export type Route = (
  method: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS",
  pattern: string,
  handler: Handler,
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
