/** What is published while the server goes away settles at once: nobody waits for a timeout. */
import { connect } from "@nats-io/transport-node";
import { expect, test } from "vitest";
import { startNatsServer } from "../testing/nats-server.ts";
import { AckedPublisher } from "./acked-publisher.ts";
import { connectOptions } from "./nats-connection.ts";
import { LinkDownError, NatsLink } from "./nats-link.ts";
import { createTopology } from "./topology.ts";

test("a broken link refuses what is under way and what comes, then takes more", async () => {
  const server = await startNatsServer();
  try {
    const connection = await connect(connectOptions(server.url, "test"));
    await createTopology(connection);
    const link = new NatsLink(connection);
    const publisher = new AckedPublisher(link);
    const first = await publisher.publish("in.1", "before");
    process.kill(server.pid(), "SIGSTOP");
    const underWay = publisher.publish("in.1", "under way").then(
      () => "stored",
      (error: unknown) => error,
    );
    const broken = new Promise<void>((resolve) => link.onBreak(resolve));
    await server.kill9();
    await broken;
    expect(await underWay).toBeInstanceOf(LinkDownError);
    await expect(publisher.publish("in.1", "while down")).rejects.toThrow(LinkDownError);
    const back = new Promise<void>((resolve) => link.onReconnect(resolve));
    await server.restart();
    await back;
    expect(await publisher.publish("in.1", "after")).toBeGreaterThan(first);
    await connection.close();
  } finally {
    await server.stop();
  }
}, 30_000);
