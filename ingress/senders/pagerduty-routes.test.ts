/** PagerDuty's Events API, with requests as its official clients write them. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { RetryableError } from "../../runtime/errors.ts";
import { type SenderWorld, openSenderWorld } from "../../testing/sender-world.ts";

let world: SenderWorld;
beforeEach(async () => void (world = await openSenderWorld()));
afterEach(() => world.close());

const routingKey = "0123456789abcdef0123456789abcdef";
const payload = {
  ...{ summary: "p99 above 2 s", source: "edge-1", severity: "critical", component: "checkout" },
  ...{ timestamp: "2026-06-01T08:42:58.315+0000", group: "prod", class: "latency" },
  custom_details: { ping: "1500ms", region: "eu" },
};
const trigger = {
  ...{ routing_key: routingKey, event_action: "trigger", dedup_key: "edge-1/p99", payload },
  ...{ client: "Monitor", client_url: "https://monitor.example/1" },
  links: [{ href: "https://runbook.example", text: "Runbook" }],
  images: [{ src: "https://img.example/a.png" }],
};
const enqueue = (body: unknown) => world.send("POST", "/v2/enqueue", body);
const act = (event_action: string, dedup_key = "edge-1/p99") =>
  enqueue({ routing_key: routingKey, event_action, dedup_key });
const statuses = () => world.incidents.stage.list(everything, 10, null).items;
const everything = {
  ...{ statuses: [], severities: [], services: [], tenants: [], text: "" },
  ...{ createdFromMs: null, createdBeforeMs: null },
};

describe("version 2", () => {
  test("trigger: 202 with the key; an alert with labels, annotations and no secret", async () => {
    const { status, body } = await enqueue(trigger);
    expect([status, body]).toEqual([
      202,
      { status: "success", message: "Event processed", dedup_key: "edge-1/p99" },
    ]);
    const [alert] = await world.firing();
    expect(alert?.labels).toEqual({
      ...{ alertname: "latency", service: "checkout", component: "checkout", source: "edge-1" },
      ...{ group: "prod", class: "latency", severity: "critical", region: "eu" },
    });
    expect(alert?.annotations).toMatchObject({ summary: "p99 above 2 s", client: "Monitor" });
    expect(alert?.annotations["custom_details"]).toBe('{"ping":"1500ms","region":"eu"}');
    expect(alert?.startsAtMs).toBe(Date.parse("2026-06-01T08:42:58.315Z"));
    expect(alert?.dedupKey).toMatch(/^pagerduty\/[0-9a-f]{16}\/edge-1\/p99$/);
    expect(JSON.stringify(alert)).not.toContain(routingKey);
  });

  test("acknowledge takes the incident, resolve ends it, a trigger begins anew", async () => {
    await enqueue(trigger);
    expect((await act("acknowledge")).status).toBe(202);
    const by = "PagerDuty API (acknowledge)";
    expect(statuses()).toMatchObject([{ status: "acknowledged", acknowledged_by: by }]);
    expect((await act("resolve")).body).toMatchObject({ dedup_key: "edge-1/p99" });
    expect(await world.firing()).toEqual([]);
    expect(statuses()).toMatchObject([{ status: "resolved" }]);
    await enqueue(trigger);
    const [alert] = await world.firing();
    expect([alert?.labels["alertname"], alert?.annotations["summary"]]).toEqual([
      ...["latency", "p99 above 2 s"],
    ]);
  });

  test("acknowledge and resolve without an open alert: accepted, and nothing happens", async () => {
    for (const action of ["acknowledge", "resolve"]) {
      expect([action, (await act(action, "unknown")).status]).toEqual([action, 202]);
    }
    expect([await world.firing(), statuses()]).toEqual([[], []]);
  });

  test("a key is one integration's own, and a trigger without one gets one", async () => {
    await enqueue(trigger);
    await enqueue({ ...trigger, routing_key: "f".repeat(32) });
    expect(await world.firing()).toHaveLength(2);
    const { dedup_key: _, ...keyless } = trigger;
    const first = (await enqueue(keyless)).body["dedup_key"];
    const second = (await enqueue(keyless)).body["dedup_key"];
    expect(first).toMatch(/^[0-9a-f]{32}$/);
    const timeless = { ...trigger, dedup_key: "t", payload: { ...payload, timestamp: undefined } };
    await enqueue(timeless);
    const starts = (await world.firing()).map(({ startsAtMs }) => startsAtMs);
    expect(Math.max(...starts)).not.toBeGreaterThan(Date.now());
    await act("resolve", "t");
    expect(second).not.toBe(first);
    expect((await act("resolve", String(first))).status).toBe(202);
    expect(await world.firing()).toHaveLength(3);
  });

  test.each([
    [{}, ["'routing_key' is missing or blank", "'event_action' is invalid"]],
    [{ ...trigger, payload: undefined }, ["'payload' is missing or blank"]],
    [{ ...trigger, payload: { ...payload, severity: "bad" } }, ["'payload.severity' is invalid"]],
    [{ ...trigger, payload: { ...payload, summary: " " } }, ["'payload.summary' is missing"]],
    [{ ...trigger, payload: { ...payload, source: 1 } }, ["'payload.source' is missing"]],
    [{ ...trigger, payload: { ...payload, timestamp: "soon" } }, ["'payload.timestamp' is inv"]],
    [{ ...trigger, dedup_key: "k".repeat(256) }, ["'dedup_key' is too long"]],
    [{ routing_key: "r", event_action: "resolve" }, ["'dedup_key' is missing or blank"]],
    ["{", ["Invalid JSON: "]],
  ])("400 with errors[], case %#", async (body, errors) => {
    const answer = await enqueue(body);
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ status: "invalid event" });
    const given = answer.body["errors"] as string[];
    expect(given).toHaveLength(errors.length);
    errors.forEach((error, index) => expect(given[index]).toContain(error));
  });

  test("512 KB are the limit of an event", async () => {
    const padded = (bytes: number) => {
      const rest = JSON.stringify({ ...trigger, client: "" }).length;
      return JSON.stringify({ ...trigger, client: "x".repeat(bytes - rest) });
    };
    expect((await enqueue(padded(512 * 1024 + 1))).status).toBe(413);
    expect((await enqueue(padded(512 * 1024))).status).toBe(202);
  });

  test("what the log does not take is a 503 with Retry-After", async () => {
    world.refusal.error = new RetryableError("away");
    const answer = await enqueue(trigger);
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "1"]);
  });
});

test("version 1: 200 with the incident key, by the same rules", async () => {
  const path = "/generic/2010-04-15/create_event.json";
  const event = { service_key: routingKey, incident_key: "srv01/HTTP" };
  const opened = await world.send("POST", path, {
    ...{ ...event, event_type: "trigger", description: "FAILURE on srv01" },
    ...{ details: { service: "web", load: 0.75 }, client: "Old monitor" },
  });
  expect([opened.status, opened.body]).toEqual([
    200,
    { status: "success", message: "Event processed", incident_key: "srv01/HTTP" },
  ]);
  expect(await world.firing()).toMatchObject([
    {
      labels: { alertname: "PagerDuty event", service: "web", severity: "high" },
      annotations: { summary: "FAILURE on srv01" },
    },
  ]);
  expect((await world.send("POST", path, { ...event, event_type: "resolve" })).status).toBe(200);
  expect(await world.firing()).toEqual([]);
  const refused = await world.send("POST", path, { ...event, event_type: "trigger" });
  expect([refused.status, refused.body["errors"]]).toEqual([
    400,
    ["'description' is missing or blank"],
  ]);
});

test("a change event is a note on the open incidents of its service", async () => {
  await enqueue(trigger);
  const change = {
    routing_key: routingKey,
    payload: {
      ...{ summary: "Build 7 deployed", timestamp: "2026-06-01T08:00:00Z", source: "ci" },
      custom_details: { service: "checkout" },
    },
    links: [{ href: "https://ci.example/7", text: "Build" }],
  };
  const answer = await world.send("POST", "/v2/change/enqueue", change);
  expect([answer.status, answer.body]).toEqual([
    202,
    { status: "success", message: "Change event processed" },
  ]);
  const id = statuses()[0]?.id ?? "";
  expect(JSON.stringify(world.incidents.stage.timeline(id))).toContain("Build 7 deployed");
  const refused = await world.send("POST", "/v2/change/enqueue", { routing_key: routingKey });
  expect([refused.status, refused.body["errors"]]).toEqual([
    400,
    ["'payload' is missing or blank"],
  ]);
});
