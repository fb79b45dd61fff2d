/**
 * HTTP as an integration's `http_config` wants it: credentials, own headers, TLS, redirects.
 *
 * H1 Credentials and own headers go to the host that the settings name, never to another one
 *    that a redirect leads to.
 * H2 Redirects are followed as Go does it: 307 and 308 repeat the request, 301 to 303 ask for
 *    the new place with GET; at most `redirectsMax` of them.
 */
import type { HttpSettings } from "../../runtime/config/alertmanager/http-config.ts";
import { TerminalError } from "../../runtime/errors.ts";
import { isHttpHeader } from "../../runtime/http-header.ts";
import type { Attempt } from "./attempt.ts";
import { proxyFor } from "./http-proxy.ts";
import { exchange, tlsOptions } from "./http-request.ts";
import type { HttpAnswer, HttpRequest, TlsOptions } from "./http-request.ts";

export const redirectsMax = 10;

export type JsonRequest = {
  method?: "POST" | "PUT";
  url: URL;
  /** Encoded as JSON; a Buffer is sent as it is. */
  body: unknown;
  headers?: Record<string, string>;
  wantsBody?: boolean;
};

/** @throws RetryableError | TerminalError; any status is an answer. */
export async function sendJson(
  request: JsonRequest,
  settings: HttpSettings,
  attempt: Attempt,
): Promise<HttpAnswer> {
  attempt.secrets.hideUrl(request.url);
  const answer = await sendOnce(request, settings, attempt);
  if (answer.status !== 401 || settings.oauth2 === null) return answer;
  // The token may have been withdrawn before its time.
  attempt.context.tokens.forget();
  return sendOnce(request, settings, attempt);
}

async function sendOnce(
  request: JsonRequest,
  settings: HttpSettings,
  attempt: Attempt,
): Promise<HttpAnswer> {
  const { url } = request;
  const tls = await tlsOptions(settings.tls_config, attempt);
  const own = await ownHeaders(url, settings, attempt);
  const body = Buffer.isBuffer(request.body)
    ? request.body
    : Buffer.from(`${JSON.stringify(request.body)}\n`);
  const general = {
    "user-agent": attempt.context.userAgent,
    accept: "*/*",
    "content-type": "application/json",
  };
  const first: HttpRequest = {
    method: request.method ?? "POST",
    url: withoutCredentials(url),
    headers: { ...general, ...own, ...request.headers },
    body,
  };
  return follow(first, general, tls, settings, attempt, request.wantsBody ?? false);
}

async function follow(
  first: HttpRequest,
  general: Record<string, string>,
  tls: TlsOptions,
  settings: HttpSettings,
  attempt: Attempt,
  wantsBody: boolean,
): Promise<HttpAnswer> {
  let request = first;
  for (let redirects = 0; ; redirects++) {
    const route = { tls, proxy: proxyFor(request.url, settings, attempt) };
    const answer = await exchange(request, route, attempt, wantsBody);
    const { location } = answer.headers;
    const isRedirect = [301, 302, 303, 307, 308].includes(answer.status) && location !== undefined;
    if (!isRedirect || !settings.follow_redirects) return answer;
    if (redirects === redirectsMax) {
      throw new TerminalError(`${first.url.host} redirects more than ${redirectsMax} times`);
    }
    const url = redirectUrl(location, request.url);
    attempt.secrets.hideUrl(url);
    const isOther = url.host !== first.url.host || url.protocol !== first.url.protocol;
    const headers: HttpRequest["headers"] = isOther ? general : first.headers;
    const isRepeated = answer.status >= 307 && request.method !== "GET";
    request = isRepeated
      ? { ...request, url: withoutCredentials(url), headers }
      : { method: "GET", url: withoutCredentials(url), headers, body: null };
  }
}

function redirectUrl(location: string, from: URL): URL {
  const url = URL.canParse(location, from.href) ? new URL(location, from.href) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new TerminalError(`${from.host} redirects to something that is no http(s) URL`);
  }
  return url;
}

function withoutCredentials(url: URL): URL {
  const bare = new URL(url.href);
  bare.username = "";
  bare.password = "";
  return bare;
}

/** Authorization, by the first that is set, and `http_headers`. */
async function ownHeaders(
  url: URL,
  settings: HttpSettings,
  attempt: Attempt,
): Promise<Record<string, string | string[]>> {
  const headers: Record<string, string | string[]> = {};
  for (const [name, { values, secrets, files }] of Object.entries(settings.http_headers)) {
    for (const text of secrets) attempt.secrets.hide(text);
    const read: string[] = [];
    for (const file of files) read.push(await attempt.secrets.read(file));
    const texts = [...values, ...secrets, ...read];
    if (!texts.every((text) => isHttpHeader(name, text))) {
      throw new TerminalError(`http_config.http_headers.${name}: not a valid header`);
    }
    if (texts.length > 0) headers[name.toLowerCase()] = texts;
  }
  const authorization = await authorizationOf(url, settings, attempt);
  if (authorization === null) return headers;
  if (!isHttpHeader("authorization", authorization)) {
    throw new TerminalError("http_config: the credentials make no valid Authorization header");
  }
  return { ...headers, authorization };
}

async function authorizationOf(
  url: URL,
  { authorization, basic_auth: basic, oauth2 }: HttpSettings,
  attempt: Attempt,
): Promise<string | null> {
  const { secrets } = attempt;
  if (authorization !== null) {
    const { credentials, type } = authorization;
    return `${type} ${credentials === null ? "" : await secrets.read(credentials)}`.trim();
  }
  if (basic !== null) {
    const name = basic.username === null ? "" : await secrets.read(basic.username);
    const password = basic.password === null ? "" : await secrets.read(basic.password);
    return basicAuthorization(name, password, attempt);
  }
  if (oauth2 !== null) return `Bearer ${await attempt.context.tokens.token(oauth2, attempt)}`;
  if (url.username === "" && url.password === "") return null;
  const [name, password] = [url.username, url.password].map(decodeURIComponent) as [string, string];
  return basicAuthorization(name, password, attempt);
}

export function basicAuthorization(name: string, password: string, attempt: Attempt): string {
  const encoded = Buffer.from(`${name}:${password}`).toString("base64");
  attempt.secrets.hide(encoded);
  return `Basic ${encoded}`;
}
