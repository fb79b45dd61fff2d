/**
 * What programs and people that know Alertmanager find around the API: its flags, paths behind a
 * prefix, links in messages, probes, the old API's farewell, pages, and a limit of reads at once.
 */
import { request } from "node:http";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../contracts/eventually.ts";
import { Program } from "../crash/program.ts";
import { startWebhookReceiver, type WebhookReceiver } from "../webhook-receiver.ts";

const alertsCount = 25;
const configuration = (url: string): string => `
route: { receiver: team, group_wait: 0s }
receivers:
  - name: team
    labels: { owner: platform }
    webhook_configs: [{ url: "${url}/team" }]
    slack_configs: [{ api_url: "${url}/slack", channel: "#c" }]
`;

describe("around the API", () => {
  let dir = "";
  let receiver: WebhookReceiver;
  let program: Program;
  let url = "";

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), "tocsin-surface-"));
    receiver = await startWebhookReceiver();
    receiver.always("/slack", { status: 200, body: "ok" });
    const configPath = join(dir, "alertmanager.yml");
    writeFileSync(configPath, configuration(receiver.url));
    const args = [
      ...["--web.external-url", "https://alerts.example/am/", "--web.route-prefix=/internal/"],
      ...["--cluster.listen-address=", "--log.level=debug", "--data.retention", "120h"],
    ];
    program = await Program.start({ dataDir: join(dir, "data"), configPath, chaos: false, args });
    url = `${program.url}/internal`;
    const alerts = Array.from({ length: alertsCount }, (_, index) => ({
      labels: { alertname: "Down", instance: `i-${index}` },
    }));
    const body = JSON.stringify(alerts);
    const headers = { "content-type": "application/json" };
    const posted = await fetch(`${url}/api/v2/alerts`, { method: "POST", headers, body });
    expect(posted.status).toBe(200);
    await eventually(async () => {
      const response = await fetch(`${url}/api/v2/alerts`);
      expect(await response.json()).toHaveLength(alertsCount);
    });
  });

  afterAll(async () => {
    program?.kill9();
    await receiver?.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  test("receivers are asked for by name, and by their labels", async () => {
    const count = async (query: string): Promise<number | string> => {
      const response = await fetch(`${url}/api/v2/alerts?${new URLSearchParams(query)}`);
      const body = (await response.json()) as unknown[] | string;
      return typeof body === "string" ? body : body.length;
    };
    expect(await count("receiver=te.*")).toBe(alertsCount);
    expect(await count("receiver=te")).toBe(0);
    expect(await count('receiver_matchers=owner="platform"')).toBe(alertsCount);
    expect(await count('receiver_matchers=owner!="platform"')).toBe(0);
    expect(await count('receiver=te.*&receiver_matchers=name="other"')).toBe(0);
    expect(await count("receiver_matchers=owner")).toMatch(/^bad matcher format: owner/);
  });

  test("flags that have no effect are named, and nothing else is complained of", () => {
    const named = "without effect here: --cluster.listen-address, --log.level, --data.retention";
    expect(program.stderr()).toContain(named);
  });

  test("links in messages lead to the external URL", async () => {
    const [webhook] = await receiver.received(1, "/team");
    const [slack] = await receiver.received(1, "/slack");
    expect(JSON.parse(webhook!.body)).toMatchObject({ externalURL: "https://alerts.example/am" });
    expect(slack!.body).toContain("https://alerts.example/am/#/alerts?receiver=team");
  });

  test.each(["/-/healthy", "/-/ready"])("GET and HEAD %s", async (path) => {
    for (const base of [url, program.url]) {
      const [get, head] = [await fetch(base + path), await fetch(base + path, { method: "HEAD" })];
      expect([get.status, await get.text()]).toEqual([200, "OK"]);
      expect([head.status, await head.text()]).toEqual([200, ""]);
    }
  });

  test("the prefix is a whole part of the path", async () => {
    expect((await fetch(`${program.url}/internalapi/v2/status`)).status).toBe(404);
    expect((await fetch(`${program.url}/other/api/v2/status`)).status).toBe(404);
    expect((await fetch(`${url}/metrics`)).status).toBe(200);
  });

  test.each([
    ...["GET alerts", "POST alerts", "GET silences", "GET status", "GET receivers"],
    ...["GET alerts/groups", "DELETE silence/1", "GET silence/1"],
  ])("API v1 is gone: %s", async (what) => {
    const [method = "", path] = what.split(" ");
    const answer = await fetch(`${url}/api/v1/${path}`, { method });
    expect(answer.status).toBe(410);
    expect(await answer.json()).toMatchObject({ status: "deprecated" });
  });

  test("answers are not to be kept", async () => {
    for (const path of ["alerts", "alerts/groups", "silences", "status", "receivers"]) {
      const { headers } = await fetch(`${url}/api/v2/${path}`);
      expect(headers.get("cache-control")).toBe("no-store");
    }
  });

  test("pages: each alert once, and no cursor after the last", async () => {
    const seen: string[] = [];
    let pages = 0;
    for (let cursor: string | null = ""; cursor !== null; pages++) {
      const more = cursor === "" ? "" : `&cursor=${cursor}`;
      const answer = await fetch(`${url}/api/v2/alerts?limit=10${more}`);
      const alerts = (await answer.json()) as { labels: { instance: string } }[];
      expect(alerts.length).toBeLessThanOrEqual(10);
      seen.push(...alerts.map(({ labels }) => labels.instance));
      cursor = answer.headers.get("x-next-cursor");
      if (pages > 9) throw new Error("the pages do not end");
    }
    expect(new Set(seen).size).toBe(alertsCount);
    expect(seen).toHaveLength(alertsCount);
    for (const query of ["limit=0", "limit=x", "limit=10001", "cursor=x"]) {
      const answer = await fetch(`${url}/api/v2/alerts?${query}`);
      expect(answer.status).toBe(400);
      expect(await answer.json()).toContain(query.replace("=", ": got "));
    }
  });

  test("more reads at once than allowed are asked to come again", async () => {
    const reads = Array.from({ length: 64 }, () => read(`${url}/api/v2/alerts/groups`));
    const answers = await Promise.all(reads);
    const busy = answers.filter(({ status }) => status === 503);
    expect(busy.length, "of 64").toBeGreaterThan(0);
    for (const { body } of busy) expect(body).toMatch(/^Limit of concurrent GET requests reached/);
    const fine = answers.filter(({ status }) => status === 200);
    expect(fine.length + busy.length).toBe(64);
    expect(fine.length).toBeGreaterThanOrEqual(8);
    expect((await fetch(`${url}/api/v2/alerts/groups`)).status).toBe(200);
  });
});

/** A connection of its own for each. */
function read(url: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => {
        const body = Buffer.concat(chunks).toString();
        resolve({ status: response.statusCode ?? 0, body });
      });
    });
    sent.on("error", reject);
    sent.end();
  });
}
