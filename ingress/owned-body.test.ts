/** Alerts that come with a key of one tenant, through a real server into a log in memory. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Door } from "../testing/ingress-door.ts";
import { KeyedWorld, bearer, postAlerts as post } from "../testing/keyed-world.ts";

let world: KeyedWorld;
beforeEach(() => {
  world = new KeyedWorld();
});
afterEach(() => world.close());

const stored = (door: Door): Record<string, string>[] =>
  door.log.records
    .filter(({ flags }) => flags !== 2)
    .map(({ payload }) => (JSON.parse(payload) as { labels: Record<string, string> }).labels);

describe("a key of one tenant", () => {
  beforeEach(() => {
    world.key("k", ["ingest", "read"], { tenant: "shop", service: "checkout" });
  });

  test("puts its labels where they are absent", async () => {
    const door = await world.open();
    const answer = await post(door, bearer("k"), [
      { labels: { alertname: "a" } },
      { labels: { alertname: "b", service: "own" } },
      { labels: { alertname: "c", job: "j", tenant: "shop" } },
      { labels: { alertname: "d", tenant_id: "", service: "" }, annotations: { x: "y" } },
      { labels: { alertname: "e", tenant_id: "shop", service: "own" } },
    ]);
    expect(await answer.json()).toMatchObject({ accepted: 5 });
    const tenant_id = "shop";
    expect(stored(door)).toEqual(
      expect.arrayContaining([
        { alertname: "a", tenant_id, service: "checkout" },
        { alertname: "b", tenant_id, service: "own" },
        { alertname: "c", job: "j", tenant: "shop", tenant_id },
        { alertname: "d", tenant_id, service: "checkout" },
        { alertname: "e", tenant_id, service: "own" },
      ]),
    );
    expect(stored(door)).toHaveLength(5);
  });

  test("another tenant's alert is refused, in its place in the request", async () => {
    const door = await world.open();
    const answer = await post(door, bearer("k"), [
      { labels: { alertname: "a", tenant_id: "bank" } },
      { labels: { alertname: "b" } },
      { labels: {} },
      { labels: { alertname: "c", tenant: "bank" } },
    ]);
    expect(answer.status).toBe(200);
    const { rejected } = (await answer.json()) as { rejected: object[] };
    const foreign = { reason: "the API key is of another tenant", value: "bank" };
    expect(rejected).toEqual([
      { index: 2, reason: expect.stringMatching(/^at least one/), field: "labels", value: "{}" },
      { index: 0, field: "labels.tenant_id", ...foreign },
      { index: 3, field: "labels.tenant", ...foreign },
    ]);
    expect(stored(door)).toEqual([{ alertname: "b", tenant_id: "shop", service: "checkout" }]);
    expect(door.intake.counters).toMatchObject({ received: 4, accepted: 1, rejected: 3 });
  });

  test("403 when all are another's, 400 when some are wrong otherwise", async () => {
    const door = await world.open();
    const foreign = { labels: { alertname: "a", tenant_id: "bank" } };
    for (const path of ["/v1/alerts", "/api/v2/alerts"]) {
      expect((await post(door, bearer("k"), [foreign], path)).status, path).toBe(403);
      expect((await post(door, bearer("k"), [foreign, {}], path)).status, path).toBe(400);
    }
    expect(stored(door)).toEqual([]);
  });

  test.each<[string, string, string]>([
    ["an empty label that comes later", '{"a":"b","tenant_id":"shop","tenant_id":""}', "shop"],
    ["a name twice", '{"tenant_id":"bank","tenant_id":"shop"}', "shop"],
    ["an escaped name", '{"x":"1","tenant\\u005fid":"bank"}', "refused"],
    ["a name twice, the last another's", '{"tenant_id":"shop","tenant_id":"bank"}', "refused"],
    ["no label with a value", '{"tenant_id":""}', "refused"],
  ])("cannot be got around by %s", async (_, labels, outcome) => {
    const door = await world.open();
    const answer = await post(door, bearer("k"), `[{"labels":${labels}}]`);
    const tenants = stored(door).map((one) => one["tenant_id"]);
    if (outcome === "refused") expect([answer.status, tenants]).not.toContain(200);
    expect(tenants).toEqual(outcome === "refused" ? [] : [outcome]);
  });

  test("two labels objects: the last one counts, as it does for the log", async () => {
    const door = await world.open();
    const body = '{"labels":{"tenant_id":"shop"},"labels":{"tenant_id":"bank","a":"b"}}';
    expect((await post(door, bearer("k"), body)).status).toBe(403);
  });

  test("lines and events carry them, too; a broken line is refused alone", async () => {
    const door = await world.open();
    const lines = ['{"labels":{"alertname":"a"}}', "{broken", '{"labels":{"alertname":"b"}}'];
    const type = { "content-type": "application/x-ndjson" };
    const answer = await post(door, { ...bearer("k"), ...type }, lines.join("\n"));
    expect(await answer.json()).toMatchObject({ accepted: 2, rejected: [{ index: 1 }] });
    const data = { labels: { alertname: "c", tenant_id: "bank" } };
    const events = ["bank", ""].map((tenant_id, id) => ({
      ...{ specversion: "1.0", id: `${id}`, source: "/s", type: "t" },
      data: { labels: { ...data.labels, tenant_id } },
    }));
    const batch = { "content-type": "application/cloudevents-batch+json" };
    const sent = await post(door, { ...bearer("k"), ...batch }, events, "/v1/events");
    expect(await sent.json()).toMatchObject({ accepted: 1, rejected: [{ index: 0 }] });
    expect(stored(door).map((one) => one["tenant_id"])).toEqual(["shop", "shop", "shop"]);
  });

  test("is not for what is not separated by tenant", async () => {
    const door = await world.open();
    const answer = await door.request("/v1/things", { headers: bearer("k") });
    expect(answer.status).toBe(403);
    const error = "API key k is of tenant shop, and this path is not separated by tenant";
    expect(await answer.json()).toMatchObject({ error });
  });
});
