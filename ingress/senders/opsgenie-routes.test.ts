/** Opsgenie's alert API, with requests as its SDK and Alertmanager's notifier write them. */
import { anyone } from "./sender-deps.ts";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { RetryableError } from "../../runtime/errors.ts";
import { type SenderWorld, openSenderWorld } from "../../testing/sender-world.ts";

let world: SenderWorld;
beforeEach(async () => void (world = await openSenderWorld()));
afterEach(() => world.close());

const key = { authorization: "GenieKey 1234-5678" };
const disk = {
  ...{ message: "Disk is full", alias: "db-1/disk", description: "97 % used", priority: "P1" },
  ...{ tags: ["db", "prod"], entity: "db-1", source: "zabbix", user: "cron" },
  details: { service: "billing", region: "eu", ticket: "T-1" },
  responders: [{ name: "dba", type: "team" }],
};
const send = (method: string, path: string, body?: unknown) =>
  world.send(method, `/v2/alerts${path}`, body, key);
type Listed = { message: string; id: string; [field: string]: unknown };
const listed = async (query = "") => {
  const { status, body } = await send("GET", `?${new URLSearchParams(query && { query })}`);
  expect([query, status, body["message"]]).toEqual([query, 200, undefined]);
  return body["data"] as Listed[];
};
const outcome = async (answer: { body: Record<string, unknown> }) => {
  const { body } = await send("GET", `/requests/${String(answer.body["requestId"])}`);
  return body["data"] as Record<string, unknown>;
};

describe("create", () => {
  test("202 with the id of the request, and an alert in both forms", async () => {
    const answer = await send("POST", "", disk);
    const { requestId, took, result } = answer.body;
    expect([answer.status, result]).toEqual([202, "Request will be processed"]);
    expect([typeof requestId, typeof took]).toEqual(["string", "number"]);
    expect(answer.headers.get("x-request-id")).toBe(requestId);
    const [alert] = await world.firing();
    expect(alert).toMatchObject({
      labels: {
        ...{ alertname: "Opsgenie alert", entity: "db-1", source: "zabbix", tags: "db,prod" },
        ...{ team: "dba", service: "billing", region: "eu", severity: "critical" },
      },
      annotations: { summary: "Disk is full", description: "97 % used", user: "cron" },
      dedupKey: "opsgenie/db-1/disk",
    });
    expect(Date.now() - (alert?.startsAtMs ?? 0)).toBeLessThan(10_000);
    expect(JSON.stringify(alert)).not.toContain("1234-5678");
    expect(await outcome(answer)).toMatchObject({
      ...{ success: true, isSuccess: true, action: "Create", alias: "db-1/disk" },
      alertId: alert?.fingerprint,
    });
  });

  test("an alert without an alias gets one of its own; priority P3", async () => {
    const first = await send("POST", "", { message: "a" });
    await send("POST", "", { message: "a" });
    expect(await world.firing()).toHaveLength(2);
    const { alias, alertId } = await outcome(first);
    expect((await send("GET", `/${String(alias)}?identifierType=alias`)).body).toMatchObject({
      data: { id: alertId, alias, priority: "P3", status: "open", message: "a" },
    });
  });

  test.each([
    [{}, 422, { message: "Message can not be empty." }],
    [{ message: "x".repeat(131) }, 422, { message: "Message may have at most 130 characters." }],
    [{ message: "x", alias: "a".repeat(513) }, 422, { alias: expect.stringContaining("512") }],
    [{ message: "x", priority: "P9" }, 422, { priority: expect.stringContaining("P1, P2") }],
    [{ message: "x", tags: [1] }, 422, { tags: "Tags must be a list of strings." }],
    [{ message: "x", details: "no" }, 422, { details: "Details must be an object." }],
    ["[]", 400, undefined],
    ["", 400, undefined],
  ])("refused with the names of the fields, case %#", async (body, status, errors) => {
    const answer = await send("POST", "", body);
    expect([answer.status, answer.body["errors"]]).toEqual([status, errors]);
    expect(Object.keys(answer.body).sort()).toEqual(
      ["code", ...(errors === undefined ? [] : ["errors"]), "message", "requestId", "took"],
    );
    expect(await world.firing()).toEqual([]);
  });

  test("what the log does not take is a 503 with Retry-After", async () => {
    world.refusal.error = new RetryableError("away");
    const answer = await send("POST", "", disk);
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "1"]);
  });
});

describe("one alert", () => {
  const byAlias = `/${encodeURIComponent("db-1/disk")}`;
  const alias = "?identifierType=alias";

  test("is found by id, alias and tiny id, with its details", async () => {
    await send("POST", "", disk);
    const { body } = await send("GET", byAlias + alias);
    const data = body["data"] as Listed;
    expect(data).toMatchObject({
      ...{ message: "Disk is full", tags: ["db", "prod"], priority: "P1", acknowledged: false },
      ...{ description: "97 % used", entity: "db-1", source: "zabbix", count: 1 },
      details: { service: "billing", ticket: "T-1" },
    });
    expect((await send("GET", `/${data.id}`)).body["data"]).toEqual(data);
    const tiny = String(data["tinyId"]);
    expect((await send("GET", `/${tiny}?identifierType=tiny`)).body["data"]).toEqual(data);
    expect((await send("GET", "/ffffffffffffffff")).status).toBe(404);
    expect((await send("GET", "/x?identifierType=name")).status).toBe(422);
  });

  test("acknowledge and note go to its incident, under the user's name", async () => {
    await send("POST", "", disk);
    const acked = await send("POST", `${byAlias}/acknowledge${alias}`, { user: "ada" });
    expect([acked.status, await outcome(acked)]).toMatchObject([
      202,
      { isSuccess: true, action: "Acknowledge" },
    ]);
    const noted = await send("POST", `${byAlias}/notes${alias}`, { note: "on it", user: "ada" });
    expect((await outcome(noted))["isSuccess"]).toBe(true);
    const [alert] = await listed();
    expect([alert?.["acknowledged"], alert?.["owner"]]).toEqual([true, "ada"]);
    const timeline = world.incidents.stage.timeline(String(alert?.["incidentId"]));
    expect(JSON.stringify(timeline)).toContain("on it");
  });

  test("as Alertmanager drives it: create, new message and description, close", async () => {
    await send("POST", "", disk);
    const message = await send("PUT", `${byAlias}/message${alias}`, { message: "Disk 98 %" });
    const text = { description: "grows" };
    const description = await send("PUT", `${byAlias}/description${alias}`, text);
    expect([message.status, description.status]).toEqual([202, 202]);
    await send("PUT", `${byAlias}/priority${alias}`, { priority: "P2" });
    expect(await world.firing()).toMatchObject([
      {
        annotations: { summary: "Disk 98 %", description: "grows", user: "cron" },
        labels: { severity: "high", entity: "db-1" },
      },
    ]);
    const closed = await send("POST", `${byAlias}/close${alias}`, { source: "alertmanager" });
    expect([closed.status, (await outcome(closed))["status"]]).toEqual([202, "Closed alert"]);
    expect(await world.firing()).toEqual([]);
    expect((await send("GET", byAlias + alias)).status).toBe(404);
    await send("POST", "", disk);
    expect(await world.firing()).toMatchObject([{ annotations: { summary: "Disk is full" } }]);
  });

  test("one that does not exist: 202, and the outcome says so", async () => {
    for (const action of ["close", "acknowledge"]) {
      const answer = await send("POST", `/unknown/${action}${alias}`, {});
      expect([answer.status, await outcome(answer)]).toMatchObject([
        202,
        { isSuccess: false, status: "Alert does not exist" },
      ]);
    }
    expect((await send("POST", `/x/notes${alias}`, {})).status).toBe(422);
  });

  test("what is not supported says so", async () => {
    for (const path of ["snooze", "unacknowledge", "escalate", "tags", "actions/restart"]) {
      const answer = await send("POST", `/x/${path}`, {});
      expect([path, answer.status, answer.body["code"]]).toEqual([path, 422, 422]);
      expect(answer.body["message"]).toContain("is not supported here");
    }
    expect((await send("DELETE", "/x")).status).toBe(422);
  });
});

describe("lists", () => {
  beforeEach(async () => {
    await send("POST", "", disk);
    await send("POST", "", { message: "Web is slow", alias: "web", tags: ["web"], entity: "w-1" });
    await send("POST", "", { message: "Web is down", alias: "w2", tags: ["web"], priority: "P2" });
  });

  test.each([
    ["", 3],
    ["status: open", 3],
    ["status=open AND tag: web", 2],
    ['tag: web AND message: "is down"', 1],
    ["alias: web", 1],
    ["entity: db-1 AND priority: P1", 1],
    ["source: zabbix", 1],
    ["priority: P5", 0],
  ])("query %j finds %i", async (query, found) => {
    expect(await listed(query)).toHaveLength(found);
    const counted = await send("GET", `/count?${new URLSearchParams({ query })}`);
    expect(counted.body["data"]).toEqual({ count: found });
  });

  test.each(["status: closed", "owner: ada", "tag: web OR tag: db", "disk", "tag: web tag: db"])(
    "query %j is refused",
    async (query) => {
      const answer = await send("GET", `?${new URLSearchParams({ query })}`);
      expect([answer.status, Object.keys(answer.body["errors"] as object)]).toEqual([
        422,
        ["query"],
      ]);
    },
  );

  test("pages in order, with links", async () => {
    const query = "&sort=createdAt&order=asc";
    const first = await send("GET", `?limit=2&offset=0${query}`);
    const page = await send("GET", `?limit=2&offset=2${query}`);
    const all = [first, page].flatMap(({ body }) => body["data"] as Listed[]);
    expect(new Set(all.map(({ message }) => message)).size).toBe(3);
    const times = all.map(({ createdAt }) => String(createdAt));
    expect(times).toEqual([...times].sort());
    expect(page.body["paging"]).toEqual({
      first: "/v2/alerts?limit=2&offset=0&sort=createdAt&order=asc",
      last: "/v2/alerts?limit=2&offset=2&sort=createdAt&order=asc",
    });
    const keyed = await send("GET", "?limit=2&token=secret-1&apiKey=secret-2");
    expect(JSON.stringify(keyed.body["paging"])).not.toContain("secret");
    const bad = await send("GET", "?limit=101&offset=x&sort=age&order=up");
    expect(Object.keys(bad.body["errors"] as object).sort()).toEqual([
      ...["limit", "offset", "order", "sort"],
    ]);
  });
});

test("a key sees and ends the alerts of its tenant only", async () => {
  const tenants: Record<string, string> = { a: "acme", b: "other" };
  const own = await openSenderWorld({
    authenticate: (given) => ({ ...anyone, tenant: tenants[given] ?? null }),
  });
  const as = (name: string, method: string, path: string, body?: unknown) =>
    own.send(method, `/v2/alerts${path}`, body, { authorization: `GenieKey ${name}` });
  const created = await as("a", "POST", "", disk);
  const id = (await own.firing())[0]?.fingerprint ?? "";
  expect((await as("b", "GET", `/${id}`)).status).toBe(404);
  expect((await as("b", "GET", "")).body["data"]).toEqual([]);
  await as("b", "POST", `/${id}/close`);
  await as("b", "POST", `/${encodeURIComponent("db-1/disk")}/close?identifierType=alias`);
  expect(await own.firing()).toHaveLength(1);
  const path = `/requests/${String(created.body["requestId"])}`;
  expect((await as("b", "GET", path)).status).toBe(404);
  expect((await as("a", "GET", path)).status).toBe(200);
  await own.close();
});

test("paths may end with a slash, as Opsgenie's client for Node writes them", async () => {
  const created = await world.send("POST", "/v2/alerts/", { message: "slash", alias: "slash" });
  expect(created.status).toBe(202);
  const listed = await world.send("GET", "/v2/alerts/?limit=5");
  expect(listed.status).toBe(200);
  expect((await world.send("GET", "/v2/alerts//")).status).toBe(404);
});
