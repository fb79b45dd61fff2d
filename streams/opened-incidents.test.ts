/** Opened incidents from a real nats-server. */
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { afterEach, beforeEach, expect, test } from "vitest";
import { eventually } from "../testing/contracts/eventually.ts";
import { startNatsServer, type NatsServer } from "../testing/nats-server.ts";
import { OpenedIncidents } from "./opened-incidents.ts";
import { incidentSubject } from "./subjects.ts";
import { createTopology } from "./topology.ts";

let server: NatsServer;
let connection: NatsConnection;
const opened: OpenedIncidents[] = [];

beforeEach(async () => {
  server = await startNatsServer();
  connection = await connect({ servers: server.url, reconnectTimeWait: 50 });
  await createTopology(connection);
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((queue) => queue.close()));
  await connection.close();
  await server.stop();
});

async function open(): Promise<OpenedIncidents> {
  const queue = await OpenedIncidents.open(connection);
  opened.push(queue);
  return queue;
}

async function happened(event: string, body: string): Promise<void> {
  const subject = incidentSubject("acme", "high", "some service", event);
  await jetstream(connection).publish(subject, body);
}

/** The bodies of the next `count` jobs, each acknowledged. */
async function take(queue: OpenedIncidents, count: number): Promise<string[]> {
  const bodies: string[] = [];
  while (bodies.length < count) {
    for (const job of await queue.next()) {
      bodies.push(new TextDecoder().decode(job.data));
      job.ack();
    }
  }
  return bodies;
}

test("opened incidents - a new consumer begins now, and other events are none of its", async () => {
  await happened("opened", "before");
  const queue = await open();
  await happened("resolved", "other");
  await happened("opened", "one");
  await happened("opened", "two");
  expect(await take(queue, 2)).toEqual(["one", "two"]);
});

test("opened incidents - a restart goes on where the one before ended", async () => {
  const before = await open();
  await happened("opened", "one");
  await happened("opened", "two");
  expect(await take(before, 2)).toEqual(["one", "two"]);
  await connection.flush();
  await happened("opened", "not handed out");
  await eventually(async () => {
    const manager = await jetstreamManager(connection);
    const info = await manager.consumers.info("INCIDENTS", "text_models");
    expect(info.num_ack_pending, "it has arrived").toBe(1);
  });
  await before.close();
  expect(await before.next()).toEqual([]);
  await happened("opened", "meanwhile");
  const bodies = await take(await open(), 2);
  expect(bodies.toSorted()).toEqual(["meanwhile", "not handed out"]);
});

test("opened incidents - what is to be repeated comes again", async () => {
  const queue = await open();
  await happened("opened", "one");
  const [job] = await queue.next();
  job?.retry(10);
  expect(await take(queue, 1)).toEqual(["one"]);
});

test("opened incidents - no more are held than allowed; the others follow", async () => {
  const queue = await open();
  await Promise.all(Array.from({ length: 100 }, (_, i) => happened("opened", String(i))));
  let held = await queue.next();
  while (held.length < 64) held = [...held, ...(await queue.next())];
  expect(held).toHaveLength(64);
  for (const job of held) job.ack();
  expect(await take(queue, 36)).toHaveLength(36);
});

test("opened incidents - a lost consumer is made anew", async () => {
  const queue = await open();
  const manager = await jetstreamManager(connection);
  await manager.consumers.delete("INCIDENTS", "text_models");
  const waiting = queue.next();
  await eventually(async () => {
    expect(await manager.consumers.info("INCIDENTS", "text_models")).toBeDefined();
  });
  await happened("opened", "after");
  const [job] = await waiting;
  expect(new TextDecoder().decode(job?.data)).toBe("after");
});
