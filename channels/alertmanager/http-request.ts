/**
 * One HTTP exchange on a connection of its own: guarded addresses, TLS as configured, bounded
 * reading of the answer. Redirects and credentials are somebody else's.
 */
import { request as httpRequest } from "node:http";
import type { IncomingHttpHeaders, IncomingMessage, RequestOptions } from "node:http";
import { request as httpsRequest } from "node:https";
import { isIP } from "node:net";
import type { SecureVersion } from "node:tls";
import type { TlsSettings } from "../../runtime/config/alertmanager/http-config.ts";
import { RetryableError, TerminalError } from "../../runtime/errors.ts";
import { addressAllowed, guardedLookup, refusal } from "../address-guard.ts";
import type { Attempt } from "./attempt.ts";
import { guarded, openTunnel } from "./http-proxy.ts";
import type { Proxy } from "./http-proxy.ts";

/** At most this much of an answer is read. */
export const answerBytesMax = 65_536;
/** Time for the body of a failing answer, which only explains. */
const explanationMs = 1_000;

export type HttpRequest = {
  method: "GET" | "POST" | "PUT";
  url: URL;
  headers: Record<string, string | string[]>;
  body: Buffer | null;
};

export type HttpAnswer = {
  status: number;
  headers: IncomingHttpHeaders;
  /** Its beginning; "" for a success whose body nobody wants. */
  body: string;
};

export type TlsOptions = Pick<
  RequestOptions & { ca?: string; cert?: string; key?: string; servername?: string },
  "ca" | "cert" | "key" | "servername"
> & { rejectUnauthorized?: boolean; minVersion?: SecureVersion; maxVersion?: SecureVersion };

/** @throws RetryableError for a file that cannot be read. */
export async function tlsOptions(
  settings: TlsSettings | null,
  attempt: Attempt,
): Promise<TlsOptions> {
  if (settings === null) return {};
  const { ca, cert, key, server_name: servername } = settings;
  const read = attempt.secrets;
  return {
    ...(ca !== null && { ca: await read.read(ca) }),
    ...(cert !== null && { cert: await read.read(cert) }),
    ...(key !== null && { key: await read.read(key) }),
    ...(servername !== "" && { servername }),
    ...(settings.min_version !== "" && { minVersion: secureVersion(settings.min_version) }),
    ...(settings.max_version !== "" && { maxVersion: secureVersion(settings.max_version) }),
    rejectUnauthorized: !settings.insecure_skip_verify,
  };
}

/** "TLS12" as Node spells it. */
function secureVersion(name: string): SecureVersion {
  const minor = name.slice(-1);
  return (minor === "0" ? "TLSv1" : `TLSv1.${minor}`) as SecureVersion;
}

/** How the peer is reached. */
export type HttpRoute = { tls: TlsOptions; proxy: Proxy | null };

/**
 * @param wantsBody whether the body of a success is of interest.
 * @throws RetryableError when the peer is out of reach, TerminalError for a refused address.
 */
export async function exchange(
  request: HttpRequest,
  { tls, proxy }: HttpRoute,
  attempt: Attempt,
  wantsBody: boolean,
): Promise<HttpAnswer> {
  const { context, signal } = attempt;
  const allowPrivate = context.allowPrivateAddresses ?? true;
  const host = request.url.hostname.replace(/^\[|\]$/g, "");
  if (isIP(host) !== 0 && !addressAllowed(host, allowPrivate)) throw refusal(host, host);
  const lookup = guardedLookup(allowPrivate, context.resolve);
  const sent =
    proxy === null
      ? head(request, { ...tls, signal, lookup, agent: false })
      : headThrough(proxy, request, tls, attempt);
  const response = await sent.catch((error: unknown) => {
    if (error instanceof TerminalError || error instanceof RetryableError) throw error;
    throw new RetryableError(`${request.url.host} out of reach: ${failureText(error)}`);
  });
  const status = response.statusCode ?? 0;
  const isSuccess = status >= 200 && status < 300;
  const isRead = isSuccess ? wantsBody : status >= 400;
  const body = isRead ? await readBody(response, isSuccess) : "";
  response.destroy();
  return { status, headers: response.headers, body };
}

/** Resolves with the answer's head. */
function head(
  { method, url, headers, body }: HttpRequest,
  options: RequestOptions,
): Promise<IncomingMessage> {
  const send = url.protocol === "https:" ? httpsRequest : httpRequest;
  const length = body === null ? {} : { "content-length": String(body.length) };
  const all = { ...headers, ...length, connection: "close" };
  return new Promise((resolve, reject) => {
    const sent = send(url, { method, headers: all, ...options });
    sent.once("error", reject);
    sent.once("response", (response) => {
      // An answer whose body ends badly has still answered.
      response.on("error", () => {});
      sent.on("error", () => {});
      resolve(response);
    });
    sent.end(body ?? undefined);
  });
}

async function headThrough(
  proxy: Proxy,
  request: HttpRequest,
  tls: TlsOptions,
  attempt: Attempt,
): Promise<IncomingMessage> {
  if (request.url.protocol === "https:") {
    const socket = await openTunnel(proxy, request.url, tls, attempt);
    return head(request, { signal: attempt.signal, createConnection: () => socket });
  }
  const { url } = request;
  const headers = { ...request.headers, host: url.host, ...proxy.headers };
  return head({ ...request, headers }, { ...guarded(proxy.url, attempt), path: url.href });
}

/** @throws RetryableError when a body that matters breaks off. */
async function readBody(response: IncomingMessage, matters: boolean): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const stop = matters ? undefined : setTimeout(() => response.destroy(), explanationMs);
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= answerBytesMax) break;
    }
  } catch (error) {
    // What arrived of an explanation still explains something.
    if (matters) throw new RetryableError(`the answer broke off: ${failureText(error)}`);
  } finally {
    clearTimeout(stop);
  }
  return Buffer.concat(chunks).subarray(0, answerBytesMax).toString("utf8");
}

/** Several addresses that all failed come as an AggregateError without a message. */
export function failureText(error: unknown): string {
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  if (!(first instanceof Error)) return String(first);
  return first.message === "" ? first.name : first.message;
}
