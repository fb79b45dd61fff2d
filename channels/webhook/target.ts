/**
 * A webhook receiver's settings, checked once per attempt so that a reload takes effect at the
 * next one. Owns the rule that no secret (URL credentials, header values, path and query, where
 * many services put their tokens) ever reaches a log line or a timeline.
 */
import { TerminalError } from "../../runtime/errors.ts";
import { isHttpHeader } from "../../runtime/http-header.ts";

export type WebhookTarget = {
  /** http or https; `user:password@` in it becomes an Authorization header. */
  url: string;
  headers?: Record<string, string>;
  /** Key of the HMAC-SHA256 signature; absent or null: unsigned. */
  secret?: string | null;
  timeoutMs?: number;
  /** False refuses loopback and private addresses; metadata addresses always are. */
  allowPrivate?: boolean;
};

export type CheckedTarget = {
  url: URL;
  headers: Record<string, string>;
  secret: string | null;
  timeoutMs: number;
  allowPrivate: boolean;
};

export const webhookTimeoutMs = 10_000;
export const webhookTimeoutMsMax = 60_000;
export const webhookUrlCharsMax = 8_192;
export const webhookHeadersMax = 64;

/** Shortest text that redaction replaces; shorter ones would blot out ordinary words. */
const secretCharsMin = 4;

/** Headers that the channel itself, or the connection, owns. */
const reservedHeaders = new Set([
  "connection",
  "content-length",
  "content-type",
  "expect",
  "host",
  "idempotency-key",
  "keep-alive",
  "proxy-connection",
  "te",
  "tocsin-signature",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** @throws TerminalError naming the field that is wrong, never its secret value. */
export function checkTarget(target: unknown): CheckedTarget {
  if (!isRecord(target)) throw new TerminalError("webhook target: got no settings object");
  const url = checkUrl(target["url"]);
  const headers = checkHeaders(target["headers"] ?? {});
  if (url.username !== "" || url.password !== "") {
    if (headers["authorization"] === undefined) {
      const pair = `${decode(url.username)}:${decode(url.password)}`;
      headers["authorization"] = `Basic ${Buffer.from(pair).toString("base64")}`;
    }
    url.username = "";
    url.password = "";
  }
  return {
    url,
    headers,
    secret: checkSecret(target["secret"]),
    timeoutMs: checkTimeout(target["timeoutMs"]),
    allowPrivate: checkAllowPrivate(target["allowPrivate"]),
  };
}

/** `text` with every secret of the target replaced, for log lines and timelines. */
export function redact(text: string, target: CheckedTarget): string {
  const { authorization } = target.headers;
  const basic = authorization?.startsWith("Basic ")
    ? Buffer.from(authorization.slice(6), "base64").toString("utf8")
    : "";
  const secrets = [
    ...Object.values(target.headers),
    ...Object.values(target.headers).flatMap((value) => value.split(" ")),
    target.secret ?? "",
    basic,
    basic.slice(basic.indexOf(":") + 1),
    target.url.pathname + target.url.search,
    ...target.url.pathname.split("/").filter((part) => part.length >= 16),
    ...target.url.searchParams.values(),
  ];
  let out = text;
  for (const secret of secrets.sort((a, b) => b.length - a.length)) {
    if (secret.length >= secretCharsMin) out = out.replaceAll(secret, "***");
  }
  return out;
}

function checkUrl(value: unknown): URL {
  if (typeof value !== "string" || value.length > webhookUrlCharsMax || !URL.canParse(value)) {
    throw new TerminalError("webhook url: got something that is not a URL");
  }
  const url = new URL(value);
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new TerminalError(`webhook url: got ${url.protocol}, expected http: or https:`);
  }
  return url;
}

function checkHeaders(value: unknown): Record<string, string> {
  if (!isRecord(value)) throw new TerminalError("webhook headers: expected a map of text");
  const entries = Object.entries(value);
  if (entries.length > webhookHeadersMax) {
    throw new TerminalError(`webhook headers: got ${entries.length}, max ${webhookHeadersMax}`);
  }
  const headers: Record<string, string> = {};
  for (const [name, text] of entries) {
    const lower = name.toLowerCase();
    if (reservedHeaders.has(lower)) {
      throw new TerminalError(`webhook headers: ${lower} is set by Tocsin itself`);
    }
    if (typeof text !== "string" || !isHttpHeader(lower, text)) {
      throw new TerminalError(`webhook headers: ${JSON.stringify(lower)} is not a valid header`);
    }
    headers[lower] = text;
  }
  return headers;
}

function checkSecret(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value === "string" && value !== "") return value;
  throw new TerminalError("webhook secret: expected a text that is not empty");
}

function checkTimeout(value: unknown): number {
  if (value === undefined || value === null) return webhookTimeoutMs;
  if (typeof value === "number" && value >= 1 && value <= webhookTimeoutMsMax) return value;
  throw new TerminalError(`webhook timeout: expected 1 to ${webhookTimeoutMsMax} ms`);
}

function checkAllowPrivate(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (typeof value === "boolean") return value;
  throw new TerminalError("webhook allow_private: expected true or false");
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
