/** What the client asks the owners of incidents, over a real server. */
import { type NatsConnection, connect } from "@nats-io/transport-node";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { IncidentView } from "../actors/incident/types.ts";
import type { Log } from "../runtime/ports.ts";
import { type NatsServer, startNatsServer } from "../testing/nats-server.ts";
import { IncidentClient } from "./incident-client.ts";
import { answerQueries } from "./incident-queries.ts";
import { connectOptions } from "./nats-connection.ts";

let server: NatsServer;
let connection: NatsConnection;
beforeAll(async () => {
  server = await startNatsServer();
  connection = await connect(connectOptions(server.url, "test"));
});
afterAll(async () => {
  await connection.close();
  await server.stop();
});

const tenant = { tenant: "acme", environment: "prod" };
const created = { created_at: "2026-03-02T09:00:00.000Z" };

test("open incidents come in pages, so that many long ones fit into messages", async () => {
  const bytesMax = connection.info?.max_payload ?? 0;
  const description = "d".repeat(bytesMax / 100);
  const all = Array.from({ length: 130 }, (_, at) => {
    return { id: `inc-0-${200 - at}`, description, ...tenant, ...created } as IncidentView;
  });
  const none = () => null;
  answerQueries(connection, 0, () => ({
    list(filter, limit, cursor) {
      expect(filter).toMatchObject({ statuses: ["open"], tenants: ["acme"] });
      const from = Number(cursor ?? 0);
      const end = from + limit;
      return { items: all.slice(from, end), cursor: end < all.length ? String(end) : null };
    },
    ...{ get: none, timeline: none, members: none },
  }));
  const log = {} as Log;
  const client = new IncidentClient({ connection, log, partitions: 1, partitionOf: () => 0 });
  const opened = { id: "inc-0-300", ...tenant, ...created } as IncidentView;
  const ids = async (limit: number) =>
    (await client.openUpTo(opened, 0, limit)).map(({ id }) => id);
  expect(await ids(250)).toEqual(all.map(({ id }) => id));
  expect(await ids(120)).toEqual(all.slice(0, 120).map(({ id }) => id));
});
