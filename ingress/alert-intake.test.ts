import { describe, expect, test } from "vitest";
import { RetryableError } from "../runtime/errors.ts";
import { frameFlags } from "../runtime/frame.ts";
import { MemoryLog } from "../testing/ingress-door.ts";
import { FrameIntake } from "./alert-intake.ts";
import { Batcher } from "./batcher.ts";
import { LagGate } from "./lag-gate.ts";

const nowMs = Date.parse("2026-06-01T12:00:00Z");
const timeoutMs = 300_000;
const settings = {
  ...{ nowMs: () => nowMs, resolveTimeoutMs: timeoutMs, cacheSeed: 7 },
  gate: new LagGate(() => 0, 5_000),
};

function setUp() {
  const log = new MemoryLog();
  const batcher = new Batcher({ partitions: 4, lanes: 4 }, log.publishBundle);
  const options = { ...settings, batcher };
  const intake = new FrameIntake(options);
  const submit = (body: unknown) =>
    intake.submit(Buffer.from(typeof body === "string" ? body : JSON.stringify(body)), "test");
  return { log, intake, submit };
}

const iso = (offsetMs: number): string => new Date(nowMs + offsetMs).toISOString();

describe("times, as Alertmanager reads them", () => {
  const zero = "0001-01-01T00:00:00Z";
  test.each([
    ["neither", {}, 0, timeoutMs, true],
    ["both zero", { startsAt: zero, endsAt: zero }, 0, timeoutMs, true],
    ["null and empty", { startsAt: null, endsAt: "" }, 0, timeoutMs, true],
    ["only a start", { startsAt: iso(-5000) }, -5000, timeoutMs, true],
    ["only an end", { endsAt: iso(9000) }, 9000, 9000, false],
    ["an end in the past", { startsAt: iso(-9000), endsAt: iso(-1) }, -9000, -1, false],
    ["an escaped time", "\\u0032026-06-01T11:59:59Z", -1000, timeoutMs, true],
  ])("%s", async (_, times, start, end, byTimeout) => {
    const { log, submit } = setUp();
    const fields = typeof times === "string" ? `"startsAt":"${times}"` : "";
    const plain = { labels: { a: "b" }, ...(times as object) };
    await submit(fields === "" ? plain : `{"labels":{"a":"b"},${fields}}`);
    expect(log.records).toHaveLength(1);
    expect(log.records[0]).toMatchObject({
      startsAtMs: nowMs + start,
      endsAtMs: nowMs + end,
      flags: byTimeout ? frameFlags.endsByTimeout : 0,
      count: 1,
    });
  });
});

describe("identity and content", () => {
  test.each([
    ["numbers", '{"a":1,"a":"x","b":2,"b":"y"}', '{"a":"a","x":"b","b":"y"}'],
    ["objects", '{"a":{},"a":"x","b":{},"b":"y"}', '{"a":"a","x":"b"}'],
    ["lists", '{"a":[],"a":"x","b":[],"b":"y"}', '{"a":"a","x":"b","b":"y"}'],
  ])("of a label that stands twice the last counts, not what was first: %s", async (...row) => {
    const [, twice, likeIt] = row;
    const { log, submit } = setUp();
    const identityOf = async (labels: string): Promise<string | undefined> => {
      await submit(`{"labels":${labels}}`);
      return log.records.at(-1)?.fingerprint;
    };
    const identity = await identityOf(twice);
    expect(identity).toBe(await identityOf(JSON.stringify(JSON.parse(twice))));
    expect(identity).not.toBe(await identityOf(likeIt));
  });

  test("the payload is the sender's bytes, and equal labels are one fingerprint", async () => {
    const { log, submit } = setUp();
    const first = '{ "labels": {"a":"1","b":"2"}, "annotations":{"x":"y"}, "extra":[1] }';
    await submit(`[${first},{"labels":{"b":"2","a":"1","c":""}},{"labels":{"a":"1","b":"3"}}]`);
    const [one, two, three] = ["x", "c", "b\":\"3"].map((mark) =>
      log.records.find(({ payload }) => payload.includes(`${mark}"`)),
    );
    expect(one?.payload).toBe(first);
    expect(two?.fingerprint).toBe(one?.fingerprint);
    expect(two?.partition).toBe(one?.partition);
    expect(three?.fingerprint).not.toBe(one?.fingerprint);
    expect(one?.contentHash).not.toBe(two?.contentHash);
  });

  test("the content hash covers annotations and, under a key, labels; not the URL", async () => {
    const { log, submit } = setUp();
    const hashes = async (alert: object): Promise<number> => {
      await submit(alert);
      return log.records.at(-1)?.contentHash ?? -1;
    };
    const labels = { a: "1" };
    const annotations = { x: "1" };
    const generatorURL = "http://g";
    const times = { startsAt: iso(-1000), endsAt: iso(60_000) };
    const base = await hashes({ labels, annotations, generatorURL });
    expect(await hashes({ generatorURL, labels, annotations })).toBe(base);
    expect(await hashes({ labels, annotations, generatorURL, ...times })).toBe(base);
    expect(await hashes({ labels, annotations: { x: "2" }, generatorURL })).not.toBe(base);
    expect(await hashes({ labels, annotations, generatorURL: "http://h" })).toBe(base);
    const keyed = await hashes({ labels, dedup_key: "k" });
    expect(await hashes({ labels: { a: "2" }, dedup_key: "k" })).not.toBe(keyed);
    const [left, right] = log.records.slice(-2);
    expect(left?.fingerprint).toBe(right?.fingerprint);
  });

  test("seen again, from the cache, an alert is the same record", async () => {
    const { log, submit } = setUp();
    const alerts = Array.from({ length: 200 }, (_, n) => ({
      labels: { alertname: "a", instance: `host-${n}` },
      ...(n % 2 === 0 ? { dedup_key: `key-${n}` } : {}),
      endsAt: iso(60_000),
      startsAt: iso(0),
    }));
    await submit(alerts);
    const first = log.records.splice(0);
    await submit(alerts);
    const referring = { payload: "", flags: frameFlags.contentKnown };
    const again = first.map((record) =>
      record.payload.includes("dedup_key") ? record : { ...record, ...referring },
    );
    expect(log.records).toEqual(again);
    expect(new Set(first.map(({ fingerprint }) => fingerprint)).size).toBe(200);
  });
});

describe("refusals", () => {
  const good = { labels: { a: "b" } };
  test.each([
    ["a number", 7, "must be a JSON object", ""],
    ["no labels", {}, "labels must be an object", "labels"],
    ["labels null", { labels: null }, "labels must be an object", "labels"],
    ["a list of labels", { labels: ["a"] }, "labels must be an object", "labels"],
    ["no label at all", { labels: {} }, "at least one label", "labels"],
    ["only empty labels", { labels: { a: "" } }, "at least one label", "labels"],
    ["a numeric label", { labels: { a: "b", n: 5 } }, "labels must be an object", "labels.n"],
    ["a null label", { labels: { a: null } }, "labels must be an object", "labels.a"],
    ["an unnamed label", { labels: { a: "b", "": "x" } }, "name must not be empty", "labels"],
    ["annotations as text", { ...good, annotations: "x" }, "annotations must be", "annotations"],
    ["a nested annotation", { ...good, annotations: { x: {} } }, "of strings", "annotations.x"],
    ["a numeric time", { ...good, startsAt: 5 }, "must be a string", "startsAt"],
    ["no time", { ...good, endsAt: "tomorrow" }, "RFC 3339", "endsAt"],
    ["an end first", { ...good, startsAt: iso(1), endsAt: iso(0) }, "be after", "startsAt"],
    ["a start after the timeout", { ...good, startsAt: iso(timeoutMs + 1) }, "after", "startsAt"],
    ["a numeric URL", { ...good, generatorURL: 1 }, "must be a string", "generatorURL"],
    ["a numeric key", { ...good, dedup_key: 1 }, "must be a string", "dedup_key"],
    ["a long key", { ...good, dedup_key: "k".repeat(513) }, "dedup_key may have", "dedup_key"],
    ["a long label", { labels: { a: "x".repeat(8193) } }, "label's value may have", "labels.a"],
    ["a long name", { labels: { ["n".repeat(513)]: "x" } }, "name may have", "labels.nnn"],
    ["a huge alert", { ...good, x: "x".repeat(256 * 1024) }, "may have at most 262144", ""],
    [
      "10,000 labels",
      { labels: Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`l${n}`, "x"])) },
      "at most 64 entries",
      "labels",
    ],
  ])("%s: only that alert, with its field", async (_, bad, reason, field) => {
    const { log, intake, submit } = setUp();
    const result = await submit([good, bad, { labels: { c: "d" } }]);
    expect(result).toMatchObject({ kind: "accepted", accepted: 2 });
    const rejected = result.kind === "accepted" ? result.rejected : [];
    expect(rejected).toHaveLength(1);
    expect(rejected[0]).toMatchObject({ index: 1 });
    expect(rejected[0]?.reason).toContain(reason);
    expect(rejected[0]?.field.startsWith(field)).toBe(true);
    expect(rejected[0]?.value.length).toBeLessThanOrEqual(80);
    const rejections = log.records.filter(({ flags }) => flags === frameFlags.rejection);
    expect(rejections).toHaveLength(1);
    expect(intake.counters).toMatchObject({ received: 3, accepted: 2, rejected: 1 });
  });

  test("are recorded once per reason, so that garbage does not multiply", async () => {
    const { log, intake, submit } = setUp();
    await submit([...Array<number>(500).fill(1), ...Array<object>(300).fill({}), good]);
    const rejections = log.records.filter(({ flags }) => flags === frameFlags.rejection);
    expect(rejections.map(({ count }) => count).sort()).toEqual([300, 500]);
    for (const { payload } of rejections) {
      const record = JSON.parse(payload) as { reason: string; detail: string };
      expect(Object.keys(record)).toEqual(["reason", "detail"]);
      expect(Buffer.byteLength(record.detail)).toBeLessThanOrEqual(200);
    }
    expect([...intake.rejectedByReason.values()].sort()).toEqual([300, 500]);
  });

  test.each([
    ["", "unexpected end"],
    ["[{]", "byte 2"],
    ['[{"labels":{"a":"b"}}', "byte 21"],
    ["garbage", "byte 0"],
  ])("broken JSON %j takes nothing", async (body, error) => {
    const { log, submit } = setUp();
    const result = await submit(body);
    expect(result.kind).toBe("malformed");
    expect(result.kind === "malformed" ? result.error : "").toContain(error);
    expect(log.frames).toBe(0);
  });

  test("invalid UTF-8 takes nothing; as a line it is refused alone", async () => {
    const { log, intake } = setUp();
    const badText = Buffer.from([0x22, 0xc3, 0x28, 0x22]);
    const bad = Buffer.concat([Buffer.from('{"labels":{"a":'), badText, Buffer.from("}}")]);
    expect(await intake.submit(bad, "test")).toMatchObject({ kind: "malformed" });
    expect(log.frames).toBe(0);
    const lines = Buffer.concat([bad, Buffer.from('\n{"labels":{"a":"b"}}\n')]);
    const result = await intake.submitLines(lines, "test");
    expect(result).toMatchObject({ kind: "accepted", accepted: 1, rejected: [{ index: 0 }] });
  });
});

describe("durability", () => {
  test("an empty list is accepted without a frame", async () => {
    const { log, submit } = setUp();
    expect(await submit([])).toEqual({ kind: "accepted", accepted: 0, rejected: [] });
    expect(log.frames).toBe(0);
  });

  test("a log that refuses is a 503 with the log's own wish", async () => {
    const { log, intake, submit } = setUp();
    log.refusal = new RetryableError("full", { retryAfterMs: 4200 });
    const result = await submit([{ labels: { a: "b" } }, 5]);
    expect(result).toMatchObject({ kind: "overloaded", status: 503, retryAfterSeconds: 5 });
    expect(intake.counters).toMatchObject({ received: 2, accepted: 0, rejected: 0, failed: 2 });
  });

  test("with too much pending, a request is told to slow down, and not taken", async () => {
    const log = new MemoryLog();
    const places = { partitions: 4, lanes: 4 };
    const batcher = new Batcher(places, log.publishBundle, { pendingBytesMax: 200 });
    const options = { ...settings, batcher };
    const intake = new FrameIntake(options);
    const body = Buffer.from(JSON.stringify({ labels: { a: "b".repeat(100) } }));
    const first = intake.submit(body, "test");
    const second = await intake.submit(body, "test");
    expect(second).toMatchObject({ kind: "overloaded", status: 429, retryAfterSeconds: 1 });
    expect(await first).toMatchObject({ kind: "accepted", accepted: 1 });
    expect(log.records).toHaveLength(1);
    expect(await intake.submit(body, "test")).toMatchObject({ kind: "accepted", accepted: 1 });
  });

  test("with too much unprocessed, a request is told when to come back, not taken", async () => {
    const log = new MemoryLog();
    const lag = { ms: 5_200 };
    const gate = new LagGate(() => lag.ms, 5_000);
    const batcher = new Batcher({ partitions: 4, lanes: 4 }, log.publishBundle);
    const intake = new FrameIntake({ ...settings, batcher, gate });
    const body = Buffer.from('{"labels":{"a":"b"}}');
    const late = { kind: "overloaded", status: 429, retryAfterSeconds: 3 };
    expect(await intake.submit(body, "test")).toMatchObject(late);
    expect(await intake.submitLines(body, "test")).toMatchObject(late);
    expect(log.records).toHaveLength(0);
    expect(intake.counters).toMatchObject({ laggingRequests: 2, received: 0 });
    lag.ms = 2_000;
    expect(await intake.submit(body, "test")).toMatchObject({ kind: "accepted", accepted: 1 });
  });
});
