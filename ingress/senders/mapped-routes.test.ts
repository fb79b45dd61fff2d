/** Sources of the configuration, from their YAML through HTTP to alerts that fire and end. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadConfig } from "../../runtime/config/load.ts";
import { type SenderWorld, openSenderWorld } from "../../testing/sender-world.ts";

const { sources } = loadConfig(
  "t.yaml",
  `sources:
  - name: zabbix
    labels:
      alertname: event.name
      host: /host~1name
      environment: { value: prod }
      service: { path: [event.tags.service, event.app], default: none }
      severity: { path: event.severity, map: { "5": critical, High: high }, default: low }
    annotations: { summary: event.name, raw: event }
    status: { path: event.value, firing: ["1"], resolved: ["0"] }
    starts_at: event.clock
    dedup_key: event.id
    generator_url: event.url
  - name: batch
    items: alarms
    labels: { job: job, cluster: { path: cluster, from: body } }
    status: state
    ends_at: end
  - name: plain
    labels: { text: . }
    fires_for: 15m
`,
);
let world: SenderWorld;
beforeAll(async () => void (world = await openSenderWorld({ sources })));
afterAll(() => world.close());
const send = (name: string, body: unknown) => world.send("POST", `/v1/ingest/${name}`, body);

const event = (value: string, more: object = {}) => ({
  "host/name": "db-1",
  event: {
    ...{ id: 4711, name: "Disk full", value, severity: 5, clock: "1780300800", app: "billing" },
    ...{ url: "http://zabbix/4711", ...more },
  },
});

test("pointers, paths, constants, defaults, words; it ends by its own word", async () => {
  expect((await send("zabbix", event("1"))).body).toEqual({
    ...{ accepted: 1, rejectedTotal: 0, rejected: [] },
  });
  const [alert] = await world.firing();
  expect(alert).toMatchObject({
    labels: {
      ...{ alertname: "Disk full", host: "db-1", environment: "prod", service: "billing" },
      severity: "critical",
    },
    annotations: { summary: "Disk full", raw: JSON.stringify(event("1").event) },
    ...{ dedupKey: "source/zabbix/4711", generatorURL: "http://zabbix/4711" },
    startsAtMs: 1_780_300_800_000,
  });
  await send("zabbix", event("0", { name: "Disk is fine again" }));
  expect(await world.firing()).toEqual([]);
  await send("zabbix", event("1", { severity: "HIGH", app: null, id: 1 }));
  await send("zabbix", event("1", { severity: "?", id: 2 }));
  const labels = (await world.firing()).map((each) => each.labels);
  expect(labels.map(({ severity }) => severity).sort()).toEqual(["high", "low"]);
  expect(labels.find(({ severity }) => severity === "high")).toMatchObject({ service: "none" });
  for (const id of [1, 2]) await send("zabbix", event("0", { id }));
  expect(await world.firing()).toEqual([]);
});

test("many items with a common part; each is taken or refused by itself", async () => {
  const alarms = [
    { job: "a", state: "PROBLEM" },
    { job: "b", state: "maybe" },
    { job: "c", state: "open", end: "soon" },
    { job: "d", state: "down", end: "2020-01-01T00:00:00Z" },
    "text",
  ];
  const { status, body } = await send("batch", { cluster: "eu", alarms });
  expect([status, body["accepted"]]).toEqual([200, 2]);
  expect(body["rejected"]).toMatchObject([
    { index: 1, field: "status", value: "maybe" },
    { index: 2, field: "ends_at", value: "soon" },
    { index: 4, field: "status", value: "" },
  ]);
  expect((await world.firing()).map(({ labels }) => labels)).toEqual([
    { alertname: "batch", job: "a", cluster: "eu" },
  ]);
  await send("batch", { cluster: "eu", alarms: [{ job: "a", state: "Recovered" }] });
  expect(await world.firing()).toEqual([]);
});

test("an alert that nothing ends fires for as long as the source says", async () => {
  await send("plain", ["hello"]);
  const [alert] = await world.firing();
  expect(alert?.labels).toEqual({ alertname: "plain", text: "hello" });
  const leftMs = (alert?.endsAtMs ?? 0) - Date.now();
  expect(leftMs).toBeGreaterThan(14 * 60_000);
  expect(leftMs).toBeLessThanOrEqual(15 * 60_000);
});

test("what is wrong is said: the source, the body, the items, the key", async () => {
  expect((await send("unknown", {})).status).toBe(404);
  const refused = await send("zabbix", "{");
  expect([refused.status, refused.body["title"]]).toEqual([400, "Body not understood"]);
  expect((await send("batch", {})).body["detail"]).toContain("nothing at alarms");
  const keyless = await send("zabbix", event("1", { id: undefined }));
  expect([keyless.status, keyless.body["rejected"]]).toEqual([
    400,
    [{ index: 0, reason: "the rule finds no dedup_key", field: "dedup_key", value: "event.id" }],
  ]);
});
