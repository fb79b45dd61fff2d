/** `tocsin tail` on a real nats-server, which is killed under it. */
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { IncidentView } from "../../actors/incident/types.ts";
import { cloudEvent } from "../../runtime/cloud-event.ts";
import { incidentSubject } from "../../streams/subjects.ts";
import { capturedIo } from "../../testing/captured-io.ts";
import { StageIncidents, startIncidentWorld } from "../../testing/incident-world.ts";
import type { IncidentWorld } from "../../testing/incident-world.ts";
import { startNatsServer } from "../../testing/nats-server.ts";
import type { NatsServer } from "../../testing/nats-server.ts";
import { runTocsin } from "../run-command.ts";

let world: IncidentWorld;
let nats: NatsServer;
let incident: IncidentView;
beforeAll(async () => {
  nats = await startNatsServer();
  world = await startIncidentWorld();
  world.settings.natsUrl = nats.url;
  const incidents = new StageIncidents();
  incidents.alert({ alertname: "A", service: "check out" }, { summary: "bell\u0007 rings" });
  incident = incidents.events[0]?.incident as IncidentView;
  await withNats(async (connection) => {
    const manager = await jetstreamManager(connection);
    await manager.streams.add({ name: "INCIDENTS", subjects: ["incidents.>"] });
  });
});
afterAll(async () => {
  await world.close();
  await nats.stop();
});

async function withNats(
  use: (connection: Awaited<ReturnType<typeof connect>>) => Promise<void>,
): Promise<void> {
  const connection = await connect({ servers: nats.url });
  await use(connection);
  await connection.close();
}

/** Publishes what the relay would publish for one event. */
const publish = (id: string, because: string, severity = "medium"): Promise<void> =>
  withNats(async (connection) => {
    const event = { kind: "opened" as const, atMs: 0, by: "alerts", because, incident, detail: {} };
    const subject = incidentSubject("default", severity, incident.service, "opened");
    await jetstream(connection).publish(subject, cloudEvent(id, event));
  });

const patience = { timeout: 15_000, interval: 50 };

test("prints events as they come, survives a server that dies, and ends with 0", async () => {
  await publish("0", "before anybody listened");
  const io = capturedIo({ TOCSIN_URL: world.url });
  const done = runTocsin(["tail"], io);
  await expect.poll(() => io.stderr(), patience).toContain("Listening to incidents.>");
  await publish("1", "first");
  await expect.poll(() => io.stdout(), patience).toContain("first");
  await nats.kill9();
  await expect.poll(() => io.stderr(), patience).toContain("trying again");
  await nats.restart();
  await publish("2", "second");
  await expect.poll(() => io.stdout(), patience).toContain("second");
  io.interrupt();
  expect(await done).toBe(0);
  const lines = io.stdout().trimEnd().split("\n");
  expect(lines).toHaveLength(2);
  expect(lines[0]).toContain(incident.id);
  expect(lines[0]).toContain("bell\\u{7} rings: first");
});

test("--json prints CloudEvents; --since goes back; filters choose by subject", async () => {
  await publish("3", "critical one", "critical");
  const io = capturedIo({ TOCSIN_URL: world.url });
  const filters = ["--severity", "critical", "--service", "check out", "--event", "opened"];
  const done = runTocsin(["tail", "--json", "--since", "1h", ...filters], io);
  await expect.poll(() => io.stdout(), patience).toContain("critical one");
  io.interrupt();
  expect(await done).toBe(0);
  const events = io.stdout().trimEnd().split("\n").map((line) => JSON.parse(line) as object);
  expect(events).toHaveLength(1);
  expect(events[0]).toMatchObject({ id: "3", type: "io.tocsin.incident.opened" });
});
