/** Webhook version 4 against a real server: every field, the retries, and no secret told. */
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { RetryableError, TerminalError } from "../../runtime/errors.ts";
import { openTemplateRenderer } from "../templates/renderer.ts";
import { groupChannel, sampleGroup } from "../../testing/group-delivery.ts";
import { startWebhookReceiver } from "../../testing/webhook-receiver.ts";
import type { WebhookReceiver } from "../../testing/webhook-receiver.ts";

let server: WebhookReceiver;
beforeAll(async () => void (server = await startWebhookReceiver()));
beforeEach(() => void server.deliveries.splice(0));
afterAll(() => server.stop());

const yaml = (settings: string): string =>
  `receivers: [{ name: team.x, webhook_configs: [{ ${settings} }] }]`;
const toPath = (path: string, more = ""): string => yaml(`url: "${server.url}${path}"${more}`);

test("the body has version 4's fields in Alertmanager's order", async () => {
  await expect(groupChannel(toPath("/hook"))()).resolves.toMatchObject({
    detail: expect.stringMatching(/^HTTP 200 in \d+ ms$/),
  });
  const [sent] = server.deliveries;
  expect(sent).toMatchObject({
    method: "POST",
    path: "/hook",
    headers: {
      "content-type": "application/json",
      "user-agent": "Tocsin/test",
      "idempotency-key": "dispatch:0:17:2",
    },
  });
  expect(sent!.body).toBe(
    '{"receiver":"team\\\\.x","status":"firing","alerts":[' +
      '{"status":"firing","labels":{"alertname":"Down","instance":"a","severity":"page"},' +
      '"annotations":{"runbook":"http://runbook","summary":"a is down"},' +
      '"startsAt":"2026-01-02T23:00:00Z","endsAt":"0001-01-01T00:00:00Z",' +
      '"generatorURL":"http://prometheus/graph?g0.expr=up","fingerprint":"00000000000000a1"},' +
      '{"status":"resolved","labels":{"alertname":"Down","instance":"b","severity":"page"},' +
      '"annotations":{"runbook":"http://runbook","summary":"b is down"},' +
      '"startsAt":"2026-01-02T22:00:00.25Z","endsAt":"2026-01-02T23:10:00.5Z",' +
      '"generatorURL":"","fingerprint":"00000000000000b2"}],' +
      '"notification_reason":"new alerts in group","groupLabels":{"alertname":"Down"},' +
      '"commonLabels":{"alertname":"Down","severity":"page"},' +
      '"commonAnnotations":{"runbook":"http://runbook"},"routeLabels":{},' +
      '"externalURL":"http://tocsin.example.com","version":"4",' +
      '"groupKey":"{}/{severity=\\"page\\"}:{alertname=\\"Down\\"}","truncatedAlerts":0}\n',
  );
});

test("every attempt at one notification sends the same bytes", async () => {
  const send = groupChannel(toPath("/hook"));
  await send();
  await send();
  const [first, second] = server.deliveries;
  expect(second!.body).toBe(first!.body);
});

test("max_alerts leaves the rest out and says how many", async () => {
  await groupChannel(toPath("/hook", ", max_alerts: 1"))();
  const body = JSON.parse(server.deliveries[0]!.body) as Record<string, unknown>;
  expect(body).toMatchObject({
    truncatedAlerts: 1,
    alerts: [{ fingerprint: "00000000000000a1" }],
    commonLabels: { instance: "a" },
  });
});

test("a payload of its own is rendered, and keeps what its templates make", async () => {
  const payload =
    "payload: { text: '{{ .Status }}: {{ .GroupLabels.alertname }}', " +
    "'n{{ .Status }}': '{{ .Alerts | len }}', alerts: '{{ .Alerts.Firing | toJson }}', " +
    "deep: [1, true, 'colon: {{ .Status }}:'], none: '{{ .Missing }}', " +
    "id: '12345678901234567890', channel: '#ops' }";
  await groupChannel(toPath("/hook", `, ${payload}`))();
  expect(JSON.parse(server.deliveries[0]!.body)).toEqual({
    text: { firing: "Down" },
    nfiring: 2,
    alerts: [expect.objectContaining({ fingerprint: "00000000000000a1" })],
    deep: [1, true, "colon: firing:"],
    none: null,
    id: "12345678901234567890",
    channel: "#ops",
  });
});

test("a templated address is rendered; one that comes out wrong is not shown", async () => {
  const url = `${server.url}/{{ .GroupLabels.alertname }}?token=s3cret-token`;
  await groupChannel(yaml(`url: "${url}"`))();
  expect(server.deliveries[0]!.path).toBe("/Down?token=s3cret-token");
  const broken = groupChannel(yaml('url: "s3cret-token{{ .GroupLabels.alertname }}"'))();
  await expect(broken).rejects.toEqual(
    new TerminalError("url: expected an http:// or https:// URL"),
  );
});

test.each([
  [500, true],
  [503, true],
  [429, true],
  [400, false],
  [404, false],
  [408, false],
])("HTTP %i is tried again: %s", async (status, isRetried) => {
  server.script("/hook", { status, body: "no\nthanks" });
  const error: unknown = await groupChannel(toPath("/hook"))().catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(isRetried ? RetryableError : TerminalError);
  expect((error as Error).message).toBe(`HTTP ${status}: no thanks`);
});

test("the peer's Retry-After is told", async () => {
  server.script("/hook", { status: 429, headers: { "retry-after": "17" } });
  await expect(groupChannel(toPath("/hook"))()).rejects.toMatchObject({ retryAfterMs: 17_000 });
});

test("a peer that echoes the address does not bring its secrets into the error", async () => {
  const path = "/services/T0000/B0000/abcdefghijklmnop?key=hunter22";
  server.script(path, { status: 500, body: `no ${server.url}${path}, ${path}, hunter22` });
  const error: unknown = await groupChannel(toPath(path))().catch((caught: unknown) => caught);
  expect((error as Error).message).toBe("HTTP 500: no ***, ***, ***");
});

test("a peer that does not answer is given up on within its time-out, and on a stop", async () => {
  server.always("/slow", { status: 200, instead: "silence" });
  const send = groupChannel(toPath("/slow", ", timeout: 50ms"));
  await expect(send()).rejects.toEqual(new RetryableError("no answer within 50 ms"));
  const patient = groupChannel(toPath("/slow"))(sampleGroup(), AbortSignal.timeout(50));
  await expect(patient).rejects.toEqual(new RetryableError("the attempt was ended early"));
});

test("a renderer that hangs does not hold the attempt beyond its time", async () => {
  const hangs = { render: () => new Promise<string>(() => {}), renderHtml: async () => "" };
  const renderer = (): typeof hangs => hangs;
  const settings = toPath("/hook", ", payload: '{{ x }}', timeout: 20ms");
  await expect(groupChannel(settings, { renderer })()).rejects.toEqual(
    new RetryableError("no answer within 20 ms"),
  );
});

test("a template that is wrong is terminal, a renderer in trouble is not", async () => {
  const wrong = groupChannel(toPath("/hook", ", payload: '{{ fail }}'"))();
  await expect(wrong).rejects.toEqual(
    new TerminalError(
      'the template of payload cannot be rendered: template: 1: function "fail" not defined',
    ),
  );
  const trouble = groupChannel(toPath("/hook", ", payload: '{{ crash }}'"))();
  await expect(trouble).rejects.toBeInstanceOf(RetryableError);
  expect(server.deliveries).toEqual([]);
});

test("what a reload closed, or a busy machine did not finish, is tried again", async () => {
  const settings = toPath("/hook", ", payload: '{{ .Status }}'");
  const closed = await openTemplateRenderer([]);
  await closed.close();
  const busy = await openTemplateRenderer([], { queueMax: 0 });
  for (const renderer of [closed, busy]) {
    const sent = groupChannel(settings, { renderer: () => renderer })();
    await expect(sent).rejects.toBeInstanceOf(RetryableError);
  }
  await busy.close();
});

test.each([
  ["flow lists", `x:\n ${"[".repeat(16_000)}`],
  ["lists on one line", "- ".repeat(8_000)],
  ["keys on one line", "? - ".repeat(4_000)],
  ["lists behind tabs", "-\t".repeat(8_000)],
  ["JSON", `${"[".repeat(30_000)}${"]".repeat(30_000)}`],
  ["JSON that is not complete", "[".repeat(30_000)],
])("%s that an alert nests without end are a text, and end nobody", async (_, summary) => {
  const [first, ...others] = sampleGroup().alerts;
  const alerts = [{ ...first!, annotations: { summary } }, ...others];
  const said = "{{ (index .Alerts 0).Annotations.summary }}";
  const settings = toPath("/hook", `, payload: { said: '${said}' }`);
  const renderer = await openTemplateRenderer([]);
  await groupChannel(settings, { renderer: () => renderer })(sampleGroup({ alerts }));
  await renderer.close();
  expect(JSON.parse(server.deliveries[0]!.body)).toEqual({ said: summary });
});

test("alerts that did not fit are counted with those beyond max_alerts", async () => {
  const notification = sampleGroup({ truncatedAlerts: 40 });
  await groupChannel(toPath("/hook"))(notification);
  await groupChannel(toPath("/hook", ", max_alerts: 1"))(notification);
  const counts = server.deliveries.map(({ body }) => JSON.parse(body).truncatedAlerts as number);
  expect(counts).toEqual([40, 41]);
});
