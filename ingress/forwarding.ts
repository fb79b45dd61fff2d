/**
 * Requests that a door in another thread cannot serve itself, on their way to the main thread and
 * back. How many there are at once is bounded by the door's own limits.
 */
import type { MessagePort } from "node:worker_threads";
import type { Handler, HttpRequest, HttpResponse } from "./http.ts";

/** A request as it travels; `params` are found out where it is served. */
type Forwarded = {
  kind: "request";
  id: number;
  method: string;
  path: string;
  query: string;
  headers: Record<string, string>;
  body: Uint8Array;
};
type Answered = { kind: "answer"; id: number; response: HttpResponse };
type Aborted = { kind: "abort"; id: number };

/** What a forwarded request may ask for; the headers that handlers look at. */
const headerNames = [
  ...["content-type", "accept", "idempotency-key"],
  ...["authorization", "x-api-key", "x-routing-key"],
];

export type Dispatch = (request: Omit<HttpRequest, "params">) => Promise<HttpResponse>;

/** In the door: a handler whose answers come through the port. */
export function forwarding(port: MessagePort): Handler {
  const waiting = new Map<number, (response: HttpResponse) => void>();
  let serial = 0;
  port.on("message", (message: { kind: string }) => {
    if (message.kind !== "answer") return;
    const { id, response } = message as Answered;
    waiting.get(id)?.(response);
    waiting.delete(id);
  });
  return (request) => {
    const { method, path, query, body, signal } = request;
    serial += 1;
    const id = serial;
    const headers = Object.fromEntries(headerNames.map((name) => [name, request.header(name)]));
    // Bodies lie in memory that is used again.
    const copied = Uint8Array.from(body);
    const message: Forwarded = {
      ...{ kind: "request", id, method, path, headers },
      query: query.toString(),
      body: copied,
    };
    const answer = new Promise<HttpResponse>((resolve) => waiting.set(id, resolve));
    port.postMessage(message, [copied.buffer]);
    signal.addEventListener("abort", () => {
      port.postMessage({ kind: "abort", id } satisfies Aborted);
    });
    return answer;
  };
}

/** In the main thread: answers what comes through the port. */
export function answerForwarded(port: MessagePort, dispatch: Dispatch): void {
  const underWay = new Map<number, AbortController>();
  port.on("message", (message: { kind: string }) => {
    if (message.kind === "abort") underWay.get((message as Aborted).id)?.abort();
    if (message.kind !== "request") return;
    const { id, method, path, query, headers, body } = message as Forwarded;
    const controller = new AbortController();
    underWay.set(id, controller);
    const request = {
      ...{ method, path, signal: controller.signal },
      query: new URLSearchParams(query),
      header: (name: string): string => headers[name] ?? "",
      body: Buffer.from(body.buffer, body.byteOffset, body.length),
    };
    void dispatch(request).then((response) => {
      underWay.delete(id);
      port.postMessage({ kind: "answer", id, response } satisfies Answered);
    });
  });
}
