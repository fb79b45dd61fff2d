/** API keys in a real bucket, as two threads that listen and one that changes see them. */
import { type NatsConnection, connect } from "@nats-io/transport-node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ApiKey, type KeyWish, adminWish, keysMax } from "../runtime/api-keys.ts";
import { KeyRing } from "../runtime/key-ring.ts";
import { silentLog } from "../testing/ingress-door.ts";
import { type NatsServer, startNatsServer } from "../testing/nats-server.ts";
import { ApiKeyStore } from "./api-keys.ts";
import { KeyWatch } from "./key-watch.ts";
import { connectOptions } from "./nats-connection.ts";
import { NatsLink } from "./nats-link.ts";
import { createTopology } from "./topology.ts";

let server: NatsServer;
const connections: NatsConnection[] = [];
const watches: KeyWatch[] = [];
let store: ApiKeyStore;
let mainRing: KeyRing;
let doorRing: KeyRing;
const created: ApiKey[] = [];
const wish: KeyWish = { ...adminWish("ci", ["ingest"]), tenant: "shop", alertsPerSecond: 5 };

async function open(): Promise<{ link: NatsLink; ring: KeyRing; watch: KeyWatch }> {
  const connection = await connect(connectOptions(server.url, "test"));
  connections.push(connection);
  await createTopology(connection);
  const link = new NatsLink(connection);
  const ring = new KeyRing();
  const watch = await KeyWatch.open(link, ring, silentLog);
  watches.push(watch);
  return { link, ring, watch };
}

beforeAll(async () => {
  server = await startNatsServer();
  const main = await open();
  mainRing = main.ring;
  store = new ApiKeyStore({ ...main, nowMs: Date.now, created: (key) => void created.push(key) });
  doorRing = (await open()).ring;
});
afterAll(async () => {
  for (const watch of watches) watch.stop();
  await Promise.all(connections.map((connection) => connection.close()));
  await server.stop();
});

/** How long until the other thread's ring says so, ms. */
async function seen(text: string, kind: string): Promise<number> {
  const begunMs = performance.now();
  while (doorRing.check(text, Date.now()).kind !== kind) {
    if (performance.now() - begunMs > 5_000) throw new Error(`never became ${kind}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  return performance.now() - begunMs;
}

test("a key works here at once, elsewhere within a second, and after a restart", async () => {
  const { key, text } = await store.create(wish);
  expect(text).toMatch(/^tcn_[0-9a-f]{12}_[0-9a-f]{48}$/);
  expect(created.at(-1)).toEqual(key);
  expect(mainRing.check(text, Date.now())).toMatchObject({ kind: "valid", key: wish });
  expect(await seen(text, "valid")).toBeLessThan(1_000);
  const later = await open();
  expect(later.ring.check(text, Date.now())).toMatchObject({ kind: "valid", key: wish });
});

test("what is stored is a hash", async () => {
  const { key, text } = await store.create(wish);
  const { watch } = await open();
  const stored = await watch.kv.get(key.id);
  const secret = text.split("_")[2] ?? "";
  expect(secret).toHaveLength(48);
  expect(stored?.string()).toContain(key.secrets[0]?.sha256);
  expect(stored?.string()).not.toContain(secret);
});

test("a rotated key has two texts until the overlap is over", async () => {
  const { key, text } = await store.create(wish);
  const rotated = await store.rotate(key.id, 60_000);
  expect(await seen(rotated?.text ?? "", "valid")).toBeLessThan(1_000);
  const kinds = (ms: number) =>
    [text, rotated?.text ?? ""].map((each) => doorRing.check(each, Date.now() + ms).kind);
  expect([kinds(0), kinds(60_001)]).toEqual([
    ["valid", "valid"],
    ["expired", "valid"],
  ]);
});

test("a revoked key works nowhere within a second, and cannot be rotated back", async () => {
  const { key, text } = await store.create(wish);
  await seen(text, "valid");
  await store.revoke(key.id);
  expect(mainRing.check(text, Date.now()).kind).toBe("revoked");
  expect(await seen(text, "revoked")).toBeLessThan(1_000);
  expect(await store.rotate(key.id, 60_000)).toBeNull();
  expect(await store.revoke("nobody")).toBeNull();
  expect(await store.revoke("a.b *>")).toBeNull();
});

test("changes at the same time are all kept", async () => {
  const { key } = await store.create(wish);
  const changes = [0, 1, 2].map(() => store.rotate(key.id, 60_000));
  const results = await Promise.all([...changes, store.revoke(key.id)]);
  expect(results.at(-1)).toMatchObject({ id: key.id });
  expect(store.list().find(({ id }) => id === key.id)?.revokedAtMs).not.toBeNull();
});

test("what is no key in the bucket works for nobody and breaks nothing", async () => {
  const { watch, ring } = await open();
  await watch.kv.put("broken", "no JSON");
  await watch.kv.put("odd", JSON.stringify({ id: "odd", scopes: ["root"] }));
  const { text } = await store.create(wish);
  expect(await seen(text, "valid")).toBeLessThan(1_000);
  expect(ring.list().map(({ id }) => id)).not.toContain("odd");
});

test("when there are too many, one that has ended makes room, or none is created", async () => {
  const { link, watch } = await open();
  const ring = new KeyRing();
  const full = new ApiKeyStore({ link, watch, ring, nowMs: Date.now, created: () => undefined });
  const { key } = await full.create(wish);
  for (let i = 1; i < keysMax; i += 1) ring.put({ ...key, id: `k${i}`, createdAtMs: i }, 1);
  await expect(full.create(wish)).rejects.toThrow(/10000 API keys already/);
  await full.revoke(key.id);
  await full.create(wish);
  expect((await watch.kv.get(key.id))?.operation).toBe("DEL");
});

test("the watch outlives its server", async () => {
  await server.restart();
  const { text } = await retried(() => store.create(wish));
  await seen(text, "valid");
});

async function retried<T>(action: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await action();
    } catch (error) {
      if (tries === 50) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
