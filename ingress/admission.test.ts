/** Keys, scopes and limits on a real server, with the clocks in the test's hand. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  type Scope,
  environmentKey,
  keyText,
  revokeKey,
  rotateKey,
  secretHash,
} from "../runtime/api-keys.ts";
import { rateMemory } from "../runtime/rate-limits.ts";
import { RecentMap } from "../runtime/recent-map.ts";
import { rawExchange } from "../testing/ingress-door.ts";
import { KeyedWorld, bearer, postAlerts as post, secret } from "../testing/keyed-world.ts";

const hour = 3_600_000;
const alert = { labels: { alertname: "a", service: "s" } };

let world: KeyedWorld;
beforeEach(() => {
  world = new KeyedWorld();
});
afterEach(() => world.close());

describe("scopes", () => {
  const scopes: Scope[] = ["ingest", "read", "respond", "admin"];
  const routes: [method: string, path: string, needs: Scope][] = [
    ["POST", "/v1/alerts", "ingest"],
    ["POST", "/api/v2/alerts", "ingest"],
    ["GET", "/v1/things", "read"],
    ["HEAD", "/v1/things", "read"],
    ["GET", "/metrics", "read"],
    ["PATCH", "/v1/things/1", "respond"],
    ["POST", "/v1/undeclared", "admin"],
  ];

  test.each(routes)("%s %s is for %s alone", async (method, path, needs) => {
    const door = await world.open();
    for (const scope of scopes) {
      world.key(scope, [scope]);
      const body = method === "POST" ? JSON.stringify([alert]) : null;
      const headers = { ...bearer(scope), "content-type": "application/json" };
      const answer = await door.request(path, { method, body, headers });
      expect(answer.status, scope).toBe(scope === needs ? 200 : 403);
      if (scope === needs || method === "HEAD") continue;
      const error = `API key ${scope} lacks the scope ${needs}; it has ${scope}`;
      expect(await answer.json()).toMatchObject({ error, missing_scope: needs, status: 403 });
    }
  });

  test("a key may have several", async () => {
    const door = await world.open();
    world.key("both", ["ingest", "read"]);
    expect((await post(door, bearer("both"))).status).toBe(200);
    expect((await door.request("/v1/things", { headers: bearer("both") })).status).toBe(200);
  });

  test("health and the handshake need no key, metrics only when they are not open", async () => {
    const [closed, opened] = [await world.open(), await world.open({}, "open")];
    for (const path of ["/health/live", "/health/ready", "/-/healthy", "/-/ready"]) {
      expect((await closed.request(path)).status, path).toBe(200);
    }
    expect((await closed.request("/v1/events", { method: "OPTIONS" })).status).toBe(200);
    const statuses = [await closed.request("/metrics"), await opened.request("/metrics")];
    expect(statuses.map(({ status }) => status)).toEqual([401, 200]);
  });
});

describe("where a key is", () => {
  const text = keyText("k", secret);
  const basic = (pair: string): string => `Basic ${Buffer.from(pair).toString("base64")}`;
  test.each<[string, Record<string, string>, number]>([
    ["Bearer", { authorization: `Bearer ${text}` }, 200],
    ["bearer, lower case", { authorization: `bearer  ${text}` }, 200],
    ["GenieKey", { authorization: `GenieKey ${text}` }, 200],
    ["Basic", { authorization: basic(`anybody:${text}`) }, 200],
    ["Basic without a user", { authorization: basic(`:${text}`) }, 200],
    ["X-Api-Key", { "x-api-key": text }, 200],
    ["X-Api-Key beside another's header", { "x-api-key": text, authorization: "Basic eDp5" }, 200],
    ["Basic, as the user", { authorization: basic(`${text}:`) }, 401],
    ["another scheme", { authorization: `Digest ${text}` }, 401],
    ["nowhere", {}, 401],
    ["too long a header", { "x-api-key": `${"x".repeat(1_100)}${text}` }, 401],
  ])("%s", async (_, headers, status) => {
    world.key("k", ["ingest"]);
    const door = await world.open();
    expect((await post(door, headers)).status).toBe(status);
    // What was found is remembered; it must not change the answer.
    expect((await post(door, headers)).status).toBe(status);
  });

  test("the environment's key works as it is", async () => {
    const plain = "any 32 visible characters do".replaceAll(" ", "-").padEnd(40, "+");
    world.ring.pin(environmentKey(plain, world.nowMs));
    const door = await world.open();
    expect((await post(door, { authorization: `Bearer ${plain}` })).status).toBe(200);
    expect((await post(door, { authorization: `Bearer ${plain}x` })).status).toBe(401);
  });
});

describe("a key that does not work", () => {
  test("401 says how keys are given, and whether one was", async () => {
    const door = await world.open();
    const none = await post(door, {});
    expect(none.headers.get("www-authenticate")).toBe('Bearer realm="tocsin"');
    const error = expect.stringMatching(/needs an API key/) as string;
    expect(await none.json()).toMatchObject({ status: 401, error });
    const bad = await post(door, bearer("nobody"));
    const told = 'Bearer realm="tocsin", error="invalid_token"';
    expect(bad.headers.get("www-authenticate")).toBe(told);
  });

  test("expires at its time, although it was remembered", async () => {
    world.key("k", ["ingest"], { expiresAtMs: world.nowMs + hour });
    const door = await world.open();
    expect((await post(door, bearer("k"))).status).toBe(200);
    world.nowMs += hour - 1;
    expect((await post(door, bearer("k"))).status).toBe(200);
    world.nowMs += 1;
    const late = await post(door, bearer("k"));
    expect([late.status, ((await late.json()) as { error: string }).error]).toEqual([
      401,
      "The API key has expired; rotate it in time, or create another",
    ]);
  });

  test("is revoked at once, although it was remembered", async () => {
    const k = world.key("k", ["ingest"]);
    const door = await world.open();
    expect((await post(door, bearer("k"))).status).toBe(200);
    world.keep(revokeKey(k, world.nowMs));
    expect((await post(door, bearer("k"))).status).toBe(401);
  });

  test("rotated: both secrets work during the overlap, then the new one", async () => {
    const k = world.key("k", ["ingest"]);
    const door = await world.open();
    const statuses = async () => [
      (await post(door, bearer("k"))).status,
      (await post(door, bearer("k", "new"))).status,
    ];
    expect(await statuses()).toEqual([200, 401]);
    world.keep(rotateKey(k, secretHash("new"), 24 * hour, world.nowMs));
    expect(await statuses()).toEqual([200, 200]);
    world.nowMs += 24 * hour;
    expect(await statuses()).toEqual([401, 200]);
  });

  test("is refused before its body is read", async () => {
    const door = await world.open();
    const head = "POST /v1/alerts HTTP/1.1\r\nhost: a\r\ncontent-length: 1000\r\n\r\n";
    const answer = await rawExchange(door.port, (send) => void send(head));
    expect(answer).toMatch(/^HTTP\/1\.1 401/);
    expect(door.log.records).toEqual([]);
  });

  test("nothing of it is in answers, logs or metrics", async () => {
    world.key("k", ["ingest"], { alertsPerSecond: 1, tenant: "t" });
    const door = await world.open();
    door.server.route("POST", "/fails", () => Promise.reject(new Error("broken")), "ingest");
    const texts: string[] = [];
    const note = async (answer: Response): Promise<void> => {
      texts.push(await answer.text(), JSON.stringify([...answer.headers]));
    };
    const wrong = "wr0ngwr0ngwr0ngwr0ngwr0ngwr0ng";
    await note(await post(door, bearer("k", wrong)));
    await note(await post(door, { "x-api-key": wrong }));
    await note(await door.request("/v1/things", { headers: bearer("k") }));
    await note(await post(door, bearer("k"), [alert], "/fails"));
    await note(await post(door, bearer("k"), [alert, alert]));
    await note(await post(door, bearer("k"), [alert]));
    expect(texts.join()).toContain("the limit key_alerts of API key k is used up");
    world.key("r", ["read"]);
    await note(await door.request("/metrics", { headers: bearer("r") }));
    expect(world.logged.join()).toContain("broken");
    const all = [...texts, ...world.logged].join("\n");
    for (const hidden of [secret, wrong, secretHash(secret), "Bearer tcn"]) {
      expect(all).not.toContain(hidden);
    }
  });
});

describe("limits", () => {
  test("of a key, in alerts: refused when used up, with the time to wait", async () => {
    world.key("k", ["ingest"], { alertsPerSecond: 10 });
    const door = await world.open();
    expect((await post(door, bearer("k"), Array(35).fill(alert))).status).toBe(200);
    const late = await post(door, bearer("k"));
    expect([late.status, late.headers.get("retry-after")]).toEqual([429, "3"]);
    expect(await late.json()).toMatchObject({ limit: "key_alerts" });
    world.clockMs += 2_500;
    expect((await post(door, bearer("k"))).headers.get("retry-after")).toBe("1");
    world.clockMs += 1;
    expect((await post(door, bearer("k"))).status).toBe(200);
    expect(door.intake.counters.received).toBe(36);
  });

  test("of requests, and those of others are not touched", async () => {
    world.key("k", ["read"]);
    world.key("other", ["read"]);
    const door = await world.open({ key_requests: 3 });
    const get = async (id: string) =>
      (await door.request("/v1/things", { headers: bearer(id) })).status;
    const statuses = [await get("k"), await get("k"), await get("k"), await get("k")];
    expect([...statuses, await get("other")]).toEqual([200, 200, 200, 429, 200]);
    world.clockMs += 333;
    expect([await get("k"), await get("k")]).toEqual([200, 429]);
  });

  test("of a tenant count for all of its keys", async () => {
    world.key("a", ["ingest"], { tenant: "shop" });
    world.key("b", ["ingest"], { tenant: "shop" });
    world.key("c", ["ingest"], { tenant: "bank" });
    const door = await world.open({ tenant_alerts: 5 });
    expect((await post(door, bearer("a"), Array(5).fill(alert))).status).toBe(200);
    const late = await post(door, bearer("b"));
    expect(await late.json()).toMatchObject({ status: 429, limit: "tenant_alerts" });
    expect((await post(door, bearer("c"))).status).toBe(200);
  });

  test("are the same for all doors of a process, and are counted by key", async () => {
    world.key("k", ["ingest"], { alertsPerSecond: 2 });
    world.key("r", ["read"]);
    const rates = rateMemory();
    const [one, two] = [await world.open({}, "read", rates), await world.open({}, "read", rates)];
    expect((await post(one, bearer("k"), [alert, alert])).status).toBe(200);
    expect((await post(two, bearer("k"))).status).toBe(429);
    const metrics = await (await two.request("/metrics", { headers: bearer("r") })).text();
    expect(metrics).toContain(
      'tocsin_ingest_rate_limited_total{key_id="k",limit="key_alerts"} 1\n',
    );
  });

  test("a rate of its own goes before the configured one", async () => {
    world.key("own", ["ingest"], { alertsPerSecond: 100 });
    world.key("default", ["ingest"]);
    const door = await world.open({ key_alerts: 1 });
    for (const [id, status] of [["own", 200], ["default", 429]] as const) {
      await post(door, bearer(id));
      expect((await post(door, bearer(id))).status, id).toBe(status);
    }
  });
});

test("what is remembered is bounded, and what is asked for stays", () => {
  const map = new RecentMap<number>(10);
  for (let i = 0; i < 1_000; i += 1) {
    map.set(`k${i}`, i);
    expect(map.get("k0")).toBe(0);
    expect(map.size).toBeLessThanOrEqual(10);
  }
});
