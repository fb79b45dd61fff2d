/**
 * The webhook channel: one HTTP POST per attempt, on a connection of its own.
 *
 * W1 The connection goes only to addresses that address-guard.ts allows, checked when resolved.
 * W2 Redirects are never followed: the place an operator wrote is the place that is asked.
 * W3 Every attempt has one deadline over resolving, connecting, sending and the answer's head.
 * W4 At most `responseBytesMax` of an answer are read, and only to explain a failure.
 * W5 The same notification has the same Idempotency-Key and the same body at every attempt.
 */
import { createHmac } from "node:crypto";
import { request as httpRequest } from "node:http";
import type { IncomingMessage, RequestOptions } from "node:http";
import { request as httpsRequest } from "node:https";
import { isIP } from "node:net";
import type { Notification } from "../../actors/incident/types.ts";
import { RetryableError, TerminalError } from "../../runtime/errors.ts";
import type { Clock } from "../../runtime/ports.ts";
import { addressAllowed, guardedLookup, refusal } from "../address-guard.ts";
import type { Channel, DeliveryResult } from "../channel.ts";
import { cloudEventContentType, renderWebhook } from "./render.ts";
import { parseRetryAfterMs } from "./retry-after.ts";
import { checkTarget, redact } from "./target.ts";
import type { CheckedTarget } from "./target.ts";

export const responseBytesMax = 4_096;
/** Time for a failing answer's body, within the attempt's deadline. */
const explanationMs = 1_000;
const explanationCharsMax = 200;

/** Answers that a later attempt may change, besides 5xx. */
const retryableStatuses = new Set([408, 425, 429]);

export type WebhookOptions = {
  clock: Clock;
  /** CloudEvents source, a URI-reference naming the installation, e.g. "/tocsin". */
  source: string;
  userAgent: string;
  /** Stands in for the socket's name resolution in tests. */
  resolve?: Parameters<typeof guardedLookup>[1];
};

export function createWebhookChannel(options: WebhookOptions): Channel {
  return {
    async send(notification, target, signal): Promise<DeliveryResult> {
      const checked = checkTarget(target);
      try {
        return await attempt(notification, checked, signal, options);
      } catch (error) {
        throw withoutSecrets(error, checked);
      }
    },
  };
}

async function attempt(
  notification: Notification,
  target: CheckedTarget,
  signal: AbortSignal,
  options: WebhookOptions,
): Promise<DeliveryResult> {
  const host = target.url.hostname.replace(/^\[|\]$/g, "");
  if (isIP(host) !== 0 && !addressAllowed(host, target.allowPrivate)) throw refusal(host, host);
  const startMs = options.clock.nowMs();
  const body = Buffer.from(JSON.stringify(renderWebhook(notification, options.source)));
  const deadline = AbortSignal.timeout(target.timeoutMs);
  const headers = requestHeaders(notification.id, target, body, startMs, options.userAgent);
  const response = await post(target, headers, body, {
    signal: AbortSignal.any([signal, deadline]),
    lookup: guardedLookup(target.allowPrivate, options.resolve),
  }).catch((error: unknown) => {
    throw classifyFailure(error, target, signal.aborted, deadline.aborted);
  });
  const status = response.statusCode ?? 0;
  if (status >= 200 && status < 300) {
    response.destroy();
    return { detail: `HTTP ${status} in ${Math.round(options.clock.nowMs() - startMs)} ms` };
  }
  throw await classifyStatus(status, response, options.clock.nowMs());
}

function requestHeaders(
  id: string,
  target: CheckedTarget,
  body: Buffer,
  nowMs: number,
  userAgent: string,
): Record<string, string> {
  const headers: Record<string, string> = {
    "user-agent": userAgent,
    accept: "*/*",
    ...target.headers,
    "content-type": cloudEventContentType,
    "content-length": String(body.length),
    "idempotency-key": headerText(id),
    connection: "close",
  };
  if (target.secret !== null) {
    headers["tocsin-signature"] = signature(target.secret, Math.floor(nowMs / 1000), body);
  }
  return headers;
}

/** `t=<seconds>,v1=<hex>`: HMAC-SHA256 over "<seconds>.<body>". */
export function signature(secret: string, atSeconds: number, body: Uint8Array): string {
  const mac = createHmac("sha256", secret).update(`${atSeconds}.`).update(body).digest("hex");
  return `t=${atSeconds},v1=${mac}`;
}

/** Ids are plain ASCII in practice; anything else is percent-encoded rather than refused. */
function headerText(id: string): string {
  return /^[\x21-\x7e]+$/.test(id) ? id : encodeURIComponent(id);
}

/** Resolves with the answer's head. */
function post(
  target: CheckedTarget,
  headers: Record<string, string>,
  body: Buffer,
  how: Pick<RequestOptions, "signal" | "lookup">,
): Promise<IncomingMessage> {
  const request = target.url.protocol === "https:" ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const sent = request(target.url, { method: "POST", headers, agent: false, ...how });
    sent.once("error", reject);
    sent.once("response", (response) => {
      // An answer whose body ends badly has still answered.
      response.on("error", () => {});
      sent.on("error", () => {});
      resolve(response);
    });
    sent.end(body);
  });
}

function classifyFailure(
  error: unknown,
  target: CheckedTarget,
  stopped: boolean,
  timedOut: boolean,
): RetryableError | TerminalError {
  if (error instanceof TerminalError) return error;
  const host = target.url.host;
  if (stopped) return new RetryableError(`attempt at ${host} was ended early`, { cause: error });
  if (timedOut) {
    const message = `no answer from ${host} within ${target.timeoutMs} ms`;
    return new RetryableError(message, { cause: error });
  }
  const what = error instanceof Error ? failureText(error) : String(error);
  return new RetryableError(`${host} out of reach: ${what}`, { cause: error });
}

/** Several addresses that all failed come as an AggregateError without a message. */
function failureText(error: Error): string {
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  return first instanceof Error && first.message !== "" ? first.message : error.name;
}

async function classifyStatus(
  status: number,
  response: IncomingMessage,
  nowMs: number,
): Promise<RetryableError | TerminalError> {
  if (status >= 300 && status < 400) {
    response.destroy();
    return new TerminalError(`HTTP ${status}: redirects are not followed`);
  }
  const said = await explanation(response);
  const message = `HTTP ${status}${said === "" ? "" : `: ${said}`}`;
  if (status < 500 && !retryableStatuses.has(status)) return new TerminalError(message);
  const wish = parseRetryAfterMs(response.headers["retry-after"], nowMs);
  return new RetryableError(message, wish === null ? {} : { retryAfterMs: wish });
}

/** The beginning of a failing answer's body, on one line; "" when it says nothing in time. */
async function explanation(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const stop = setTimeout(() => response.destroy(), explanationMs);
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= responseBytesMax) break;
    }
  } catch {
    // What arrived before the connection broke still explains something.
  } finally {
    clearTimeout(stop);
    response.destroy();
  }
  const text = Buffer.concat(chunks).subarray(0, responseBytesMax).toString("utf8");
  return text.replace(/[\s\p{C}]+/gu, " ").trim();
}

/** The same error with secrets taken out of its message, then cut to length. */
function withoutSecrets(error: unknown, target: CheckedTarget): unknown {
  if (!(error instanceof RetryableError || error instanceof TerminalError)) return error;
  const text = redact(error.message, target);
  const cut = text.length > explanationCharsMax;
  const message = cut ? `${text.slice(0, explanationCharsMax)}…` : text;
  const { cause } = error;
  if (error instanceof TerminalError) return new TerminalError(message, { cause });
  const wish = error.retryAfterMs;
  return new RetryableError(message, { cause, ...(wish !== null && { retryAfterMs: wish }) });
}
