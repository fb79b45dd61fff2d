/** Receivers and their secrets, which stay in files of their own. */
import { readName } from "./people-sections.ts";
import type { Receiver, WebhookReceiver } from "./types.ts";
import type { ConfigValue } from "./value.ts";
import { isHttpHeader } from "../http-header.ts";

const second = 1_000;
const receiversMax = 1_000;
const headersMax = 64;
const urlCharsMax = 8_192;
const secretCharsMax = 16_384;

/** Reads a file named in the configuration; throws when it cannot be read. */
export type ReadSecret = (path: string) => string;

export function readReceivers(value: ConfigValue, readSecret: ReadSecret): Receiver[] {
  const taken = new Set<string>();
  return value.list(receiversMax).map((entry) => {
    const section = entry.section(["name", "webhook"]);
    const name = readName(section("name"), taken);
    const webhook = section("webhook");
    if (!webhook.present) webhook.expected("the settings of a webhook, with at least url");
    return { name, channel: "webhook", webhook: readWebhook(webhook, readSecret) };
  });
}

function readWebhook(value: ConfigValue, readSecret: ReadSecret): WebhookReceiver["webhook"] {
  const section = value.section([
    "url",
    "url_file",
    "headers",
    "authorization_file",
    "secret_file",
    "timeout",
    "allow_private",
  ]);
  const headers = readHeaders(section("headers"));
  const authorization = readSecretText(section("authorization_file"), readSecret);
  if (authorization !== null) {
    if (isHttpHeader("authorization", authorization)) headers["authorization"] = authorization;
    else section("authorization_file").problem("the file's text cannot be a header value");
  }
  return {
    url: value.present ? readWebhookUrl(section("url"), section("url_file"), readSecret) : "",
    headers,
    secret: readSecretText(section("secret_file"), readSecret),
    timeoutMs: section("timeout").duration({
      default: 10 * second,
      min: 100,
      max: 60 * second,
    }),
    allowPrivate: section("allow_private").flag(true),
  };
}

function readWebhookUrl(inline: ConfigValue, file: ConfigValue, readSecret: ReadSecret): string {
  if (inline.present && file.present) {
    file.problem("url and url_file are both given, expected one of them");
  }
  const place = file.present ? file : inline;
  const url = file.present ? readSecretText(file, readSecret) : inline.text();
  if (url === null || url === "") return "";
  const protocol = URL.canParse(url) && url.length <= urlCharsMax ? new URL(url).protocol : "";
  if (protocol !== "http:" && protocol !== "https:") {
    if (file.present) place.problem("the file does not hold an http:// or https:// URL");
    else place.expected("an http:// or https:// URL");
  }
  return url;
}

function readHeaders(value: ConfigValue): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, entry] of value.entries(headersMax)) {
    const lower = name.toLowerCase();
    const text = entry.text();
    if (lower === "authorization") {
      entry.problem("a secret does not belong here: put it in a file, authorization_file: FILE");
    } else if (!isHttpHeader(lower, text)) {
      entry.problem("not a valid header name and value");
    } else headers[lower] = text;
  }
  return headers;
}

/**
 * The text of the file that the setting names, without the line end that editors leave; problems
 * never show its content. @returns null when there is no such setting, or it is at fault.
 */
export function readSecretText(value: ConfigValue, readSecret: ReadSecret): string | null {
  const path = value.optionalText();
  if (path === null) return null;
  let text: string;
  try {
    text = readSecret(path).replace(/[\r\n]+$/, "");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
    value.problem(`cannot read the file ${path}: ${code}`);
    return null;
  }
  if (text === "" || text.length > secretCharsMax) {
    value.problem(`the file ${path} must hold 1 to ${secretCharsMax} characters`);
    return null;
  }
  return text;
}
