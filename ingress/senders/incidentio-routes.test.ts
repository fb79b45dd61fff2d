/** incident.io's HTTP alert source, with events as its documentation and Alertmanager send them. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { RetryableError } from "../../runtime/errors.ts";
import { type SenderWorld, openSenderWorld } from "../../testing/sender-world.ts";

let world: SenderWorld;
beforeEach(async () => void (world = await openSenderWorld()));
afterEach(() => world.close());

const path = "/v2/alert_events/http/01GW2G3V0S59R238FAHPDS1R66";
const event = {
  ...{ title: "Latency is high", status: "firing", deduplication_key: "latency/eu" },
  ...{ description: "p99 is 3 s", source_url: "https://grafana.example/1" },
  metadata: { service: "web", severity: "critical", team: ["a"] },
};
const send = (body: unknown) =>
  world.send("POST", path, body, { authorization: "Bearer secret-token" });

test("fires, and ends under the same key", async () => {
  const { status, body } = await send(event);
  const success = { message: "Event accepted for processing", status: "success" };
  expect([status, body]).toEqual([202, { deduplication_key: "latency/eu", ...success }]);
  const [alert] = await world.firing();
  expect(alert).toMatchObject({
    labels: {
      ...{ alertname: "incident.io alert", service: "web", severity: "critical" },
      alert_source: "01GW2G3V0S59R238FAHPDS1R66",
    },
    annotations: { summary: "Latency is high", description: "p99 is 3 s" },
    generatorURL: "https://grafana.example/1",
  });
  expect(JSON.stringify(alert)).not.toContain("secret-token");
  expect((await send({ ...event, status: "resolved" })).status).toBe(202);
  expect(await world.firing()).toEqual([]);
});

test("an event without a key gets one, by which it ends", async () => {
  const { deduplication_key: _, ...keyless } = event;
  const given = (await send(keyless)).body["deduplication_key"];
  expect(await world.firing()).toHaveLength(1);
  await send({ ...event, deduplication_key: given, status: "resolved" });
  expect(await world.firing()).toEqual([]);
});

test.each([
  [{}, ["title", "status"]],
  [{ ...event, status: "open" }, ["status"]],
  [{ title: "x", status: "resolved" }, ["deduplication_key"]],
  [{ ...event, metadata: [] }, ["metadata"]],
])("422 with the fields that are wrong, case %#", async (body, fields) => {
  const answer = await send(body);
  expect([answer.status, answer.body["type"]]).toEqual([422, "validation_error"]);
  const errors = answer.body["errors"] as { source: { field: string } }[];
  expect(errors.map(({ source }) => source.field)).toEqual(fields);
});

test("no JSON is a 400; what the log does not take is a 503 with Retry-After", async () => {
  expect((await send("{")).status).toBe(400);
  world.refusal.error = new RetryableError("away");
  const answer = await send(event);
  expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "1"]);
});
