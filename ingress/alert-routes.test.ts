import { Packr } from "msgpackr";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { RetryableError } from "../runtime/errors.ts";
import { type Door, openDoor } from "../testing/ingress-door.ts";
import { register as registerAlertmanager } from "./alertmanager.ts";
import { register as registerEvents } from "./cloudevents.ts";
import { register as registerHealth } from "./health.ts";
import { MetricRegistry, type Sample, seriesMax } from "./metric-registry.ts";
import { addIngressMetrics, addLagMetric, register as registerMetrics } from "./metrics.ts";
import { register as registerNative } from "./native.ts";
import { readingsOf } from "./readings.ts";

const nowMs = Date.parse("2026-06-01T12:00:00Z");
const good = { labels: { alertname: "a", service: "s" } };
let door: Door;
let readiness = { ready: true, reasons: [] as string[] };
let registry: MetricRegistry;

// A door of its own for each test: one that has seen an alert sends repeats without content.
beforeEach(async () => {
  door = await openDoor({}, () => nowMs);
  registry = new MetricRegistry();
  registerAlertmanager(door.server.route, door);
  registerNative(door.server.route, door);
  registerEvents(door.server.route, door);
  registerHealth(door.server.route, { ready: () => readiness });
  registerMetrics(door.server.route, { registry });
  addIngressMetrics(registry, () => readingsOf(door));
});
afterEach(() => door.close());

function post(path: string, type: string, body: unknown, headers: Record<string, string> = {}) {
  const isRaw = typeof body === "string" || body instanceof Uint8Array;
  return door.request(path, {
    method: "POST",
    // Bytes, because a string would bring a content type of its own.
    body: new Uint8Array(Buffer.from(isRaw ? body : JSON.stringify(body))),
    headers: { ...(type === "" ? {} : { "content-type": type }), ...headers },
  });
}
const payloads = (): unknown[] =>
  door.log.records.filter(({ flags }) => flags !== 2).map(({ payload }) => JSON.parse(payload));

describe("POST /api/v2/alerts", () => {
  const send = (body: unknown) => post("/api/v2/alerts", "application/json", body);

  test("200 with an empty body, and the alerts are in the log", async () => {
    const answer = await send([good, { ...good, endsAt: "2026-06-01T13:00:00Z" }]);
    expect([answer.status, await answer.text()]).toEqual([200, ""]);
    expect(door.log.records).toHaveLength(2);
  });

  test("partial success: the valid ones are stored, then 400 with a JSON string", async () => {
    const answer = await send([good, { labels: {} }, { labels: { a: 1 } }]);
    expect(answer.status).toBe(400);
    const error = (await answer.json()) as string;
    expect(error).toContain("alert 1, labels: at least one label with a value is required");
    expect(error).toContain("alert 2, labels.a: labels must be an object of strings (got 1)");
    expect(payloads()).toEqual([good]);
  });

  test("broken JSON is a 400 that says where", async () => {
    const answer = await send("[{]");
    expect([answer.status, await answer.json()]).toEqual([400, "expected a name (byte 2)"]);
  });

  test("another content type is a 415; parameters are fine", async () => {
    expect((await post("/api/v2/alerts", "text/plain", [good])).status).toBe(415);
    const json = await post("/api/v2/alerts", "application/json; charset=utf-8", [good]);
    expect(json.status).toBe(200);
  });

  test("a log that refuses is a 503 with Retry-After", async () => {
    door.log.refusal = new RetryableError("full", { retryAfterMs: 7000 });
    const answer = await send([good]);
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "7"]);
  });
});

describe("POST /v1/alerts", () => {
  test("one object or an array", async () => {
    const one = await post("/v1/alerts", "application/json", good);
    expect([one.status, await one.json()]).toEqual([
      200,
      { accepted: 1, rejectedTotal: 0, rejected: [] },
    ]);
    const untyped = await post("/v1/alerts", "", [good, good]);
    expect(await untyped.json()).toMatchObject({ accepted: 2 });
  });

  test("200 with a list when some are valid, a 400 problem when none is", async () => {
    const some = await post("/v1/alerts", "application/json", [7, good]);
    expect(some.status).toBe(200);
    expect(await some.json()).toEqual({
      accepted: 1,
      rejectedTotal: 1,
      rejected: [{ index: 0, field: "", value: "7", reason: "an alert must be a JSON object" }],
    });
    const none = await post("/v1/alerts", "application/json", [7]);
    expect(none.status).toBe(400);
    expect(none.headers.get("content-type")).toBe("application/problem+json");
    expect(await none.json()).toMatchObject({ title: "No valid alert", accepted: 0 });
  });

  test("NDJSON: a bad line alone is refused", async () => {
    const lines = `${JSON.stringify(good)}\n{"labels":\n${JSON.stringify(good)}\n`;
    const answer = await post("/v1/alerts", "application/x-ndjson", lines);
    expect(await answer.json()).toMatchObject({
      accepted: 2,
      rejected: [{ index: 1, value: '{"labels":', reason: "not a JSON document" }],
    });
  });

  test("msgpack, with its timestamps", async () => {
    const packr = new Packr({ useRecords: false });
    const extra = [1, -7, 300, 1.5, true, null];
    const alert = { ...good, startsAt: new Date(nowMs - 1500), extra };
    const answer = await post("/v1/alerts", "application/msgpack", packr.pack([alert]));
    expect(await answer.json()).toMatchObject({ accepted: 1, rejectedTotal: 0 });
    expect(payloads()).toEqual([JSON.parse(JSON.stringify(alert))]);
    expect(door.log.records[0]?.startsAtMs).toBe(nowMs - 1500);
  });

  test.each([
    ["nothing", []],
    ["half a map", [0x82, 0xa1, 0x61]],
    ["a claimed gigabyte", [0xdd, 0xff, 0xff, 0xff, 0xff, 0xc0]],
    ["a claimed long text", [0xdb, 0xff, 0xff, 0xff, 0xff, 0x61]],
    ["deep arrays", Array<number>(5000).fill(0x91)],
    ["invalid UTF-8", [0xa2, 0xc3, 0x28]],
    ["an unknown extension", [0xd4, 0x72, 0x40]],
    ["a key that is no text", [0x81, 0x01, 0x01]],
    ["two documents", [0xc0, 0xc0]],
  ])("msgpack: %s is a 400", async (_, bytes) => {
    const answer = await post("/v1/alerts", "application/msgpack", new Uint8Array(bytes));
    expect(answer.status).toBe(400);
    expect(((await answer.json()) as { detail: string }).detail).toContain("byte");
  });

  test("an unknown content type is a 415 that names the known ones", async () => {
    const answer = await post("/v1/alerts", "text/xml", "<a/>");
    expect(answer.status).toBe(415);
    expect(((await answer.json()) as { detail: string }).detail).toContain("application/x-ndjson");
  });
});

describe("POST /v1/events", () => {
  const event = { specversion: "1.0", id: "1", source: "/eval", type: "com.example.drift" };
  const structured = "application/cloudevents+json; charset=utf-8";

  test("structured, with a native alert as data", async () => {
    const answer = await post("/v1/events", structured, { ...event, data: good });
    expect(await answer.json()).toMatchObject({ accepted: 1 });
    expect(payloads()).toEqual([good]);
  });

  test("data without labels is mapped", async () => {
    const data = { service: "gw", severity: "high", summary: "p99", other: 5, status: "resolved" };
    const time = "2026-06-01T11:00:00Z";
    await post("/v1/events", structured, { ...event, subject: "m-1", time, data });
    expect(payloads()).toEqual([
      {
        labels: {
          alertname: "com.example.drift",
          ce_source: "/eval",
          ce_subject: "m-1",
          service: "gw",
          severity: "high",
        },
        annotations: { summary: "p99" },
        startsAt: time,
        endsAt: time,
      },
    ]);
  });

  test("a batch: an event that is none is refused alone, by its place", async () => {
    const encoded = Buffer.from(JSON.stringify([good, 5])).toString("base64");
    const answer = await post("/v1/events", "application/cloudevents-batch+json", [
      { ...event, id: "" },
      { ...event, data: good },
      { ...event, data_base64: encoded },
      { ...event, data: "text" },
    ]);
    const body = (await answer.json()) as { accepted: number; rejected: { index: number }[] };
    expect([answer.status, body.accepted]).toEqual([200, 2]);
    expect(body.rejected.map(({ index }) => index).sort()).toEqual([0, 2, 3]);
    const recorded = door.log.records.filter(({ flags }) => flags === 2);
    expect(recorded.reduce((sum, { count }) => sum + count, 0)).toBe(3);
  });

  test("binary: attributes from headers, quotes and percent-encoding undone", async () => {
    const headers = {
      "ce-specversion": "1.0",
      "ce-id": "9",
      "ce-source": '"/eval/%E2%82%AC"',
      "ce-type": "drift",
    };
    const answer = await post("/v1/events", "application/json", { service: "gw" }, headers);
    expect(answer.status).toBe(200);
    expect(payloads()).toMatchObject([
      { labels: { alertname: "drift", ce_source: "/eval/€", service: "gw" } },
    ]);
    const broken = { ...headers, "ce-source": "%ff" };
    expect((await post("/v1/events", "application/json", {}, broken)).status).toBe(400);
    const forbidden = { ...headers, "ce-datacontenttype": "application/json" };
    expect((await post("/v1/events", "application/json", {}, forbidden)).status).toBe(400);
  });

  test.each([
    ["application/json", "{}", 415],
    ["text/plain", "x", 415],
    ["application/cloudevents+xml", "<x/>", 415],
    ["application/cloudevents+json", "{", 400],
    ["application/cloudevents+json", '{"specversion":"0.3"}', 400],
    ["application/cloudevents-batch+json", "{}", 400],
    ["application/cloudevents+json", '{"a":'.repeat(5000), 400],
  ])("%s with %j is %i", async (type, body, status) => {
    expect((await post("/v1/events", type, body)).status).toBe(status);
  });

  test("the webhook handshake", async () => {
    const answer = await door.request("/v1/events", {
      method: "OPTIONS",
      headers: { "webhook-request-origin": "events.example.com" },
    });
    expect(answer.status).toBe(200);
    expect(answer.headers.get("webhook-allowed-origin")).toBe("events.example.com");
    expect(answer.headers.get("webhook-allowed-rate")).toBe("*");
  });
});

describe("health and metrics", () => {
  test("ready says why not", async () => {
    const statuses = async (): Promise<number[]> => {
      const paths = ["/health/live", "/health/ready", "/-/healthy", "/-/ready"];
      return Promise.all(paths.map(async (path) => (await door.request(path)).status));
    };
    expect(await statuses()).toEqual([200, 200, 200, 200]);
    readiness = { ready: false, reasons: ["log away"] };
    expect(await statuses()).toEqual([200, 503, 200, 503]);
    const body = await (await door.request("/health/ready")).json();
    expect(body).toEqual({ status: "not ready", reasons: ["log away"] });
    readiness = { ready: true, reasons: [] };
    expect((await door.request("/-/ready", { method: "HEAD" })).status).toBe(200);
  });

  test("metrics are Prometheus text, with labels escaped", async () => {
    const samples: Sample[] = [
      { labels: { path: 'a"b\\c\nd' }, value: 1.5 },
      { labels: {}, value: Number.POSITIVE_INFINITY },
    ];
    registry.callback("gauge", "test_gauge", "One\nline \\ only.", () => samples);
    const observe = registry.histogram("test_seconds", "Time.", [0.1, 1]);
    for (const value of [0.05, 0.1, 0.5, 7]) observe(value);
    addLagMetric(registry, () => 1_250);
    await post("/v1/alerts", "application/json", [good, 7, good]);
    const answer = await door.request("/metrics");
    expect(answer.headers.get("content-type")).toContain("version=0.0.4");
    const text = await answer.text();
    expect(text).toContain(
      '# HELP test_gauge One\\nline \\\\ only.\n# TYPE test_gauge gauge\n' +
        'test_gauge{path="a\\"b\\\\c\\nd"} 1.5\ntest_gauge +Inf\n',
    );
    expect(text).toContain(
      'test_seconds_bucket{le="0.1"} 2\ntest_seconds_bucket{le="1"} 3\n' +
        'test_seconds_bucket{le="+Inf"} 4\ntest_seconds_sum 7.65\ntest_seconds_count 4\n',
    );
    expect(text).toContain("tocsin_alerts_accepted_total 2\n");
    expect(text).toContain("tocsin_ingest_lag_seconds 1.25\n");
    const reason = "an alert must be a JSON object";
    expect(text).toContain(`tocsin_alerts_rejected_total{reason="${reason}"} 1\n`);
    const line = /^(#.*|[a-z_]+(\{([a-z]+="([^"\\\n]|\\.)*",?)+\})? [-+.\dInfaN]+)$/;
    for (const each of text.trimEnd().split("\n")) expect(each).toMatch(line);
  });

  test("a counter's series are bounded", () => {
    const own = new MetricRegistry();
    const count = own.counter("visits_total", "Visits.");
    for (let n = 0; n < seriesMax + 50; n += 1) count(1, { who: `user-${n}` });
    const lines = own.text().split("\n").filter((line) => line.startsWith("visits_total"));
    expect(lines).toHaveLength(seriesMax + 1);
    expect(lines.at(-1)).toBe('visits_total{who="other"} 50');
  });
});
