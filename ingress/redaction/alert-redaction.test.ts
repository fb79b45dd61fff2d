import { pack } from "msgpackr";
import { afterEach, describe, expect, test } from "vitest";
import { sectionsOf } from "../../runtime/bundle.ts";
import type { RedactionConfig } from "../../runtime/config/redaction-section.ts";
import { readFrame, type FrameRecord } from "../../testing/frame-records.ts";
import { type Door, openDoor } from "../../testing/ingress-door.ts";
import { FrameIntake } from "../alert-intake.ts";
import * as alertmanager from "../alertmanager.ts";
import { Batcher } from "../batcher.ts";
import * as cloudevents from "../cloudevents.ts";
import { LagGate } from "../lag-gate.ts";
import { MetricRegistry } from "../metric-registry.ts";
import { addIngressMetrics } from "../metrics.ts";
import * as native from "../native.ts";
import { addedUp, readingsOf } from "../readings.ts";

const usual: RedactionConfig = {
  ...{ enabled: true, kinds: ["mail", "card", "token"], fields: "annotations", style: "kind" },
  ...{ except: { annotations: [], labels: [] }, patterns: [] },
};
const nowMs = Date.parse("2026-06-01T12:00:00Z");
const owner = {
  ...{ tenant: "a@b.example", service: null, alertsPerSecond: null },
  takeAlerts: () => null,
};

function setUp(redaction: Partial<RedactionConfig> = {}) {
  const records: FrameRecord[] = [];
  const publish = async (_lane: number, bundle: Uint8Array): Promise<void> => {
    for (const { partition, data } of sectionsOf(bundle) ?? []) {
      records.push(...readFrame(partition, data));
    }
  };
  const intake = new FrameIntake({
    batcher: new Batcher({ partitions: 1, lanes: 1 }, publish),
    gate: new LagGate(() => 0, 5_000),
    ...{ nowMs: () => nowMs, resolveTimeoutMs: 300_000, cacheSeed: 7 },
    redaction: { ...usual, ...redaction },
  });
  const submit = (body: unknown) =>
    intake.submit(Buffer.from(typeof body === "string" ? body : JSON.stringify(body)), "test");
  const payloads = () => records.map(({ payload }) => JSON.parse(payload) as unknown);
  return { records, payloads, intake, submit };
}

const annotated = (json: string): string => `{"labels":{"a":"b"},"annotations":${json}}`;

describe("annotations", () => {
  test("are redacted before the frame is written, and counted by kind", async () => {
    const { payloads, intake, submit } = setUp();
    const alert = {
      labels: { alertname: "A", owner: "x@y.example" },
      annotations: { summary: "of a@b.example, 4111 1111 1111 1111", plain: "text" },
      startsAt: "2026-06-01T11:00:00Z",
      generatorURL: "http://x/?u=c%40d.example",
      dedup_key: "k",
    };
    await submit([alert, { labels: { alertname: "B" } }]);
    expect(payloads()).toEqual([
      {
        ...alert,
        annotations: { summary: "of [mail], [card]", plain: "text" },
        generatorURL: "http://x/?u=[mail]",
      },
      { labels: { alertname: "B" } },
    ]);
    expect([...(intake.redaction?.counts ?? [])]).toEqual([["mail", 2], ["card", 1]]);
  });

  test("with excepted names stay", async () => {
    const { payloads, submit } = setUp({ except: { annotations: ["to"], labels: [] } });
    await submit({ labels: { a: "b" }, annotations: { to: "a@b.example", of: "a@b.example" } });
    expect(payloads()).toMatchObject([{ annotations: { to: "a@b.example", of: "[mail]" } }]);
  });

  test("that hold nothing are the sender's bytes", async () => {
    const { records, submit } = setUp();
    const sent = '{ "labels" : {"a":"b"}, "annotations":{"x":"caf\\u00e9 \\"y\\""} }';
    const plain = '{ "labels" : {"a":"c"}, "annotations":{"x":"y z"} }';
    await submit(`[${sent},${plain}]`);
    expect(records[1]?.payload).toBe(plain);
    expect(JSON.parse(records[0]?.payload ?? "")).toEqual(JSON.parse(sent));
  });

  test.each([
    ["an unknown member", '{"labels":{"a":"b"},"note":"a@b.example"}'],
    [
      "an earlier member of the same name",
      '{"annotations":{"x":"a@b.example"},"labels":{"a":"b"},"annotations":{}}',
    ],
    ["an earlier annotation of its name", annotated('{"x":"a@b.example","x":"y"}')],
    ["an escaped sign", annotated('{"x":"a\\u0040b.example"}')],
    ["a name with escapes", '{"labels":{"a":"b"},"annotat\\u0069ons":{"x":"a@b.example"}}'],
    ["a suspect alert", annotated('{"x":"a@b.example","":""}')],
  ])("%s hides nothing", async (_, body) => {
    const { records, submit } = setUp();
    expect(await submit(body)).toMatchObject({ accepted: 1 });
    expect(records).toHaveLength(1);
    expect(records[0]?.payload).not.toMatch(/example/);
  });

  test("do not become too long", async () => {
    const { records, submit } = setUp({
      patterns: [{ name: "x", match: "x", replacement: "[longer]" }],
    });
    const text = `${"y".repeat(64 * 1024 - 1)}x`;
    expect(await submit({ labels: { a: "b" }, annotations: { text } })).toMatchObject({
      accepted: 1,
    });
    expect(records[0]?.payload).toMatch(/yyy…"/);
  });
});

describe("labels", () => {
  const both = { fields: "both" } as const;

  test("are left alone unless asked for", async () => {
    const { payloads, submit } = setUp();
    await submit({ labels: { user: "a@b.example" }, annotations: { x: "a@b.example" } });
    expect(payloads()).toMatchObject([{ labels: { user: "a@b.example" } }]);
  });

  test("are redacted before the fingerprint is taken", async () => {
    const { records, submit } = setUp(both);
    const one = { labels: { alertname: "A", user: "a@b.example", id: "7" } };
    const other = { labels: { alertname: "A", user: "someone.else@b.example", id: "7" } };
    await submit([one, { labels: { alertname: "A", user: "[mail]", id: "7" } }, other]);
    expect(new Set(records.map(({ fingerprint }) => fingerprint)).size).toBe(1);
  });

  test("of the tenant are never touched, those of a key's owner neither", async () => {
    const { payloads, intake } = setUp({ ...both, except: { annotations: [], labels: ["to"] } });
    const sent = { labels: { alertname: "A", of: "a@b.example", to: "a@b.example" } };
    await intake.submit(Buffer.from(JSON.stringify(sent)), "test", owner as never);
    const labels = { alertname: "A", of: "[mail]", to: "a@b.example", tenant_id: "a@b.example" };
    expect(payloads()).toEqual([{ labels }]);
  });
});

test("of refused alerts no value is recorded", async () => {
  const { records, submit } = setUp();
  const result = await submit([{ labels: { a: "b" }, startsAt: "a@b.example" }, "c@d.example"]);
  expect(result).toMatchObject({ accepted: 0, rejected: [{ index: 0 }, { index: 1 }] });
  expect(records.map(({ payload }) => payload).join()).not.toMatch(/example/);
  expect(records[0]?.payload).toContain("startsAt: (value withheld by redaction)");
});

test("lines keep their places, broken ones among them", async () => {
  const { intake, payloads } = setUp();
  const lines = [
    '{"labels":{"a":"1"},"annotations":{"x":"a@b.example"}}',
    "{broken",
    "",
    '{"labels":{"a":"2"},"annotations":{"x":"a@b.example"}}',
  ];
  const result = await intake.submitLines(Buffer.from(lines.join("\n")), "test");
  expect(result).toMatchObject({ accepted: 2, rejected: [{ index: 1 }] });
  expect(payloads().slice(0, 2)).toMatchObject([
    { labels: { a: "1" }, annotations: { x: "[mail]" } },
    { labels: { a: "2" }, annotations: { x: "[mail]" } },
  ]);
});

describe("every door", () => {
  let door: Door;
  afterEach(() => door.close());
  const alert = { labels: { a: "b" }, annotations: { summary: "of a@b.example" } };
  const event = { specversion: "1.0", id: "1", source: "s", type: "t", data: alert };

  test.each([
    ["/v1/alerts", "application/json", JSON.stringify([alert])],
    ["/v1/alerts", "application/x-ndjson", JSON.stringify(alert)],
    ["/v1/alerts", "application/msgpack", pack([alert])],
    ["/api/v2/alerts", "application/json", JSON.stringify([alert])],
    ["/v1/events", "application/cloudevents+json", JSON.stringify(event)],
  ])("%s %s", async (path, type, body) => {
    door = await openDoor({ redaction: usual });
    for (const { register } of [native, alertmanager, cloudevents]) {
      register(door.server.route, { intake: door.intake });
    }
    const headers = { "content-type": type };
    const response = await door.request(path, { method: "POST", headers, body });
    expect(response.status, await response.text()).toBeLessThan(300);
    expect(door.log.records.map(({ payload }) => payload).join()).toContain("of [mail]");
    const registry = new MetricRegistry();
    addIngressMetrics(registry, () => addedUp([readingsOf(door), readingsOf(door)]));
    expect(registry.text()).toContain('tocsin_redactions_total{kind="mail"} 2');
  });
});
