/** The same analytics process with a ClickHouse that is reached by URL, and that goes away. */
import { Kvm } from "@nats-io/kv";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { AlertEvent } from "../../actors/alert/events.ts";
import { RetryableError, TerminalError } from "../../runtime/errors.ts";
import { AnalyticsBench, until } from "../../testing/analytics.ts";
import { ClickHouseServer } from "../../testing/clickhouse-server.ts";
import type { AnalyticsChild } from "./analytics-child.ts";

let bench: AnalyticsBench;
let server: ClickHouseServer;
let analytics: AnalyticsChild;

beforeAll(async () => {
  server = await ClickHouseServer.start();
  bench = await AnalyticsBench.open();
}, 60_000);

afterAll(async () => {
  await bench.close();
  await server.stop();
}, 60_000);

const sums = "select sum(received), count(), uniqExact(step_seq, idx) from tocsin.alert_events";

/** Past the fence: as an administrator of that server would. */
async function ownStatement(sql: string): Promise<void> {
  const response = await fetch(server.url, { method: "POST", body: sql });
  expect(response.status, await response.text()).toBe(200);
}

const rejected = (received: number): AlertEvent => ({
  ...{ kind: "rejected", atMs: Date.now(), received, reason: "no labels", detail: "" },
});

test("it waits for a server that is not there yet; statements are told to try again", async () => {
  await server.kill9();
  await bench.alertStep(0, [rejected(1)]);
  analytics = await bench.startUnready(server.url);
  await until("it has noticed", () => bench.complaints.length > 0);
  await expect(analytics.query("select 1", "TSV")).rejects.toBeInstanceOf(RetryableError);
  await server.restart();
  await until("it is ready", () => analytics.status().state === "ready");
  expect(analytics.status()).toMatchObject({ engine: "server", restarts: 0 });
  await bench.stored(analytics, 1);
}, 60_000);

test("while the server is away the log keeps the steps; nothing is lost or doubled", async () => {
  let last = 0;
  for (let round = 0; round < 2; round++) {
    for (let step = 0; step < 10; step++) last = await bench.alertStep(step % 3, [rejected(2)]);
    await server.kill9();
    await bench.alertStep(0, [rejected(2)]);
    await until("it has noticed", () => analytics.status().state === "away");
    await expect(analytics.query("select 1", "TSV")).rejects.toBeInstanceOf(RetryableError);
    await server.restart();
    last = await bench.alertStep(1, [rejected(2)]);
    await bench.stored(analytics, last);
  }
  expect(await analytics.query(sums, "TSV")).toBe("49\t25\t25\n");
  expect(analytics.status().restarts).toBe(0);
}, 60_000);

test("a repetition restores rows whose token is remembered but whose part was lost", async () => {
  await analytics.stop();
  await ownStatement("delete from tocsin.alert_events where step_seq in (3, 4)");
  const kv = await new Kvm(bench.js).open("tocsin_meta");
  const record = (await kv.get("sink.range"))?.json<{ last: number }>();
  await kv.put("sink.range", JSON.stringify({ ...record, first: 1, done: false }));
  analytics = await bench.start(server.url);
  await bench.stored(analytics, record?.last ?? 0);
  expect(await analytics.query(sums, "TSV")).toBe("49\t25\t25\n");
  // The same again, now that the first repetition's own token is remembered.
  await analytics.stop();
  await ownStatement("delete from tocsin.alert_events where step_seq in (3, 4)");
  const again = { ...record, first: 1, done: false };
  await kv.put("sink.range", JSON.stringify(again));
  analytics = await bench.start(server.url);
  await bench.stored(analytics, record?.last ?? 0);
  expect(await analytics.query(sums, "TSV")).toBe("49\t25\t25\n");
}, 60_000);

test("statements over HTTP only read, too", async () => {
  const ask = (sql: string): Promise<string> => analytics.query(sql, "TSV");
  await expect(ask("drop table tocsin.alerts")).rejects.toBeInstanceOf(TerminalError);
  await expect(ask("select 1 settings readonly = 0")).rejects.toThrow(/readonly/);
  await expect(ask("select nonsense")).rejects.toThrow(/nonsense/);
  expect(await ask("select getSetting('readonly'), getSetting('max_execution_time')")).toBe(
    "1\t25\n",
  );
});
