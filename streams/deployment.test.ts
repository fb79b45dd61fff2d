import { type NatsConnection, connect } from "@nats-io/transport-node";
import { Kvm } from "@nats-io/kv";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type NatsServer, startNatsServer } from "../testing/nats-server.ts";
import { fixPartitions } from "./deployment.ts";
import { connectOptions } from "./nats-connection.ts";
import { bucketNames } from "./subjects.ts";
import { createTopology } from "./topology.ts";

let server: NatsServer;
let connection: NatsConnection;

beforeEach(async () => {
  server = await startNatsServer();
  connection = await connect(connectOptions(server.url, "test"));
  await createTopology(connection);
});
afterEach(async () => {
  await connection.close();
  await server.stop();
});

const wish = { dedup: 8, incident: 4 };

test("a new log gets the lanes that are asked for, or as many as suit the machine", async () => {
  const counts = { ...wish, lanes: 1 };
  expect(await fixPartitions(connection, { ...wish, lanes: "auto" }, 1)).toEqual(counts);
  // Another machine, or other shards: what the log has stays.
  expect(await fixPartitions(connection, { ...wish, lanes: "auto" }, 8)).toEqual(counts);
  expect(await fixPartitions(connection, { ...wish, lanes: 1 }, 8)).toEqual(counts);
});

test("other counts than the log has are refused with both", async () => {
  await fixPartitions(connection, { ...wish, lanes: 2 }, 1);
  await expect(fixPartitions(connection, { ...wish, lanes: 4 }, 1)).rejects.toThrow(
    "partitions: got dedup 8, incident 4 and lanes 4, but this log was created with dedup 8, " +
      "incident 4 and lanes 2",
  );
  await expect(
    fixPartitions(connection, { dedup: 16, incident: 4, lanes: "auto" }, 1),
  ).rejects.toThrow("got dedup 16, incident 4 and lanes auto");
});

test("a log from before there were lanes has one for each partition", async () => {
  const kv = await new Kvm(connection).open(bucketNames.meta);
  await kv.create("partitions", JSON.stringify(wish));
  const counts = { ...wish, lanes: 8 };
  expect(await fixPartitions(connection, { ...wish, lanes: "auto" }, 1)).toEqual(counts);
});
