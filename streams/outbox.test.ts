/** The outbox against a real nats-server. */
import { jetstream, jetstreamManager, RetentionPolicy } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import type { NatsConnection } from "@nats-io/transport-node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { RetryableError } from "../runtime/errors.ts";
import { startNatsServer } from "../testing/nats-server.ts";
import type { NatsServer } from "../testing/nats-server.ts";
import { defaultOutboxOptions, openOutbox } from "./outbox.ts";
import type { Outbox, OutboxJob } from "./outbox.ts";
import { outboxSubject, streamNames } from "./subjects.ts";

let server: NatsServer;
let connection: NatsConnection;
let channels = 0;

beforeAll(async () => {
  server = await startNatsServer();
  connection = await connect({ servers: server.url, reconnectTimeWait: 50 });
  const manager = await jetstreamManager(connection);
  await manager.streams.add({
    name: streamNames.outbox,
    subjects: [outboxSubject(">")],
    retention: RetentionPolicy.Workqueue,
  });
});

afterAll(async () => {
  await connection.close();
  await server.stop();
});

/** A channel of its own for each test. */
const channelName = (): string => `c${++channels}`;

const text = (job: OutboxJob | null): string => new TextDecoder().decode(job?.data);

async function put(channel: string, ...bodies: string[]): Promise<void> {
  for (const body of bodies) await jetstream(connection).publish(outboxSubject(channel), body);
}

async function take(outbox: Outbox): Promise<OutboxJob> {
  const job = await outbox.next();
  if (job === null) throw new Error("outbox closed early");
  return job;
}

async function stored(channel: string): Promise<number> {
  const manager = await jetstreamManager(connection);
  const filter = outboxSubject(channel);
  const info = await manager.streams.info(streamNames.outbox, { subjects_filter: filter });
  return info.state.subjects?.[filter] ?? 0;
}

test("outbox - what is acknowledged or given up is gone from the stream", async () => {
  const channel = channelName();
  const outbox = await openOutbox(connection, channel);
  await put(channel, "one", "two", "three");
  const [one, two, three] = [await take(outbox), await take(outbox), await take(outbox)];
  expect([one, two, three].map(text)).toEqual(["one", "two", "three"]);
  await one.ack();
  await two.giveUp("no such\nreceiver");
  await expect.poll(() => stored(channel)).toBe(1);
  await three.ack();
  expect(await stored(channel)).toBe(0);
  await outbox.close();
});

test("outbox - a retried job comes back after its wait with a higher attempt", async () => {
  const channel = channelName();
  const outbox = await openOutbox(connection, channel);
  await put(channel, "again", "other");
  const first = await take(outbox);
  const startMs = Date.now();
  first.retry(150);
  expect(text(await take(outbox))).toBe("other");
  const second = await take(outbox);
  expect(Date.now() - startMs).toBeGreaterThanOrEqual(140);
  expect([first.attempt, second.attempt]).toEqual([1, 2]);
  expect(second.seq).toBe(first.seq);
  await outbox.close();
});

test("outbox - a silent holder loses its job, a live one keeps it", async () => {
  const channel = channelName();
  const outbox = await openOutbox(connection, channel, { ...defaultOutboxOptions, ackWaitMs: 400 });
  await put(channel, "kept", "lost");
  const kept = await take(outbox);
  const lost = await take(outbox);
  const alive = setInterval(() => kept.keepAlive(), 100);
  const back = await take(outbox);
  clearInterval(alive);
  expect(back.seq).toBe(lost.seq);
  expect(back.attempt).toBe(2);
  await kept.ack();
  await back.ack();
  expect(await stored(channel)).toBe(0);
  await outbox.close();
});

test("outbox - channels see their own jobs only; new settings replace old ones", async () => {
  const [mine, other] = [channelName(), channelName()];
  const outbox = await openOutbox(connection, mine);
  await put(other, "not mine");
  await put(mine, "mine");
  expect(text(await take(outbox))).toBe("mine");
  await outbox.close();
  const changed = await openOutbox(connection, mine, { ...defaultOutboxOptions, maxAckPending: 7 });
  const manager = await jetstreamManager(connection);
  const { config } = await manager.consumers.info(streamNames.outbox, mine);
  expect(config.max_ack_pending).toBe(7);
  await changed.close();
});

test("outbox - close ends a waiting next and gives back what was fetched ahead", async () => {
  const channel = channelName();
  const first = await openOutbox(connection, channel);
  await put(channel, "a", "b", "c");
  const held = await take(first);
  await expect
    .poll(async () => {
      const manager = await jetstreamManager(connection);
      return (await manager.consumers.info(streamNames.outbox, channel)).num_ack_pending;
    })
    .toBe(3);
  await first.close();
  expect(await first.next()).toBeNull();
  const second = await openOutbox(connection, channel);
  expect([text(await take(second)), text(await take(second))].sort()).toEqual(["b", "c"]);
  await held.ack();
  const waiting = second.next();
  await second.close();
  expect(await waiting).toBeNull();
});

test("outbox - a consumer that somebody deletes is made anew", async () => {
  const channel = channelName();
  const outbox = await openOutbox(connection, channel);
  const lost = expect(outbox.next()).rejects.toBeInstanceOf(RetryableError);
  const manager = await jetstreamManager(connection);
  await manager.consumers.delete(streamNames.outbox, channel);
  await lost;
  await put(channel, "still here");
  const job = await take(outbox);
  expect(text(job)).toBe("still here");
  await job.ack();
  await outbox.close();
});

test("outbox - a job that was under way survives kill -9 of the server", async () => {
  const channel = channelName();
  const options = { ...defaultOutboxOptions, ackWaitMs: 1_000 };
  const outbox = await openOutbox(connection, channel, options);
  await put(channel, "survivor");
  const before = await take(outbox);
  await server.kill9();
  await server.restart();
  const after = await take(outbox);
  expect(text(after)).toBe("survivor");
  expect(after.seq).toBe(before.seq);
  await after.ack();
  expect(await stored(channel)).toBe(0);
  await outbox.close();
});
