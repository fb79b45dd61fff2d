/**
 * Delivery end to end: notifications in a real JetStream outbox, the worker, the webhook channel
 * and a real HTTP receiver that misbehaves.
 */
import { jetstream, jetstreamManager, RetentionPolicy } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import type { NatsConnection } from "@nats-io/transport-node";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { DeliveryReport, Notification } from "../actors/incident/types.ts";
import { DeliveryWorker } from "../channels/delivery-worker.ts";
import { defaultRetrySchedule } from "../channels/retry-schedule.ts";
import { createWebhookChannel } from "../channels/webhook/send.ts";
import type { Logger } from "../runtime/ports.ts";
import { systemClock } from "../runtime/system-clock.ts";
import { codec } from "../streams/codec.ts";
import { defaultOutboxOptions, openOutbox } from "../streams/outbox.ts";
import { outboxSubject, streamNames } from "../streams/subjects.ts";
import { startNatsServer } from "./nats-server.ts";
import type { NatsServer } from "./nats-server.ts";
import { sampleNotification } from "./sample-notification.ts";
import { startWebhookReceiver } from "./webhook-receiver.ts";
import type { WebhookReceiver } from "./webhook-receiver.ts";

let server: NatsServer;
let connection: NatsConnection;
let receiver: WebhookReceiver;

const silent = (): void => {};
const log: Logger = { debug: silent, info: silent, warn: silent, error: silent };
const outboxOptions = { ...defaultOutboxOptions, ackWaitMs: 1_500 };
const schedule = { ...defaultRetrySchedule, delaysMs: [20], wishMsMin: 1 };

const channel = createWebhookChannel({
  clock: systemClock,
  source: "/tocsin",
  userAgent: "tocsin/test",
});

beforeAll(async () => {
  server = await startNatsServer();
  connection = await connect({ servers: server.url, reconnectTimeWait: 50 });
  const manager = await jetstreamManager(connection);
  await manager.streams.add({
    name: streamNames.outbox,
    subjects: [outboxSubject(">")],
    retention: RetentionPolicy.Workqueue,
  });
  receiver = await startWebhookReceiver();
});

afterAll(async () => {
  await receiver.stop();
  await connection.close();
  await server.stop();
});

async function startWorker(reports: DeliveryReport[]): Promise<DeliveryWorker> {
  const worker = new DeliveryWorker({
    queue: await openOutbox(connection, "webhook", outboxOptions),
    codec,
    channels: { webhook: channel },
    receiver: (name) =>
      name === "nobody"
        ? null
        : { channel: "webhook", target: { url: `${receiver.url}/${name}`, timeoutMs: 1_000 } },
    report: async (report) => void reports.push(report),
    clock: systemClock,
    log,
    schedule,
    pacing: { keepAliveMs: 300, busyRetryMs: 200, troubleRetryMs: 200 },
  });
  worker.start();
  return worker;
}

async function put(name: string, count: number): Promise<Notification[]> {
  const all: Notification[] = [];
  for (let i = 0; i < count; i++) {
    const notification = sampleNotification({ id: `${name}-${i}`, receiver: name });
    notification.atMs = Date.now();
    all.push(notification);
    await jetstream(connection).publish(outboxSubject("webhook"), codec.encode(notification));
  }
  return all;
}

async function left(): Promise<number> {
  const manager = await jetstreamManager(connection);
  return (await manager.streams.info(streamNames.outbox)).state.messages;
}

test("every notification is delivered once and reported, whatever its neighbours do", async () => {
  const reports: DeliveryReport[] = [];
  receiver.script(
    "/flaky",
    { status: 500 },
    { status: 200, instead: "reset" },
    { status: 429, headers: { "retry-after": "0" } },
  );
  receiver.always("/gone", { status: 410 });
  receiver.always("/slow", { status: 200, delayMs: 100 });
  const worker = await startWorker(reports);
  await put("slow", 12);
  await put("flaky", 1);
  await put("gone", 1);
  await put("nobody", 1);
  await put("quick", 20);
  await expect.poll(left, { timeout: 10_000 }).toBe(0);
  await worker.stop();
  const ids = (outcome: DeliveryReport["outcome"]): string[] =>
    reports.filter((one) => one.outcome === outcome).map((one) => one.notificationId);
  expect(ids("delivered").length).toBe(33);
  expect(new Set(ids("delivered")).size).toBe(33);
  expect(ids("gaveUp").sort()).toEqual(["gone-0", "nobody-0"]);
  expect(ids("failed")).toEqual(["flaky-0", "flaky-0", "flaky-0"]);
  const flaky = await receiver.received(4, "/flaky");
  expect(new Set(flaky.map((one) => one.headers["idempotency-key"])).size).toBe(1);
  expect(new Set(flaky.map((one) => one.body)).size).toBe(1);
  expect(receiver.openMax()).toBeGreaterThan(1);
});

test("a worker that is stopped hands its jobs to the next one; nothing is lost", async () => {
  const reports: DeliveryReport[] = [];
  receiver.always("/hang", { status: 200, instead: "silence" });
  const first = await startWorker(reports);
  await put("hang", 6);
  await receiver.received(4, "/hang");
  await first.stop(0);
  expect(reports).toEqual([]);
  expect(await left()).toBe(6);
  receiver.always("/hang", { status: 204 });
  const second = await startWorker(reports);
  await expect.poll(left, { timeout: 10_000 }).toBe(0);
  await second.stop();
  expect(reports.map((one) => one.outcome)).toEqual(new Array(6).fill("delivered"));
});

test("kill -9 of the NATS server in the middle: all delivered, none sent twice", async () => {
  const reports: DeliveryReport[] = [];
  receiver.always("/storm", { status: 200, delayMs: 20 });
  const worker = await startWorker(reports);
  const all = await put("storm", 40);
  await receiver.received(8, "/storm");
  await server.kill9();
  await server.restart();
  await expect.poll(() => left().catch(() => -1), { timeout: 60_000, interval: 100 }).toBe(0);
  await worker.stop();
  const delivered = reports.filter((one) => one.outcome === "delivered");
  expect(new Set(delivered.map((one) => one.notificationId))).toEqual(
    new Set(all.map((one) => one.id)),
  );
  // Jobs come back after the crash, but this process remembers what it has sent.
  expect((await receiver.received(40, "/storm")).length).toBe(40);
}, 90_000);
