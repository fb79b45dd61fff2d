import { connect } from "@nats-io/transport-node";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { existsSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startNatsServer, type NatsServer } from "./nats-server.ts";

let nats: NatsServer;
beforeAll(async () => {
  nats = await startNatsServer();
});
afterAll(() => nats.stop());

test("what JetStream acknowledged is there after kill9 and restart, on the same url", async () => {
  const before = await connect({ servers: nats.url, reconnect: false });
  const manager = await jetstreamManager(before);
  await manager.streams.add({ name: "S", subjects: ["s.>"] });
  await jetstream(before).publish("s.a", "x");
  const pid = nats.pid();
  const closed = before.closed();
  await nats.kill9();
  await closed;
  expect(nats.pid()).toBe(-1);

  await nats.restart();
  expect(nats.pid()).not.toBe(pid);
  const after = await connect({ servers: nats.url });
  const info = await (await jetstreamManager(after)).streams.info("S");
  expect(info.state.messages).toBe(1);
  await after.close();
});

test("stop removes the store and may be called twice", async () => {
  const other = await startNatsServer({ durability: "always" });
  const varz = (await (await fetch(`${other.monitorUrl}/varz`)).json()) as {
    jetstream: { config: { sync_always?: boolean } };
  };
  expect(varz.jetstream.config.sync_always).toBe(true);
  await other.stop();
  await other.stop();
  expect(existsSync(other.storeDir)).toBe(false);
});
