/**
 * The same group sent by Alertmanager itself and by us, with the same settings, to the same
 * server: the messages must be equal. Needs Alertmanager on the PATH; says so where it is not.
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { GroupNotification } from "../../actors/dispatch/types.ts";
import { groupChannel } from "../../testing/group-delivery.ts";
import { startSmtpServer, type SmtpServer } from "../../testing/smtp-server.ts";
import { startWebhookReceiver } from "../../testing/webhook-receiver.ts";
import type { WebhookReceiver } from "../../testing/webhook-receiver.ts";

const program = ["prometheus-alertmanager", "alertmanager"].find(
  (name) => spawnSync(name, ["--version"]).status === 0,
);
if (program === undefined) process.stderr.write("no Alertmanager on the PATH to compare with\n");

/** Texts are spelled out: default templates are compared elsewhere. */
const receiver = (url: string, smtpPort: number): string => `
receivers:
  - name: team.x
    webhook_configs: [{ url: "${url}/webhook" }]
    slack_configs:
      - { api_url: "${url}/slack", channel: "#{{ .GroupLabels.alertname }}", username: u,
          color: good, title: "T {{ .Status }}", title_link: "http://l", pretext: "",
          text: "{{ .CommonLabels.severity }} <&>", fallback: fb, callback_id: "", footer: "",
          icon_emoji: ":x:", icon_url: "", send_resolved: true, short_fields: true,
          fields: [{ title: a, value: "{{ .Status }}" }, { title: b, value: v, short: false }],
          actions: [{ type: button, text: Go, url: "http://{{ .Status }}" }] }
    pagerduty_configs:
      - { url: "${url}/pagerduty", routing_key: r0uting, client: c, client_url: "http://c",
          description: "${"d".repeat(1_100)}", severity: "{{ .CommonLabels.severity }}", class: k,
          details: { firing: "{{ .Status }}", resolved: none, num_firing: few, num_resolved: no },
          images: [{ src: "http://i", alt: a, href: "http://h" }] }
    opsgenie_configs:
      - { api_url: "${url}/", api_key: g3nie, message: "${"m".repeat(140)}", description: d,
          source: s, tags: "x,{{ .Status }}", note: n, priority: P2, entity: e, actions: "a,b",
          details: { extra: "{{ .Status }}" }, responders: [{ name: t, type: team }] }
    email_configs:
      - { to: "a@x.org, B <b@x.org>", from: "T <t@x.org>", smarthost: "127.0.0.1:${smtpPort}",
          require_tls: false, send_resolved: true, html: "<b>{{ .Status }}</b>",
          headers: { subject: "S {{ .Status }}" } }
`;

const alerts = ["a", "b"].map((instance) => ({
  labels: { alertname: "Down", severity: "critical", instance },
  annotations: { summary: `${instance} is down` },
  startsAt: "2026-01-02T23:00:00.25Z",
  generatorURL: "http://prometheus/graph",
}));

test.skipIf(program === undefined)("a group looks as Alertmanager's does", async () => {
  const directory = mkdtempSync(join(tmpdir(), "tocsin-differential-"));
  const [server, smtp] = [await startWebhookReceiver(), await startSmtpServer()];
  server.always("/slack", { status: 200, body: "ok" });
  const config = join(directory, "alertmanager.yml");
  const route =
    "route: { receiver: team.x, group_by: [alertname], group_wait: 100ms, group_interval: 1s }\n";
  writeFileSync(config, route + receiver(server.url, smtp.port));
  const port = await freePort();
  const storage = `--storage.path=${directory}`;
  const web = [`--web.listen-address=127.0.0.1:${port}`, "--web.external-url=http://am.test"];
  const run = spawn(program!, [`--config.file=${config}`, storage, ...web, cluster]);
  try {
    const send = groupChannel(receiver(server.url, smtp.port), { externalUrl: "http://am.test" });
    for (const end of [{}, { endsAt: new Date().toISOString() }]) {
      const sent = alerts.map((alert) => ({ ...alert, ...end }));
      await post(`http://127.0.0.1:${port}/api/v2/alerts`, sent);
      const theirs = await received(server);
      await mailed(smtp, 1);
      server.deliveries.splice(0);
      const group = groupOf(theirs["/webhook"]!.body);
      for (const kind of ["webhook", "slack", "pagerduty", "opsgenie", "email"]) {
        await send({ ...group, integration: { kind, index: 0 } });
      }
      const ours = await received(server);
      const { notification_reason: reason, routeLabels, ...rest } = ours["/webhook"]!.body;
      expect([reason, routeLabels]).toEqual([group.reason, {}]);
      ours["/webhook"]!.body = rest;
      expect(ours).toEqual(theirs);
      const [mail, own] = await mailed(smtp, 2);
      expect(own).toEqual(mail);
      server.deliveries.splice(0);
      smtp.mails.splice(0);
    }
  } finally {
    const ended = new Promise((resolve) => run.once("exit", resolve));
    run.kill("SIGKILL");
    await Promise.all([ended, server.stop(), smtp.stop()]);
    rmSync(directory, { recursive: true });
  }
}, 20_000);

const cluster = "--cluster.listen-address=";

type Message = { method: string; authorization?: string; body: Record<string, unknown> };

/** One message of each HTTP integration, by path. */
async function received(server: WebhookReceiver): Promise<Record<string, Message>> {
  const messages = await server.received(4);
  return Object.fromEntries(
    messages.map(({ path, method, headers: { authorization }, body }) => [
      path,
      { method, ...(authorization !== undefined && { authorization }), body: JSON.parse(body) },
    ]),
  ) as Record<string, Message>;
}

type WebhookAlert = {
  fingerprint: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  status: "firing" | "resolved";
  startsAt: string;
  endsAt: string;
  generatorURL: string;
};

/** What we would have decided to send, from what Alertmanager did send. */
function groupOf(body: Record<string, unknown>): GroupNotification {
  const status = body["status"] as "firing" | "resolved";
  return {
    kind: "group",
    id: "one",
    receiver: "team.x",
    integration: { kind: "webhook", index: 0 },
    groupKey: body["groupKey"] as string,
    groupLabels: body["groupLabels"] as Record<string, string>,
    reason: status === "firing" ? "first notification" : "all alerts in group resolved",
    status,
    atMs: Date.now(),
    alerts: (body["alerts"] as WebhookAlert[]).map((alert) => ({
      fingerprint: alert.fingerprint,
      labels: alert.labels,
      annotations: alert.annotations,
      generatorURL: alert.generatorURL,
      startsAtMs: Date.parse(alert.startsAt),
      endsAtMs: alert.status === "firing" ? null : Date.parse(alert.endsAt),
      status: alert.status,
      isNew: false,
    })),
  };
}

async function mailed(smtp: SmtpServer, count: number): Promise<object[]> {
  while (smtp.mails.length < count) await new Promise((resolve) => setTimeout(resolve, 10));
  return smtp.mails.map(({ from, to, data }) => ({ from, to, ...contentOf(data) }));
}

/** What a mail's reader sees: the parts that no attempt's accident makes. */
function contentOf(data: string): object {
  const header = (name: string): string | undefined =>
    new RegExp(`^${name}: (.*)\r$`, "im").exec(data)?.[1];
  const html = /<b>.*<\/b>/.exec(data)?.[0];
  return { From: header("From"), To: header("To"), Subject: header("Subject"), html };
}

/** Tries until the program listens. */
async function post(url: string, body: unknown): Promise<void> {
  const headers = { "content-type": "application/json" };
  for (let attempt = 0; attempt < 200; attempt++) {
    const request = { method: "POST", headers, body: JSON.stringify(body) };
    const answer = await fetch(url, request).catch(() => null);
    if (answer?.ok === true) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`nobody took the alerts at ${url}`);
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
