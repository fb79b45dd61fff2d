/** Webhooks of Alertmanager and Grafana, as they send them, through HTTP into the stages. */
import { anyone } from "./sender-deps.ts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { RetryableError } from "../../runtime/errors.ts";
import { type SenderWorld, openSenderWorld } from "../../testing/sender-world.ts";

let world: SenderWorld;
beforeAll(async () => void (world = await openSenderWorld()));
afterAll(() => world.close());

const zeroTime = "0001-01-01T00:00:00Z";
const dayMs = 24 * 3_600_000;

function alertmanagerBody(status: "firing" | "resolved", endsAt: string): object {
  const labels = { alertname: "DiskFull", instance: "db-1", severity: "critical" };
  const alert = {
    ...{ status, labels, annotations: { summary: "97 % used" }, startsAt: "2026-06-01T10:00:00Z" },
    ...{ endsAt, generatorURL: "http://prometheus/graph?g0", fingerprint: "b5c0ffee" },
  };
  return {
    ...{ version: "4", groupKey: '{}:{alertname="DiskFull"}', truncatedAlerts: 0, status },
    ...{ receiver: "tocsin", groupLabels: { alertname: "DiskFull" }, commonLabels: labels },
    ...{ commonAnnotations: {}, externalURL: "http://alertmanager:9093", alerts: [alert] },
  };
}

test("Alertmanager: fires without an end of its own, and ends when it is resolved", async () => {
  const answer = await world.send(
    "POST",
    "/v1/ingest/alertmanager",
    alertmanagerBody("firing", zeroTime),
  );
  expect([answer.status, answer.body]).toEqual([
    200,
    { accepted: 1, rejectedTotal: 0, rejected: [] },
  ]);
  const [alert] = await world.firing();
  expect(alert).toMatchObject({
    labels: { alertname: "DiskFull", instance: "db-1", severity: "critical" },
    annotations: { summary: "97 % used" },
    startsAtMs: Date.parse("2026-06-01T10:00:00Z"),
    generatorURL: "http://prometheus/graph?g0",
    dedupKey: null,
  });
  expect((alert?.endsAtMs ?? 0) - Date.now()).toBeGreaterThan(29 * dayMs);
  const ended = alertmanagerBody("resolved", new Date().toISOString());
  expect((await world.send("POST", "/v1/ingest/alertmanager", ended)).status).toBe(200);
  expect(await world.firing()).toEqual([]);
});

test("Grafana: its links and values become annotations, its own annotations do not", async () => {
  const alert = {
    ...{ status: "firing", labels: { alertname: "HighLoad", grafana_folder: "ops" } },
    annotations: { summary: "load is 12", __value_string__: "[ var='A' ]" },
    ...{ startsAt: "2026-06-01T10:00:00Z", endsAt: zeroTime, generatorURL: "http://grafana/r/1" },
    ...{ fingerprint: "c6eadffa33fcdf37", silenceURL: "http://grafana/silence", values: { A: 12 } },
    ...{ dashboardURL: "http://grafana/d/1", panelURL: "", imageURL: "http://grafana/i.png" },
  };
  const body = {
    ...{ receiver: "tocsin", status: "firing", alerts: [alert], groupLabels: {}, version: "1" },
    ...{ orgId: 1, title: "[FIRING:1]", state: "alerting", message: "**Firing**" },
  };
  expect((await world.send("POST", "/v1/ingest/grafana", body)).status).toBe(200);
  const [found] = await world.firing();
  expect(found?.annotations).toEqual({
    dashboard_url: "http://grafana/d/1",
    silence_url: "http://grafana/silence",
    image_url: "http://grafana/i.png",
    values: '{"A":12}',
    summary: "load is 12",
  });
  const ended = { ...body, alerts: [{ ...alert, status: "resolved" }] };
  expect((await world.send("POST", "/v1/ingest/grafana", ended)).status).toBe(200);
  expect(await world.firing()).toEqual([]);
});

test("what is wrong is named: the alert's place, the field, the value", async () => {
  const alerts = [
    { status: "firing", labels: { alertname: "Good" } },
    { status: "maybe", labels: { alertname: "Bad" } },
    { status: "firing", labels: { alertname: 7 } },
    { status: "firing", labels: {} },
    "text",
  ];
  const { status, body } = await world.send("POST", "/v1/ingest/alertmanager", { alerts });
  expect(status).toBe(200);
  expect(body).toMatchObject({ accepted: 1, rejectedTotal: 4 });
  expect((body["rejected"] as { index: number }[]).map(({ index }) => index)).toEqual([3, 1, 2, 4]);
  expect(body["rejected"]).toContainEqual({
    ...{ index: 1, reason: "status must be firing or resolved", field: "status", value: "maybe" },
  });
  const none = await world.send("POST", "/v1/ingest/alertmanager", { alerts: alerts.slice(1) });
  expect([none.status, none.body["title"]]).toEqual([400, "No valid alert"]);
  for (const bad of ["", "{", "[]", "{}", '{"alerts":{}}']) {
    const refused = await world.send("POST", "/v1/ingest/grafana", bad);
    expect([bad, refused.status, refused.body["title"]]).toEqual([
      ...[bad, 400, "Body not understood"],
    ]);
  }
});

test("a log that takes nothing is a 503 with Retry-After, never a success", async () => {
  world.refusal.error = new RetryableError("away", { retryAfterMs: 2_500 });
  const body = alertmanagerBody("firing", zeroTime);
  const answer = await world.send("POST", "/v1/ingest/alertmanager", body);
  world.refusal.error = null;
  expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "3"]);
});

test("the key's tenant is the alert's; another tenant's alert is refused", async () => {
  const keys: string[] = [];
  const own = await openSenderWorld({
    authenticate(key) {
      keys.push(key);
      return key === "secret" ? { ...anyone, tenant: "acme", service: "shop" } : null;
    },
  });
  const alerts = ["", "acme", "other"].map((tenant) => ({
    ...{ status: "firing", labels: { alertname: `of ${tenant}`, tenant_id: tenant } },
  }));
  const send = (authorization: string) =>
    own.send("POST", "/v1/ingest/grafana", { alerts }, { authorization });
  expect((await send("Bearer wrong")).status).toBe(401);
  expect((await send("Bearer secret")).body).toMatchObject({ accepted: 2, rejectedTotal: 1 });
  expect((await send(`Basic ${btoa("user:secret")}`)).status).toBe(200);
  expect(keys).toEqual(["wrong", "secret", "secret"]);
  const labels = (await own.firing()).map((alert) => alert.labels);
  expect(labels.map((each) => [each["tenant_id"], each["service"]])).toEqual([
    ["acme", "shop"],
    ["acme", "shop"],
  ]);
  await own.close();
});
