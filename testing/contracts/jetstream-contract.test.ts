/** The JetStream adapters keep the contracts, against a real nats-server. */
import { connect } from "@nats-io/transport-node";
import { LaneLog, type Lanes } from "../../runtime/lane-log.ts";
import { JetStreamLog } from "../../streams/jetstream-log.ts";
import { JetStreamPublicStream } from "../../streams/jetstream-public-stream.ts";
import { KvStateStore } from "../../streams/kv-state.ts";
import { KvTimers } from "../../streams/kv-timers.ts";
import { connectOptions } from "../../streams/nats-connection.ts";
import { NatsLink } from "../../streams/nats-link.ts";
import { ObjectSnapshots } from "../../streams/object-snapshots.ts";
import { streamNames } from "../../streams/subjects.ts";
import { createTopology, streamOf } from "../../streams/topology.ts";
import { type NatsServer, startNatsServer } from "../nats-server.ts";
import { afterAll } from "vitest";
import { snapshotsContract, stateContract, timersContract } from "./kv-contract.ts";
import { logContract } from "./log-contract.ts";
import { publicStreamContract } from "./public-stream-contract.ts";

/** Each input has a lane for itself. */
const ownLanes: Lanes = {
  partOf: (subject) => (subject.startsWith("in.") ? { lane: subject, partition: 0 } : null),
  partitionsOf: () => [0],
};

let server: Promise<NatsServer> | null = null;
let lanesServer: NatsServer | null = null;

/** Connections to one server that most suites of this file share. */
async function connected(count: number) {
  server ??= startNatsServer();
  return connectedTo(await server, count);
}

async function connectedTo({ url }: NatsServer, count: number) {
  const connections = await Promise.all(
    Array.from({ length: count }, (_, index) => connect(connectOptions(url, `test ${index}`))),
  );
  const first = connections[0];
  if (first === undefined) throw new Error("no connection asked for");
  await createTopology(first);
  return {
    first: new NatsLink(first),
    last: new NatsLink(connections.at(-1) ?? first),
    close: async () => {
      await Promise.all(connections.map((connection) => connection.close()));
    },
  };
}

afterAll(async () => {
  await (await server)?.stop();
  await lanesServer?.stop();
});

logContract("JetStream", async () => {
  const { first, last, close } = await connected(2);
  return {
    log: await JetStreamLog.open(first, streamOf),
    other: await JetStreamLog.open(last, streamOf),
    close,
  };
});

logContract("parts of lanes on JetStream", async () => {
  // The contract's subjects are the same each time, and have to be new.
  lanesServer = await startNatsServer();
  const { first, last, close } = await connectedTo(lanesServer, 2);
  return {
    log: new LaneLog(await JetStreamLog.open(first, streamOf), ownLanes),
    other: new LaneLog(await JetStreamLog.open(last, streamOf), ownLanes),
    close,
  };
});

publicStreamContract("JetStream", async () => {
  const { first, last, close } = await connected(2);
  return {
    stream: await JetStreamPublicStream.open(first, streamNames.incidents),
    other: await JetStreamPublicStream.open(last, streamNames.incidents),
    subject: "incidents.acme.high.checkout.opened",
    close,
  };
});

timersContract("KV bucket", async () => {
  const { first, close } = await connected(1);
  return { port: await KvTimers.open(first), close };
});

stateContract("KV bucket", async () => {
  const { first, close } = await connected(1);
  return { port: await KvStateStore.open(first), close };
});

snapshotsContract("object store", async () => {
  const { first, close } = await connected(1);
  return { port: await ObjectSnapshots.open(first), close };
});
