/** Slack against a real server: the attachment, and what its answers mean. */
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { RetryableError, TerminalError } from "../../runtime/errors.ts";
import { groupChannel, resolvedGroup, sampleGroup } from "../../testing/group-delivery.ts";
import { startWebhookReceiver } from "../../testing/webhook-receiver.ts";
import type { WebhookReceiver } from "../../testing/webhook-receiver.ts";

let server: WebhookReceiver;
beforeAll(async () => void (server = await startWebhookReceiver()));
beforeEach(() => {
  server.deliveries.splice(0);
  server.always("/services/T0/B0/s3cretsecretsecret", { status: 200, body: "ok" });
});
afterAll(() => server.stop());

const hook = "/services/T0/B0/s3cretsecretsecret";
const group = sampleGroup({ integration: { kind: "slack", index: 0 } });
const slack = (more: string): ReturnType<typeof groupChannel> =>
  groupChannel(
    `receivers: [{ name: team.x, slack_configs: [{ api_url: "${server.url}${hook}"${more} }] }]`,
  );
const lastBody = (): unknown => JSON.parse(server.deliveries.at(-1)!.body);

test("without settings, a message is Alertmanager's default templates", async () => {
  await slack(", channel: '#alerts'")(group);
  expect(server.deliveries[0]).toMatchObject({ method: "POST", path: hook });
  expect(lastBody()).toEqual({
    channel: "#alerts",
    username: "slack.default.username:firing",
    icon_emoji: "slack.default.iconemoji:firing",
    icon_url: "slack.default.iconurl:firing",
    attachments: [
      {
        title: "slack.default.title:firing",
        title_link: "slack.default.titlelink:firing",
        pretext: "slack.default.pretext:firing",
        text: "slack.default.text:firing",
        fallback: "slack.default.fallback:firing",
        callback_id: "slack.default.callbackid:firing",
        footer: "slack.default.footer:firing",
        color: "slack.default.color:firing",
        mrkdwn_in: ["fallback", "pretext", "text"],
      },
    ],
  });
  await slack("")(resolvedGroup(group));
  expect(lastBody()).toMatchObject({ attachments: [{ color: "slack.default.color:resolved" }] });
});

test("every setting has its field, rendered", async () => {
  await slack(`, channel: "#{{ .GroupLabels.alertname }}", username: u, icon_emoji: ":x:",
    icon_url: "", color: good, title: "T {{ .Status }}", title_link: "http://l", pretext: p,
    text: t, message_text: "m {{ .Status }}", short_fields: true, footer: f, fallback: fb,
    callback_id: c, image_url: "http://i", thumb_url: "http://t", link_names: true,
    mrkdwn_in: [text], fields: [{ title: a, value: "{{ .Status }}" },
      { title: b, value: v, short: false }],
    actions: [{ type: button, text: Go, url: "http://{{ .Status }}", style: danger },
      { type: button, text: Ack, name: ack, value: v, confirm: { text: Sure?, ok_text: Yes } }]`)(
    group,
  );
  expect(lastBody()).toEqual({
    channel: "#Down",
    username: "u",
    icon_emoji: ":x:",
    link_names: true,
    text: "m firing",
    attachments: [
      {
        title: "T firing",
        title_link: "http://l",
        pretext: "p",
        text: "t",
        fallback: "fb",
        callback_id: "c",
        fields: [
          { title: "a", value: "firing", short: true },
          { title: "b", value: "v", short: false },
        ],
        actions: [
          { type: "button", text: "Go", url: "http://firing", style: "danger" },
          {
            type: "button",
            text: "Ack",
            name: "ack",
            value: "v",
            confirm: { text: "Sure?", ok_text: "Yes" },
          },
        ],
        image_url: "http://i",
        thumb_url: "http://t",
        footer: "f",
        color: "good",
        mrkdwn_in: ["text"],
      },
    ],
  });
});

test("a title is cut to 1024 characters, counted as people do", async () => {
  await slack(`, title: "${"é".repeat(1023)}🚨🚨"`)(group);
  const { attachments } = lastBody() as { attachments: { title: string }[] };
  expect(attachments[0]!.title).toBe(`${"é".repeat(1023)}…`);
});

test("with an app token, chat.postMessage is asked as a bot", async () => {
  const app = groupChannel(
    `receivers: [{ name: team.x, slack_configs: [{ app_token: xoxb-s3cret, channel: C1,
       app_url: "${server.url}/api/chat.postMessage" }] }]`,
  );
  const json = { "content-type": "application/json; charset=utf-8" };
  server.script(
    "/api/chat.postMessage",
    { status: 200, headers: json, body: '{"ok":true,"ts":"1.2","channel":"C1"}' },
    { status: 200, headers: json, body: '{"ok":false,"error":"channel_not_found"}' },
    { status: 200, headers: json, body: '{"ok":false,"error":"ratelimited"}' },
    { status: 200, headers: json, body: "{" },
  );
  await app(group);
  expect(server.deliveries[0]!.headers.authorization).toBe("Bearer xoxb-s3cret");
  await expect(app(group)).rejects.toEqual(
    new TerminalError("Slack refused the message: channel_not_found"),
  );
  await expect(app(group)).rejects.toBeInstanceOf(RetryableError);
  await expect(app(group)).rejects.toBeInstanceOf(RetryableError);
});

test.each([
  [{ status: 429, headers: { "retry-after": "30" } }, "RetryableError", "HTTP 429", 30_000],
  [{ status: 502, body: "bad gateway" }, "RetryableError", "HTTP 502: bad gateway", null],
  [{ status: 404, body: "no_service" }, "TerminalError", "HTTP 404: no_service", undefined],
  [{ status: 403, body: `no ${hook}` }, "TerminalError", "HTTP 403: no ***", undefined],
  [{ status: 200, body: "nope" }, "TerminalError", "Slack refused the message: nope", undefined],
])("the answer %j is a %s", async (answer, name, message, retryAfterMs) => {
  server.script(hook, answer);
  const error: unknown = await slack("")(group).catch((caught: unknown) => caught);
  expect(error).toMatchObject({ name, message });
  expect((error as { retryAfterMs?: number }).retryAfterMs).toBe(retryAfterMs);
});
