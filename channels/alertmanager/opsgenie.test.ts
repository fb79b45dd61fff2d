/** Opsgenie's API against a real server. */
import { createHash } from "node:crypto";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { groupChannel, resolvedGroup, sampleGroup } from "../../testing/group-delivery.ts";
import { startWebhookReceiver } from "../../testing/webhook-receiver.ts";
import type { WebhookReceiver } from "../../testing/webhook-receiver.ts";

let server: WebhookReceiver;
beforeAll(async () => void (server = await startWebhookReceiver()));
beforeEach(() => void server.deliveries.splice(0));
afterAll(() => server.stop());

const group = sampleGroup({ integration: { kind: "opsgenie", index: 0 } });
const alias = createHash("sha256").update(group.groupKey).digest("hex");
const opsgenie = (more: string, path = ""): ReturnType<typeof groupChannel> =>
  groupChannel(
    `receivers: [{ name: team.x, opsgenie_configs: [{ api_url: "${server.url}${path}",
       api_key: g3niekey${more} }] }]`,
  );
const bodyOf = (i: number): unknown => JSON.parse(server.deliveries.at(i)!.body);

test("a firing group creates an alert, with the defaults", async () => {
  server.always("/v2/alerts", { status: 202, body: '{"result":"Request will be processed"}' });
  await expect(opsgenie("")(group)).resolves.toMatchObject({
    detail: expect.stringMatching(/^HTTP 202 in /),
  });
  expect(server.deliveries.length).toBe(1);
  expect(server.deliveries[0]).toMatchObject({
    method: "POST",
    path: "/v2/alerts",
    headers: { authorization: "GenieKey g3niekey", "content-type": "application/json" },
  });
  expect(bodyOf(0)).toEqual({
    alias,
    message: "opsgenie.default.message:firing",
    description: "opsgenie.default.description:firing",
    details: { alertname: "Down", severity: "page" },
    source: "opsgenie.default.source:firing",
  });
});

test("every setting has its field, rendered; teams become one responder each", async () => {
  await opsgenie(
    `, message: "${"m".repeat(131)}", description: d, source: s, note: n, priority: P1,
      details: { severity: "{{ .Status }}", extra: e }, entity: "{{ .GroupLabels.alertname }}",
      actions: "a, b", tags: "x,,{{ .Status }} ", responders: [{ name: "t1, t2", type: teams },
      { username: u, type: USER }, { id: i, type: team }, { name: "{{ .Missing }}", type: team }]`,
    "/eu/",
  )(group);
  expect(server.deliveries[0]!.path).toBe("/eu/v2/alerts");
  expect(bodyOf(0)).toEqual({
    alias,
    message: `${"m".repeat(129)}…`,
    description: "d",
    details: { alertname: "Down", severity: "firing", extra: "e" },
    source: "s",
    responders: [
      { name: "t1", type: "team" },
      { name: "t2", type: "team" },
      { username: "u", type: "user" },
      { id: "i", type: "team" },
    ],
    tags: ["x", "firing"],
    note: "n",
    priority: "P1",
    entity: "Down",
    actions: ["a", "b"],
  });
});

test("a resolved group closes the alert by its alias", async () => {
  await opsgenie("")(resolvedGroup(group));
  expect(server.deliveries).toMatchObject([
    { method: "POST", path: `/v2/alerts/${alias}/close?identifierType=alias` },
  ]);
  expect(bodyOf(0)).toEqual({ source: "opsgenie.default.source:resolved" });
});

test("update_alerts changes message and description too, and stops where it fails", async () => {
  const send = opsgenie(", update_alerts: true, message: m, description: d");
  await send(group);
  expect(server.deliveries).toMatchObject([
    { method: "POST", path: "/v2/alerts" },
    { method: "PUT", path: `/v2/alerts/${alias}/message?identifierType=alias` },
    { method: "PUT", path: `/v2/alerts/${alias}/description?identifierType=alias` },
  ]);
  expect([bodyOf(1), bodyOf(2)]).toEqual([{ message: "m" }, { description: "d" }]);
  server.deliveries.splice(0);
  server.script(`/v2/alerts/${alias}/message?identifierType=alias`, { status: 503 });
  await expect(send(group)).rejects.toMatchObject({ name: "RetryableError" });
  expect(server.deliveries.length).toBe(2);
});

test.each([
  [429, "RetryableError"],
  [500, "RetryableError"],
  [401, "TerminalError"],
  [422, "TerminalError"],
])("HTTP %i is a %s, without the key", async (status, name) => {
  server.script("/v2/alerts", { status, body: '{"message":"key g3niekey"}' });
  await expect(opsgenie("")(group)).rejects.toMatchObject({
    name,
    message: `HTTP ${status}: {"message":"key ***"}`,
  });
});
