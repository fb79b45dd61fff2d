/**
 * The doors of other senders on the running program: what was accepted a moment ago can be acted
 * upon at once, over all threads, and heartbeats outlive kill -9.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { eventually } from "../contracts/eventually.ts";
import { Program } from "./program.ts";

let dir = "";
let program: Program | null = null;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "tocsin-senders-"));
});

afterEach(() => {
  program?.kill9();
  rmSync(dir, { recursive: true, force: true });
});

const config = `nats: { port: 0 }
partitions: { dedup: 2, incident: 2 }
listeners: 2
sources: [{ name: probe, labels: { alertname: check }, status: state, dedup_key: check }]
`;

test("trigger, acknowledge and resolve in one breath; heartbeats after kill -9", async () => {
  const configPath = join(dir, "tocsin.yaml");
  const start = () => Program.start({ dataDir: join(dir, "data"), configPath, chaos: false });
  writeFileSync(configPath, config);
  program = await start();
  const send = async (method: string, path: string, body?: object) => {
    const response = await fetch(`${program?.url}${path}`, {
      method,
      headers: { authorization: "GenieKey k", "x-routing-key": "r".repeat(32) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const pagerDuty = (event_action: string, more = {}) =>
    send("POST", "/v2/enqueue", { event_action, dedup_key: "k", ...more });
  const payload = { summary: "down", source: "web-1", severity: "error" };
  const incidents = async () => (await send("GET", "/v1/incidents?status=all")).body["items"];

  expect((await pagerDuty("trigger", { payload })).status).toBe(202);
  expect((await pagerDuty("acknowledge")).status).toBe(202);
  expect(await incidents()).toMatchObject([{ title: "down", status: "acknowledged" }]);
  expect((await pagerDuty("resolve")).status).toBe(202);
  await eventually(async () => expect(await incidents()).toMatchObject([{ status: "resolved" }]));

  const alias = "?identifierType=alias";
  await send("POST", "/v2/alerts", { message: "full", alias: "disk" });
  await send("PUT", `/v2/alerts/disk/message${alias}`, { message: "fuller" });
  const one = await send("GET", `/v2/alerts/disk${alias}`);
  expect(one.body["data"]).toMatchObject({ message: "fuller", status: "open" });
  await send("POST", `/v2/alerts/disk/close${alias}`);
  const probe = { check: "dns", state: "down" };
  expect((await send("POST", "/v1/ingest/probe", probe)).body).toMatchObject({ accepted: 1 });

  const beat = { name: "cron", interval: 10, intervalUnit: "minutes" };
  expect((await send("POST", "/v2/heartbeats", beat)).status).toBe(201);
  expect((await send("GET", "/v2/heartbeats/cron/ping")).status).toBe(202);
  const before = await send("GET", "/v2/heartbeats/cron");
  program.kill9();
  program = await start();
  await eventually(async () => {
    const after = await send("GET", "/v2/heartbeats/cron");
    expect(after.body["data"]).toEqual(before.body["data"]);
  });
  const firing = (await send("GET", "/v1/alerts")).body["items"];
  expect(firing).toMatchObject([{ labels: { alertname: "dns" } }]);
  expect(await program.terminate(), program.stderr()).toBe(0);
});
