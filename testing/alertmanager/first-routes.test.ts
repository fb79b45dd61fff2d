/** Routes that come to a running installation: what fires already is told of, and once. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { eventually } from "../contracts/eventually.ts";
import { Program } from "../crash/program.ts";
import { startWebhookReceiver, type WebhookReceiver } from "../webhook-receiver.ts";

let dir = "";
let receiver: WebhookReceiver;
let program: Program | null = null;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "tocsin-first-routes-"));
  receiver = await startWebhookReceiver();
});

afterEach(async () => {
  program?.kill9();
  await receiver.stop();
  rmSync(dir, { recursive: true, force: true });
});

async function send(url: string): Promise<void> {
  const alerts = ["a", "b"].map((instance) => ({ labels: { alertname: "Down", instance } }));
  const headers = { "content-type": "application/json" };
  const init = { method: "POST", headers, body: JSON.stringify(alerts) };
  expect((await fetch(`${url}/api/v2/alerts`, init)).status).toBe(200);
}

test("alerts that fired before are told of, though their senders only repeat them", async () => {
  const configPath = join(dir, "tocsin.yaml");
  const plain = "nats: { port: 0 }\npartitions: { dedup: 2, incident: 2 }\n";
  writeFileSync(configPath, plain);
  program = await Program.start({ dataDir: join(dir, "data"), configPath, chaos: false });
  const { url } = program;
  await send(url);
  await eventually(async () => {
    const page = (await (await fetch(`${url}/v1/alerts`)).json()) as { items: unknown[] };
    expect(page.items).toHaveLength(2);
  });
  writeFileSync(
    join(dir, "alertmanager.yml"),
    `route: { receiver: team, group_by: [alertname], group_wait: 0s, group_interval: 1s }
receivers: [{ name: team, webhook_configs: [{ url: "${receiver.url}/team" }] }]
`,
  );
  writeFileSync(configPath, `${plain}alertmanager: alertmanager.yml\n`);
  expect((await fetch(`${url}/-/reload`, { method: "POST" })).status).toBe(200);
  await send(url);
  const instances = (body: string): string[] =>
    (JSON.parse(body) as { alerts: { labels: { instance: string } }[] }).alerts.map(
      ({ labels }) => labels.instance,
    );
  await eventually(() => {
    const told = receiver.deliveries.map(({ body }) => instances(body));
    expect(new Set(told.flat())).toEqual(new Set(["a", "b"]));
  }, 15_000);
  await eventually(async () => {
    const page = (await (await fetch(`${url}/api/v2/alerts`)).json()) as {
      status: { state: string };
    }[];
    expect(page.map(({ status }) => status.state)).toEqual(["active", "active"]);
  });
});
