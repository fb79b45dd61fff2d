/**
 * A real HTTP server on loopback that plays somebody's webhook endpoint: it records every
 * delivery and answers as it is told, so that tests can watch retries, limits and time-outs.
 */
import { createServer } from "node:http";
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export type ReceivedDelivery = {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  /** The body's bytes as text. */
  body: string;
  atMs: number;
};

export type Answer = {
  status: number;
  headers?: Record<string, string>;
  body?: string;
  /** Wait before the answer. */
  delayMs?: number;
  /** Instead of an answer: "reset" breaks the connection, "silence" never answers. */
  instead?: "reset" | "silence";
};

export type WebhookReceiver = {
  /** http://127.0.0.1:port */
  url: string;
  deliveries: ReceivedDelivery[];
  /** The greatest number of requests that were open at once. */
  openMax(): number;
  /** Answers the next requests of the path in this order, then 200 again. */
  script(path: string, ...answers: Answer[]): void;
  /** Answers all further requests of the path, after its script. */
  always(path: string, answer: Answer): void;
  /** Resolves when `count` deliveries (of the path, if given) have come in. @throws late. */
  received(count: number, path?: string, withinMs?: number): Promise<ReceivedDelivery[]>;
  stop(): Promise<void>;
};

const receivedWithinMs = 10_000;
const pollMs = 5;

export async function startWebhookReceiver(): Promise<WebhookReceiver> {
  const deliveries: ReceivedDelivery[] = [];
  const scripts = new Map<string, Answer[]>();
  const standing = new Map<string, Answer>();
  let open = 0;
  let openMax = 0;

  const server = createServer(async (request, response) => {
    openMax = Math.max(openMax, ++open);
    response.once("close", () => open--);
    const path = request.url ?? "";
    const body = await read(request);
    const { method = "", headers } = request;
    deliveries.push({ method, path, headers, body, atMs: Date.now() });
    const answer = scripts.get(path)?.shift() ?? standing.get(path) ?? { status: 200 };
    if (answer.delayMs === undefined) reply(answer, request, response);
    else setTimeout(() => reply(answer, request, response), answer.delayMs);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;

  const seen = (path?: string): ReceivedDelivery[] =>
    deliveries.filter((one) => path === undefined || one.path === path);

  return {
    url: `http://127.0.0.1:${port}`,
    deliveries,
    openMax: () => openMax,
    script: (path, ...answers) => void scripts.set(path, answers),
    always: (path, answer) => void standing.set(path, answer),
    async received(count, path, withinMs = receivedWithinMs) {
      const deadlineMs = Date.now() + withinMs;
      while (seen(path).length < count) {
        if (Date.now() > deadlineMs) {
          throw new Error(`got ${seen(path).length} deliveries in ${withinMs} ms, not ${count}`);
        }
        await new Promise((resolve) => setTimeout(resolve, pollMs));
      }
      return seen(path);
    },
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  } catch {
    // A client that breaks off has still delivered what it delivered.
  }
  return Buffer.concat(chunks).toString("utf8");
}

function reply(answer: Answer, request: IncomingMessage, response: ServerResponse): void {
  if (answer.instead === "silence" || response.destroyed) return;
  if (answer.instead === "reset") {
    request.socket.resetAndDestroy();
    return;
  }
  response.writeHead(answer.status, answer.headers);
  response.end(answer.body ?? "");
}
