/** Heartbeats in a real bucket: what was put is there after the server was killed. */
import { connect } from "@nats-io/transport-node";
import { expect, test } from "vitest";
import type { Heartbeat } from "../runtime/heartbeat.ts";
import { startNatsServer } from "../testing/nats-server.ts";
import { KvHeartbeats } from "./heartbeats.ts";
import { connectOptions } from "./nats-connection.ts";
import { NatsLink } from "./nats-link.ts";
import { createTopology } from "./topology.ts";

const beat = (name: string, tenant: string | null): Heartbeat => ({
  ...{ tenant, name, description: "ü", interval: 1, intervalUnit: "hours", enabled: true },
  ...{ ownerTeam: "", alertMessage: "", alertTags: [], alertPriority: "P3" },
  ...{ lastPingAtMs: 7, missedAtMs: null },
});

test("heartbeats survive the server; names of different tenants do not meet", async () => {
  const server = await startNatsServer();
  try {
    const opened = async () => {
      const connection = await connect(connectOptions(server.url, "test"));
      await createTopology(connection);
      return { connection, store: await KvHeartbeats.open(new NatsLink(connection)) };
    };
    const first = await opened();
    expect(await first.store.all()).toEqual([]);
    await first.store.put(beat("a", null));
    await first.store.put(beat("a", "acme"));
    await first.store.put(beat("b.c", "acme"));
    await first.store.put({ ...beat("b.c", "acme"), lastPingAtMs: 8 });
    await first.store.delete(beat("a", "acme"));
    await first.store.delete(beat("never", null));
    await first.connection.close();
    await server.kill9();
    await server.restart();
    const second = await opened();
    const found = await second.store.all();
    expect(found.sort((a, b) => (a.name < b.name ? -1 : 1))).toEqual([
      beat("a", null),
      { ...beat("b.c", "acme"), lastPingAtMs: 8 },
    ]);
    await second.connection.close();
  } finally {
    await server.stop();
  }
});
