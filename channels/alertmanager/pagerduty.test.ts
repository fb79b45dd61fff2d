/** PagerDuty's two APIs against a real server. */
import { createHash } from "node:crypto";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { groupChannel, resolvedGroup, sampleGroup } from "../../testing/group-delivery.ts";
import { startWebhookReceiver } from "../../testing/webhook-receiver.ts";
import type { WebhookReceiver } from "../../testing/webhook-receiver.ts";

let server: WebhookReceiver;
beforeAll(async () => void (server = await startWebhookReceiver()));
beforeEach(() => void server.deliveries.splice(0));
afterAll(() => server.stop());

const group = sampleGroup({ integration: { kind: "pagerduty", index: 0 } });
const dedupKey = createHash("sha256").update(group.groupKey).digest("hex");
const pagerduty = (settings: string): ReturnType<typeof groupChannel> =>
  groupChannel(
    `receivers: [{ name: team.x, pagerduty_configs: [{ url: "${server.url}/v2/enqueue",
       ${settings} }] }]`,
    { pagerdutyV1Url: `${server.url}/v1` },
  );
const lastBody = (): Record<string, unknown> =>
  JSON.parse(server.deliveries.at(-1)!.body) as Record<string, unknown>;

test("v2: a firing group triggers, with the defaults", async () => {
  await pagerduty("routing_key: r0utingkey")(group);
  expect(server.deliveries[0]).toMatchObject({ method: "POST", path: "/v2/enqueue" });
  const [firing, resolved] = ["firing", "resolved"].map((status) => [
    expect.objectContaining({ status }),
  ]);
  expect(lastBody()).toEqual({
    routing_key: "r0utingkey",
    event_action: "trigger",
    dedup_key: dedupKey,
    client: "pagerduty.default.client:firing",
    client_url: "pagerduty.default.clientURL:firing",
    payload: {
      summary: "pagerduty.default.description:firing",
      source: "pagerduty.default.client:firing",
      severity: "error",
      custom_details: { firing, resolved, num_firing: 1, num_resolved: 1 },
    },
  });
});

test("v2: a resolved group resolves under the same key", async () => {
  await pagerduty("routing_key: r0utingkey")(resolvedGroup(group));
  expect(lastBody()).toMatchObject({ event_action: "resolve", dedup_key: dedupKey });
});

test("v2: every setting has its field, rendered; empty images and links are left out", async () => {
  await pagerduty(`routing_key: "{{ .GroupLabels.alertname }}-key", client: c,
    client_url: "http://c",
    description: "d {{ .Status }}", details: { team: "{{ .Status }}", nested: { n: "1" } },
    images: [{ src: "http://i", alt: a, href: "http://h" }, { src: "{{ .Missing }}", alt: x }],
    links: [{ href: "http://l", text: t }, { href: "", text: t }], source: s,
    severity: "{{ .CommonLabels.severity }}", class: k, component: comp, group: g`)(group);
  const { payload, ...rest } = lastBody();
  expect(rest).toEqual({
    routing_key: "Down-key",
    event_action: "trigger",
    dedup_key: dedupKey,
    client: "c",
    client_url: "http://c",
    images: [{ src: "http://i", alt: "a", href: "http://h" }],
    links: [{ href: "http://l", text: "t" }],
  });
  expect(payload).toMatchObject({
    summary: "d firing",
    source: "s",
    severity: "page",
    class: "k",
    component: "comp",
    group: "g",
    custom_details: { team: "firing", nested: { n: 1 }, num_firing: 1 },
  });
});

test("v2: a long summary is cut, an event too large loses its details", async () => {
  await pagerduty(`routing_key: r, description: "${"x".repeat(1025)}"`)(group);
  expect(lastBody()).toMatchObject({ payload: { summary: `${"x".repeat(1023)}…` } });
  const [alert] = group.alerts;
  const alerts = [{ ...alert!, annotations: { long: "y".repeat(512_000) } }];
  await pagerduty("routing_key: r")({ ...group, alerts });
  const body = lastBody() as { payload: { custom_details: { error: string } } };
  expect(body.payload.custom_details).toEqual({ error: expect.stringContaining("512000") });
  expect(server.deliveries.at(-1)!.body.length).toBeLessThan(2_000);
});

test("v1: trigger and resolve with a service key", async () => {
  await pagerduty("service_key: s3rvicekey, description: d, details: { a: b }")(group);
  expect(server.deliveries[0]!.path).toBe("/v1");
  expect(lastBody()).toEqual({
    service_key: "s3rvicekey",
    event_type: "trigger",
    incident_key: dedupKey,
    description: "d",
    client: "pagerduty.default.client:firing",
    client_url: "pagerduty.default.clientURL:firing",
    details: expect.objectContaining({ a: "b", num_firing: 1 }),
  });
  await pagerduty("service_key: s3rvicekey, description: d")(resolvedGroup(group));
  expect(lastBody()).toMatchObject({ event_type: "resolve", incident_key: dedupKey });
  expect(lastBody()["client"]).toBeUndefined();
});

const invalid = '{"message":"Event object is invalid","errors":["no r0utingkey"]}';
test.each([
  ["routing_key: r0utingkey", 400, invalid, "TerminalError", "Event object is invalid: no ***"],
  ["routing_key: r0utingkey", 403, "", "TerminalError", ""],
  ["routing_key: r0utingkey", 429, "slow down", "RetryableError", "slow down"],
  ["routing_key: r0utingkey", 500, "", "RetryableError", ""],
  ["service_key: s3rvicekey", 403, "s3rvicekey is busy", "RetryableError", "*** is busy"],
  ["service_key: s3rvicekey", 400, "", "TerminalError", ""],
])("%s, HTTP %i %s: %s", async (settings, status, body, name, said) => {
  for (const path of ["/v1", "/v2/enqueue"]) server.script(path, { status, body });
  const error: unknown = await pagerduty(settings)(group).catch((caught: unknown) => caught);
  expect(error).toMatchObject({ name, message: `HTTP ${status}${said && `: ${said}`}` });
});

test("a key that its template leaves empty is terminal", async () => {
  const send = pagerduty('routing_key: "{{ .Missing }}"');
  await expect(send(group)).rejects.toMatchObject({
    name: "TerminalError",
    message: "routing_key: is empty, expected a key",
  });
});
