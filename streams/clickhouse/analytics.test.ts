/** Contract of the analytics process: real nats-server, real embedded engine, real kill -9. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { Kvm } from "@nats-io/kv";
import type { AlertEvent } from "../../actors/alert/events.ts";
import { RetryableError, TerminalError } from "../../runtime/errors.ts";
import { AnalyticsBench, until } from "../../testing/analytics.ts";
import type { AnalyticsChild } from "./analytics-child.ts";

let bench: AnalyticsBench;
let analytics: AnalyticsChild;
let counter = 0;
/** What sum(received) must be; every test that adds alerts adds to it. */
let receivedInAll = 0;

beforeAll(async () => {
  bench = await AnalyticsBench.open();
  analytics = await bench.start();
}, 60_000);

afterAll(async () => {
  await bench.close();
}, 60_000);

function opened(service: string): AlertEvent & { kind: "opened" } {
  receivedInAll += 1;
  const fingerprint = (++counter).toString(16).padStart(16, "0");
  const labels = { alertname: "HighLatency", service, severity: "critical" };
  return {
    kind: "opened",
    fingerprint,
    atMs: Date.now(),
    received: 1,
    startsAtMs: Date.now(),
    endsAtMs: Date.now() + 60_000,
    body: { labels, annotations: {}, generatorURL: "", dedupKey: null },
  };
}

function refreshed(fingerprint: string, received: number): AlertEvent {
  receivedInAll += received;
  const atMs = Date.now();
  return { kind: "refreshed", fingerprint, atMs, received, fromMs: atMs - 1_000, endsAtMs: atMs };
}

const ask = (sql: string): Promise<string> => analytics.query(sql, "TSV");

/** Nothing lost, nothing twice. */
async function expectExactly(): Promise<void> {
  const sum = "select sum(received), count() - uniqExact(step_seq, idx) from tocsin.alert_events";
  expect(await ask(sum)).toBe(`${receivedInAll}\t0\n`);
}

test("every alert is accounted for, and roll-ups carry the names of their alert", async () => {
  const first = opened("checkout");
  const gone = { kind: "resolved", fingerprint: first.fingerprint, atMs: Date.now() } as const;
  receivedInAll += 1 + 7;
  await bench.alertStep(0, [first, refreshed(first.fingerprint, 40)]);
  const seq = await bench.alertStep(1, [
    { ...gone, received: 1, endedAtMs: Date.now(), by: "sender", total: 42 },
    { kind: "rejected", atMs: Date.now(), received: 7, reason: "no labels", detail: "labels: {}" },
  ]);
  await bench.stored(analytics, seq);
  const rows = await ask(
    `select kind, service, alertname, severity, received from tocsin.alert_events
     order by step_seq, idx`,
  );
  expect(rows.trim().split("\n")).toEqual([
    "opened\tcheckout\tHighLatency\tcritical\t1",
    "refreshed\tcheckout\tHighLatency\tcritical\t40",
    "resolved\tcheckout\tHighLatency\tcritical\t1",
    "rejected\tunknown\t\t\t7",
  ]);
  await expectExactly();
});

test("a range whose end was not recorded is repeated without storing a row twice", async () => {
  const seq = await bench.alertStep(0, [opened("search"), opened("search")]);
  await bench.stored(analytics, seq);
  await analytics.stop();
  const kv = await new Kvm(bench.js).open("tocsin_meta");
  const entry = await kv.get("sink.range");
  const record = entry?.json<Record<string, unknown>>() ?? {};
  expect(record).toMatchObject({ last: seq, done: true });
  await kv.put("sink.range", JSON.stringify({ ...record, first: 1, done: false }));
  analytics = await bench.start();
  await bench.stored(analytics, await bench.alertStep(0, [opened("search")]));
  await expectExactly();
});

test("a range that was recorded but never inserted is inserted", async () => {
  await analytics.stop();
  const last = await bench.alertStep(2, [opened("cart")]);
  const kv = await new Kvm(bench.js).open("tocsin_meta");
  const record = (await kv.get("sink.range"))?.json<Record<string, unknown>>() ?? {};
  await kv.put("sink.range", JSON.stringify({ ...record, first: last, last, done: false }));
  const strangerSeq = await bench.alertStep(2, [refreshed("0000000000000001", 5)]);
  analytics = await bench.start();
  await bench.stored(analytics, strangerSeq);
  await expectExactly();
  // The new process never saw fingerprint 1 open: it found its service in the table.
  expect(await ask(`select service from tocsin.alert_events where step_seq = ${strangerSeq}`)).toBe(
    "checkout\n",
  );
});

test("kill -9 in the middle of a stream of steps loses and doubles nothing", async () => {
  let last = 0;
  for (let round = 0; round < 4; round++) {
    for (let step = 0; step < 20; step++) {
      last = await bench.alertStep(step % 4, [opened("storm"), opened("storm"), opened("storm")]);
    }
    await until("a step of this round is heard of", () => analytics.status().sink.logSeq > 0);
    // Different moments of the 500 ms in which a range is collected, saved and inserted.
    await new Promise((resolve) => setTimeout(resolve, 300 + round * 110));
    const pid = analytics.status().pid;
    if (pid !== null) process.kill(pid, "SIGKILL");
    await until("it is down", () => analytics.status().pid !== pid);
    await until("it is back", () => analytics.status().state === "ready");
  }
  await bench.stored(analytics, last);
  await expectExactly();
  expect(analytics.status().restarts).toBe(4);
}, 60_000);

test("statements under way when the engine dies are told to try again", async () => {
  const slow = ask("select count() from numbers(1e11) where sipHash64(number) = 1");
  const outcome = slow.catch((error: unknown) => error);
  await new Promise((resolve) => setTimeout(resolve, 200));
  process.kill(analytics.status().pid ?? Number.NaN, "SIGKILL");
  expect(await outcome).toBeInstanceOf(RetryableError);
  await expect(ask("select 1")).rejects.toBeInstanceOf(RetryableError);
  await until("it is back", () => analytics.status().state === "ready");
  expect(await ask("select 1")).toBe("1\n");
}, 30_000);

test("a row that ClickHouse refuses becomes a dead letter, its neighbours are stored", async () => {
  const neighbours = [opened("left"), opened("right")];
  const broken = { ...opened("broken"), received: "many" } as unknown as AlertEvent;
  receivedInAll -= 1;
  const [left, right] = neighbours;
  if (left === undefined || right === undefined) throw new Error("no neighbours");
  await bench.alertStep(0, [left, broken, right]);
  const unreadable = await bench.rawStep("step.dedup.0", new Uint8Array([0xff, 1, 2]));
  await bench.stored(analytics, unreadable);
  await expectExactly();
  const letters = await bench.deadLetters();
  expect(letters.map((letter) => letter["table"] ?? letter["subject"])).toEqual([
    "alert_events",
    "step.dedup.0",
  ]);
  expect(letters[0]).toMatchObject({ idx: 1 });
  expect(analytics.status().sink.deadLetters).toBe(2);
});

test("a restart of nats-server is only a pause", async () => {
  await bench.nats.kill9();
  await bench.nats.restart();
  await bench.stored(analytics, await bench.alertStep(3, [opened("after")]));
  await expectExactly();
}, 60_000);

test("foreign statements only read, and within limits", async () => {
  const before = await ask("select count() from tocsin.alert_events");
  const refused = [
    "insert into tocsin.alerts (fingerprint) values ('x')",
    "drop table tocsin.alerts",
    "alter table tocsin.alerts delete where 1",
    "create table tocsin.mine (a Int8) engine = Memory",
    "truncate table tocsin.alert_events",
    "system shutdown",
    "set readonly = 0",
    "select 1 settings readonly = 0",
    "select 1 settings max_execution_time = 1000",
    "select * from file('/etc/passwd', 'LineAsString')",
    "select file('/etc/passwd')",
    "select * from url('http://127.0.0.1:9/', 'LineAsString')",
    "select * from s3('http://127.0.0.1:9/bucket/key', 'CSV')",
    "select * from executable('id', 'TSV', 'a String')",
    "select * from `/etc/passwd`",
    "select * from '/etc/passwd'",
    "select 1 into outfile 'out.txt'",
    "select 1; drop table tocsin.alerts",
    "with a as (select 1) insert into tocsin.alerts select 'x'",
  ];
  for (const statement of refused) {
    await expect(ask(statement), statement).rejects.toBeInstanceOf(TerminalError);
  }
  await expect(ask("select repeat('x', 1000) from numbers(1e6)")).rejects.toThrow(/larger than/);
  await expect(ask("select nonsense")).rejects.toThrow(/nonsense/);
  // A statement that was cut off must not leave its output to the next one.
  for (let round = 0; round < 12; round++) {
    await expect(ask("select repeat('x', 1000) from numbers(1e6)")).rejects.toThrow(/larger/);
    expect(await ask("select count() from tocsin.alert_events")).toBe(before);
  }
}, 30_000);

test("every table and every column explains itself", async () => {
  const silent = `
    select table, name from system.columns where database = 'tocsin' and comment = ''
    union all
    select name, '' from system.tables where database = 'tocsin' and comment = ''`;
  expect(await ask(silent)).toBe("");
  expect(await ask("show create table tocsin.alert_events")).toContain("toIntervalDay(365)");
});

test("a second process waits for the data directory, and gets it when it is free", async () => {
  const second = await bench.startUnready();
  await until("the second has been turned away", () => second.status().restarts > 0);
  expect(second.status()).toMatchObject({ state: "away" });
  await expect(second.query("select 1", "TSV")).rejects.toBeInstanceOf(RetryableError);
  await analytics.stop();
  await until("the second has it", () => second.status().state === "ready");
  analytics = second;
  await expectExactly();
}, 60_000);
