/** A reader of a real stream that is read more slowly than it could be filled. */
import { type NatsConnection, connect } from "@nats-io/transport-node";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { LogRecord } from "../runtime/ports.ts";
import { eventually } from "../testing/contracts/eventually.ts";
import { type NatsServer, startNatsServer } from "../testing/nats-server.ts";
import { JetStreamLog } from "./jetstream-log.ts";
import { bufferedBytesMax, bufferedRecordsMax } from "./jetstream-reader.ts";
import { connectOptions } from "./nats-connection.ts";
import { NatsLink } from "./nats-link.ts";
import { createTopology, streamOf } from "./topology.ts";

/** The client may have asked for so many before the reader stops it; and a few answers. */
const underWayMax = 64 + 16;

let server: NatsServer;
let writing: NatsConnection;
let reading: NatsConnection;
let log: JetStreamLog;

beforeAll(async () => {
  server = await startNatsServer();
  writing = await connect(connectOptions(server.url, "writing"));
  await createTopology(writing);
  log = await JetStreamLog.open(new NatsLink(writing), streamOf);
  reading = await connect(connectOptions(server.url, "reading"));
}, 30_000);
afterAll(async () => {
  await Promise.all([writing?.close(), reading?.close()]);
  await server?.stop();
});

async function fill(subject: string, count: number, bytes: number): Promise<void> {
  for (let from = 0; from < count; from += 100) {
    const some = Array.from({ length: Math.min(100, count - from) }, () => new Uint8Array(bytes));
    await Promise.all(some.map((data) => log.append(subject, data)));
  }
}

/** Messages that the connection has taken in, once no more come for a while. */
async function whenStill(connection: NatsConnection): Promise<number> {
  let last = -1;
  let same = 0;
  await eventually(() => {
    const now = connection.stats().inMsgs;
    same = now === last ? same + 1 : 0;
    last = now;
    expect(same).toBeGreaterThan(30);
  });
  return last;
}

test.each([
  ["small records", "in.1", bufferedRecordsMax * 3, 10, bufferedRecordsMax],
  ["large records", "in.2", 150, 512 * 1024, bufferedBytesMax / (512 * 1024)],
])("%s wait in the log, and none is lost or doubled", async (_, subject, count, bytes, most) => {
  await fill(subject, count, bytes);
  const readers = await JetStreamLog.open(new NatsLink(reading), streamOf);
  const before = reading.stats().inMsgs;
  const reader = readers.read(subject, 0);
  const records: LogRecord[] = await reader.next(1);
  expect((await whenStill(reading)) - before).toBeLessThanOrEqual(most + underWayMax);
  expect(reader.waiting).toBe(count - 1);
  expect(reader.positionSeq).toBe(records[0]?.seq);
  while (records.length < count) records.push(...(await reader.next(64)));
  expect(records.every(({ data }) => data.length === bytes)).toBe(true);
  expect(new Set(records.map(({ seq }) => seq)).size).toBe(count);
  expect(records.every(({ seq }, at) => at === 0 || seq > (records[at - 1]?.seq ?? 0))).toBe(true);
  await log.append(subject, new Uint8Array([1]));
  const [last] = await reader.next(1);
  expect(last?.seq).toBeGreaterThan(records.at(-1)?.seq ?? 0);
  expect(reader.positionSeq).toBe(last?.seq);
  await reader.close();
}, 60_000);
