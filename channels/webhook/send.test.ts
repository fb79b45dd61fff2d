/** The webhook channel against real servers on loopback. */
import { createHmac } from "node:crypto";
import { createServer } from "node:net";
import type { AddressInfo, Server } from "node:net";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { RetryableError, TerminalError } from "../../runtime/errors.ts";
import { sampleNotification } from "../../testing/sample-notification.ts";
import { startWebhookReceiver } from "../../testing/webhook-receiver.ts";
import type { WebhookReceiver } from "../../testing/webhook-receiver.ts";
import { createWebhookChannel } from "./send.ts";

const nowMs = Date.parse("2026-01-01T00:01:00Z");
const clock = { nowMs: () => nowMs, sleep: async (): Promise<void> => {} };
const channel = createWebhookChannel({ clock, source: "/tocsin", userAgent: "tocsin/test" });
const never = new AbortController().signal;
const servers: Server[] = [];
let receiver: WebhookReceiver;

beforeAll(async () => void (receiver = await startWebhookReceiver()));
afterAll(async () => receiver.stop());
afterEach(async () => {
  for (const server of servers.splice(0)) {
    await new Promise<void>((resolve) => void server.close(() => resolve()));
  }
});

async function failure(target: unknown, signal = never): Promise<Error> {
  const outcome = await channel.send(sampleNotification(), target, signal).then(
    (result) => new Error(`was delivered: ${result.detail}`),
    (error: unknown) => error,
  );
  return outcome as Error;
}

/** A server that speaks bytes, not HTTP: writes `head` to whoever connects. */
async function rawServer(head: string): Promise<string> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => void socket.write(head));
  });
  servers.push(server);
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

test("a delivery carries the event, the idempotency key, our headers and a signature", async () => {
  const result = await channel.send(
    sampleNotification(),
    {
      url: `${receiver.url.replace("://", "://user:pa%20ss@")}/full?token=abcdef`,
      headers: { "X-Team": "sre" },
      secret: "s3cret-key",
    },
    never,
  );
  expect(result.detail).toBe("HTTP 200 in 0 ms");
  const [got] = await receiver.received(1, "/full?token=abcdef");
  expect(got?.headers).toMatchObject({
    "content-type": "application/cloudevents+json",
    "idempotency-key": "inc-1:4:oncall",
    "user-agent": "tocsin/test",
    "x-team": "sre",
    authorization: `Basic ${Buffer.from("user:pa ss").toString("base64")}`,
  });
  expect(JSON.parse(got?.body ?? "")).toMatchObject({ specversion: "1.0", subject: "inc-1" });
  const seconds = nowMs / 1000;
  const mac = createHmac("sha256", "s3cret-key").update(`${seconds}.${got?.body}`).digest("hex");
  expect(got?.headers["tocsin-signature"]).toBe(`t=${seconds},v1=${mac}`);
});

test.each([
  [500, RetryableError],
  [503, RetryableError],
  [408, RetryableError],
  [425, RetryableError],
  [429, RetryableError],
  [400, TerminalError],
  [401, TerminalError],
  [404, TerminalError],
  [410, TerminalError],
  [422, TerminalError],
])("HTTP %i is %o", async (status, kind) => {
  receiver.script("/status", { status, body: "because\n of  this" });
  const error = await failure({ url: `${receiver.url}/status` });
  expect(error).toBeInstanceOf(kind);
  expect(error.message).toBe(`HTTP ${status}: because of this`);
});

test("Retry-After is handed on", async () => {
  receiver.script("/busy", { status: 429, headers: { "retry-after": "17" } });
  expect(await failure({ url: `${receiver.url}/busy` })).toMatchObject({ retryAfterMs: 17_000 });
  receiver.script("/busy", { status: 503 });
  expect(await failure({ url: `${receiver.url}/busy` })).toMatchObject({ retryAfterMs: null });
});

test("a redirect is terminal and its target is never asked", async () => {
  receiver.script("/moved", { status: 307, headers: { location: `${receiver.url}/elsewhere` } });
  const error = await failure({ url: `${receiver.url}/moved` });
  expect(error).toBeInstanceOf(TerminalError);
  expect(receiver.deliveries.some((one) => one.path === "/elsewhere")).toBe(false);
});

test("silence, a reset and a closed port are retryable", async () => {
  receiver.script("/silent", { status: 200, instead: "silence" });
  const silent = await failure({ url: `${receiver.url}/silent`, timeoutMs: 50 });
  expect(silent).toBeInstanceOf(RetryableError);
  expect(silent.message).toMatch(/no answer from .* within 50 ms/);
  receiver.script("/reset", { status: 200, instead: "reset" });
  expect(await failure({ url: `${receiver.url}/reset` })).toBeInstanceOf(RetryableError);
  const gone = await startWebhookReceiver();
  await gone.stop();
  const closed = await failure({ url: gone.url });
  expect(closed).toBeInstanceOf(RetryableError);
  expect(closed.message).toContain("ECONNREFUSED");
});

test("the worker's signal ends an attempt at once", async () => {
  receiver.script("/stop", { status: 200, instead: "silence" });
  const ending = new AbortController();
  const attempt = failure({ url: `${receiver.url}/stop` }, ending.signal);
  await receiver.received(1, "/stop");
  ending.abort();
  expect(await attempt).toMatchObject({ name: "RetryableError" });
  expect((await attempt).message).toContain("ended early");
});

test("a header drip ends at the deadline, an endless error page at the limit", async () => {
  const drip = await rawServer("HTTP/1.1 200 OK\r\nX-Slow:");
  expect((await failure({ url: drip, timeoutMs: 60 })).message).toContain("within 60 ms");
  const flood = `HTTP/1.1 400 No\r\nContent-Length: 999999999\r\n\r\n${"x".repeat(100_000)}`;
  const flooded = await failure({ url: await rawServer(flood) });
  expect(flooded).toBeInstanceOf(TerminalError);
  expect(flooded.message.length).toBeLessThan(220);
});

test("a 2xx counts although its body never ends; rubbish is retryable", async () => {
  const url = await rawServer("HTTP/1.1 202 Accepted\r\nContent-Length: 5\r\n\r\n");
  expect((await channel.send(sampleNotification(), { url }, never)).detail).toContain("HTTP 202");
  expect(await failure({ url: await rawServer("SSH-2.0-x\r\n") })).toBeInstanceOf(RetryableError);
});

test.each([
  "http://169.254.169.254/latest/meta-data",
  "http://2852039166/",
  "http://0xa9fea9fe/",
  "http://[::ffff:169.254.169.254]/",
  "http://[fe80::1]/",
  "http://0.0.0.0/",
])("%s is refused without a connection", async (url) => {
  const error = await failure({ url, timeoutMs: 200 });
  expect(error).toBeInstanceOf(TerminalError);
  expect(error.message).toContain("never allowed");
});

test("loopback is refused when the receiver does not allow private addresses", async () => {
  const before = receiver.deliveries.length;
  const error = await failure({ url: receiver.url, allowPrivate: false });
  expect(error).toBeInstanceOf(TerminalError);
  const name = receiver.url.replace("127.0.0.1", "localhost");
  expect(await failure({ url: name, allowPrivate: false })).toBeInstanceOf(TerminalError);
  expect(receiver.deliveries.length).toBe(before);
});

test("a name that resolves to a metadata address is refused when it is connected to", async () => {
  let asked = 0;
  const resolve = ((_host: string, _options: object, callback: Function): void => {
    asked++;
    callback(null, [{ address: "169.254.169.254", family: 4 }]);
  }) as unknown as NonNullable<Parameters<typeof createWebhookChannel>[0]["resolve"]>;
  const rebound = createWebhookChannel({ clock, source: "/", userAgent: "t", resolve });
  const sending = rebound.send(sampleNotification(), { url: "http://innocent.test/" }, never);
  await expect(sending).rejects.toBeInstanceOf(TerminalError);
  expect(asked).toBe(1);
});

test.each([
  [null, "no settings object"],
  [{}, "not a URL"],
  [{ url: "nonsense" }, "not a URL"],
  [{ url: "ftp://host/" }, "expected http: or https:"],
  [{ url: "file:///etc/passwd" }, "expected http: or https:"],
  [{ url: "http://h/", headers: { Host: "other" } }, "set by Tocsin"],
  [{ url: "http://h/", headers: { "x-a": "b\r\nx-c: d" } }, "not a valid header"],
  [{ url: "http://h/", timeoutMs: 0 }, "webhook timeout"],
  [{ url: "http://h/", secret: "" }, "webhook secret"],
])("an unusable target is terminal: %o", async (target, message) => {
  const error = await failure(target);
  expect(error).toBeInstanceOf(TerminalError);
  expect(error.message).toContain(message);
});

test("what a peer echoes is told without secrets", async () => {
  const echo = "Bearer tok-12345 s3cret-key user:hunter22 /hook/T0KENT0KENT0KEN99 q-secret";
  const path = "/hook/T0KENT0KENT0KEN99?key=q-secret";
  receiver.script(path, { status: 403, body: echo });
  const error = await failure({
    url: `${receiver.url.replace("://", "://user:hunter22@")}${path}`,
    headers: { "x-key": "Bearer tok-12345" },
    secret: "s3cret-key",
  });
  expect(error.message).toContain("HTTP 403");
  for (const secret of ["tok-12345", "s3cret-key", "hunter22", "T0KENT", "q-secret"]) {
    expect(error.message).not.toContain(secret);
  }
});
