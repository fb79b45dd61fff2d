/**
 * One question to a model over HTTP, OpenAI's style: a POST of JSON on a connection of its own.
 *
 * M1 Connections go only to addresses that address-guard.ts allows; redirects are not followed.
 * M2 At most `answerBytesMax` of an answer are read; a longer one is a failure.
 * M3 The API key is in a header and nowhere else: no error message shows it.
 */
import { request as httpRequest } from "node:http";
import type { IncomingMessage, RequestOptions } from "node:http";
import { request as httpsRequest } from "node:https";
import { isIP } from "node:net";
import { RetryableError, TerminalError } from "../../runtime/errors.ts";
import { addressAllowed, guardedLookup, refusal } from "../address-guard.ts";
import { failureText } from "../alertmanager/http-request.ts";
import { parseRetryAfterMs } from "../webhook/retry-after.ts";

export type ModelEndpoint = {
  /** Such as https://api.openai.com/v1; the path of the question is put behind it. */
  baseUrl: string;
  /** Null: none is sent. */
  apiKey: string | null;
  /** False refuses loopback and private addresses; metadata addresses always are. */
  allowPrivate: boolean;
  userAgent: string;
  /** Stands in for the socket's name resolution in tests. */
  resolve?: Parameters<typeof guardedLookup>[1];
};

const explanationBytes = 2_048;
const explanationCharsMax = 200;

/**
 * @param path such as "embeddings".
 * @returns the parsed answer, whatever it is.
 * @throws RetryableError | TerminalError
 */
export async function askModel(
  endpoint: ModelEndpoint,
  path: string,
  question: object,
  answerBytesMax: number,
  signal: AbortSignal,
): Promise<unknown> {
  const url = new URL(`${endpoint.baseUrl.replace(/\/+$/, "")}/${path}`);
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const { allowPrivate } = endpoint;
  if (isIP(host) !== 0 && !addressAllowed(host, allowPrivate)) throw refusal(host, host);
  const response = await head(url, endpoint, JSON.stringify(question), signal).catch((error) => {
    if (error instanceof TerminalError) throw error;
    throw new RetryableError(`${url.host} out of reach: ${failureText(error)}`);
  });
  const status = response.statusCode ?? 0;
  try {
    if (status < 200 || status >= 300) throw await failureOf(status, response, endpoint);
    const body = await readAll(response, answerBytesMax);
    return JSON.parse(body.toString("utf8"));
  } catch (error) {
    if (error instanceof RetryableError || error instanceof TerminalError) throw error;
    if (error instanceof SyntaxError) throw new TerminalError("the answer is not JSON");
    throw new RetryableError(`the answer broke off: ${failureText(error)}`);
  } finally {
    response.destroy();
  }
}

/** Resolves with the answer's head. */
function head(
  url: URL,
  { apiKey, allowPrivate, userAgent, resolve: resolveName }: ModelEndpoint,
  body: string,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const send = url.protocol === "https:" ? httpsRequest : httpRequest;
  const headers = {
    ...{ "user-agent": userAgent, accept: "application/json", connection: "close" },
    ...{ "content-type": "application/json", "content-length": String(Buffer.byteLength(body)) },
    ...(apiKey !== null && { authorization: `Bearer ${apiKey}` }),
  };
  const lookup = guardedLookup(allowPrivate, resolveName);
  const options: RequestOptions = { method: "POST", headers, agent: false, signal, lookup };
  return new Promise((resolve, reject) => {
    const sent = send(url, options);
    sent.once("error", reject);
    sent.once("response", (response) => {
      // An answer that breaks off later is found when it is read.
      response.on("error", () => {});
      sent.on("error", () => {});
      resolve(response);
    });
    sent.end(body);
  });
}

async function readAll(response: IncomingMessage, bytesMax: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bytesMax) throw new TerminalError(`the answer is longer than ${bytesMax} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function failureOf(
  status: number,
  response: IncomingMessage,
  { apiKey }: ModelEndpoint,
): Promise<RetryableError | TerminalError> {
  if (status >= 300 && status < 400) {
    return new TerminalError(`HTTP ${status}: redirects are not followed`);
  }
  const said = await beginningOf(response);
  const clean = apiKey === null ? said : said.replaceAll(apiKey, "***");
  const line = clean.replace(/[\s\p{C}]+/gu, " ").trim().slice(0, explanationCharsMax);
  const message = `HTTP ${status}${line === "" ? "" : `: ${line}`}`;
  if (status < 500 && status !== 408 && status !== 429) return new TerminalError(message);
  const retryAfterMs = parseRetryAfterMs(response.headers["retry-after"], Date.now());
  return new RetryableError(message, retryAfterMs === null ? {} : { retryAfterMs });
}

async function beginningOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= explanationBytes) break;
    }
  } catch {
    // What arrived before the connection broke still explains something.
  }
  return Buffer.concat(chunks).toString("utf8", 0, explanationBytes);
}
