/** Samples through real HTTP, the real intake and the real stages, to alerts that fire and end. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { systemClock } from "../../runtime/system-clock.ts";
import { loadConfig } from "../../runtime/config/load.ts";
import { silentLog } from "../../testing/ingress-door.ts";
import { bearer, KeyedWorld, postAlerts } from "../../testing/keyed-world.ts";
import { openSenderWorld, type SenderWorld } from "../../testing/sender-world.ts";
import { MetricRegistry } from "../metric-registry.ts";
import { addSampleMetrics, registerSamples } from "./sample-routes.ts";

let world: SenderWorld;
beforeEach(async () => void (world = await openSenderWorld()));
afterEach(() => world.close());

const minute = 60_000;
const labels = { model_id: "m-1", service: "chat", environment: "production" };

/** A sample of so many minutes ago. */
function ago(minutes: number, value: number, more: object = {}): object {
  const at = new Date(Date.now() - minutes * minute).toISOString();
  return { metric: "model.latency.p95", value, at, labels, ...more };
}

const send = (body: unknown, of = world) => of.send("POST", "/v1/metrics", body);

test("values over the threshold for long enough are an alert; good ones end it", async () => {
  const bad = [9, 8, 7].map((minutes) => ago(minutes, 6_000));
  const answer = await send({ samples: bad });
  expect([answer.status, answer.body]).toEqual([
    200,
    {
      ...{ accepted: 3, late: 0, unwatched: 0, rejected: [], rejectedTotal: 0, fired: 1 },
      ...{ resolved: 0, unwatchedMetrics: [] },
    },
  ]);
  const [alert, ...others] = await world.firing();
  expect(others).toEqual([]);
  expect(alert).toMatchObject({
    labels: {
      ...labels,
      ...{ alertname: "LLMLatencyP95High", severity: "high", metric_type: "latency" },
      ...{ metric_template: "latency-p95", category: "model_performance" },
    },
    annotations: {
      summary: "m-1: model.latency.p95 is 6 s, critical from 5 s",
      reason: "6 s, at or above the critical threshold of 5 s for at least 2 min",
      ...{ value: "6000", unit: "ms", level: "critical", threshold: "5000" },
    },
  });
  // It ends by itself when nothing comes any more.
  const endsInMs = (alert?.endsAtMs ?? 0) - Date.now();
  expect(endsInMs).toBeGreaterThan(4.9 * minute);
  expect(endsInMs).toBeLessThanOrEqual(5 * minute);
  const good = await send([ago(5, 100), ago(3, 100)]);
  expect(good.body).toMatchObject({ accepted: 2, resolved: 1 });
  expect(await world.firing()).toEqual([]);
});

test("a change of level is the same alert, and repeats are sent only now and then", async () => {
  await send([ago(9, 3_500), ago(7, 3_500)]);
  const [mild] = await world.firing();
  const repeats = await send([ago(6.5, 3_600), ago(6, 3_700)]);
  expect(repeats.body).toMatchObject({ accepted: 2, fired: 0 });
  expect((await world.firing())[0]).toEqual(mild);
  await send([ago(5, 7_000), ago(3, 7_000)]);
  const [severe, ...others] = await world.firing();
  expect(others).toEqual([]);
  expect(severe).toMatchObject({
    ...{ fingerprint: mild?.fingerprint, startsAtMs: mild?.startsAtMs },
    labels: { severity: "high" },
    annotations: { value: "7000", level: "critical" },
  });
});

test("units are converted; series are told apart by the template's labels alone", async () => {
  const sample = (value: number, unit: string, more: object): object => ({
    ...{ metric: "gpu.memory_utilization", value, unit },
    labels: { instance: "node-1", pod: `p-${value}`, ...more },
  });
  world.metrics.inForce = loadConfig(
    "t.yaml",
    "metrics: { overrides: { gpu-memory: { for: 0s } } }",
  ).metrics;
  const answer = await send([
    sample(98, "%", { gpu: "0" }),
    sample(0.99, "1", { gpu: "0" }),
    sample(91, "%", { gpu: "1" }),
    sample(3, "ms", { gpu: "2" }),
  ]);
  expect(answer.body).toMatchObject({
    accepted: 3,
    rejected: [{ index: 3, field: "unit", value: "ms, expected ratio" }],
  });
  const found = (await world.firing()).map(({ labels: each, annotations }) => [
    ...[each["gpu"], each["pod"], annotations["level"], annotations["value"]],
  ]);
  expect(found.sort()).toEqual([
    ["0", undefined, "critical", "0.98"],
    ["1", undefined, "warning", "0.91"],
  ]);
});

test("what is wrong is named: the sample's place, the field, the value", async () => {
  const { status, body } = await send([
    ago(1, 1),
    { metric: "model.latency.p95", value: "6000" },
    { metric: "", value: 1 },
    { metric: "model.latency.p95", value: 1, unti: "ms" },
    { metric: "model.latency.p95", value: 1, labels: { model_id: 7 } },
    { metric: "model.latency.p95", value: 1, at: "yesterday" },
    ago(-6, 1),
    ago(61, 1),
    7,
    ago(1, 1, { metric: "nobodys.metric", labels: { reason: "x" } }),
  ]);
  expect(status).toBe(200);
  expect(body).toMatchObject({
    ...{ accepted: 1, unwatched: 1, unwatchedMetrics: ["nobodys.metric"], rejectedTotal: 8 },
  });
  const rejected = body["rejected"] as { index: number; field: string; reason: string }[];
  expect(rejected.map(({ index, field }) => [index, field]).sort()).toEqual([
    ...[[1, "value"], [2, "metric"], [3, "unti"], [4, "labels.model_id"], [5, "at"], [6, "at"]],
    ...[[7, "at"], [8, ""]],
  ]);
  expect(rejected.find(({ index }) => index === 7)?.reason).toContain("metrics.late_max");
  expect((await send([{ value: 1 }])).status).toBe(400);
  for (const bad of ["", "{", '"x"', '{"samples":{}}', "[".repeat(100)]) {
    expect([bad, (await send(bad)).status]).toEqual([bad, 400]);
  }
  const many = Array(10_001).fill({ metric: "m", value: 1 });
  expect((await send(many)).body["detail"]).toContain("got 10001, expected at most 10000");
});

test("protobuf and other content types: what is wrong is said", async () => {
  const type = { "content-type": "application/x-protobuf" };
  const binary = await world.send("POST", "/v1/metrics", "x", type);
  expect([binary.status, binary.body["detail"]]).toEqual([
    ...[400, expect.stringContaining("not an export request of OTLP: ")],
  ]);
  const empty = await world.send("POST", "/v1/metrics", "\x7a\x00", type);
  expect([empty.status, empty.headers.get("content-type")]).toEqual([
    ...[200, "application/x-protobuf"],
  ]);
  const text = { "content-type": "text/plain" };
  expect((await world.send("POST", "/v1/metrics", "x", text)).status).toBe(415);
});

test("series are bounded: those of which all is well go first, and it is counted", async () => {
  world.metrics.inForce = { ...world.metrics.inForce, seriesMax: 3 };
  const of = (model: string, minutes: number, value: number) =>
    ago(minutes, value, { labels: { model_id: model } });
  await send([of("bad", 5, 6_000), of("bad", 3, 6_000)]);
  await send(Array.from({ length: 20 }, (_, at) => of(`good-${at}`, 1, 10)));
  expect(world.samples.series()).toEqual({ calm: 2, pending: 0, firing: 1, evicted: 18 });
  const registry = new MetricRegistry();
  addSampleMetrics(registry, world.samples);
  expect(registry.text()).toContain('tocsin_metric_samples_total{outcome="accepted"} 22');
  expect(registry.text()).toContain('tocsin_metric_series{state="firing"} 1');
  expect(registry.text()).toContain("tocsin_metric_series_evicted_total 18");
});

test("OTLP: an exporter's histogram in seconds becomes the alert of the p95", async () => {
  const export_ = (minutes: number, temporality: number, unit = "s") => ({
    resourceMetrics: [
      {
        resource: { attributes: [{ key: "service.name", value: { stringValue: "chat" } }] },
        scopeMetrics: [{ metrics: [{ ...histogram(minutes, temporality), unit }] }],
      },
    ],
  });
  expect(await send(export_(5, 1))).toMatchObject({ status: 200, body: {} });
  await send(export_(3, 1));
  const found = await world.firing();
  expect(found.map((each) => each.labels["alertname"])).toContain("LLMLatencyP95High");
  expect(found[0]?.labels).toMatchObject({ service: "chat", model_id: "m-2" });
  const odd = await send(export_(1, 1, "Cel"));
  expect([odd.status, odd.body]).toMatchObject([
    200,
    { partialSuccess: { rejectedDataPoints: "1" } },
  ]);
  expect(JSON.stringify(odd.body)).toContain("cannot be converted");
});

function histogram(minutes: number, aggregationTemporality: number): object {
  const model = { key: "gen_ai.request.model", value: { stringValue: "m-2" } };
  const timeUnixNano = `${Date.now() - minutes * minute}000000`;
  const point = {
    ...{ attributes: [model], timeUnixNano, count: "100", sum: 640 },
    ...{ bucketCounts: ["0", "40", "60"], explicitBounds: [1, 5], max: 9 },
  };
  const data = { aggregationTemporality, dataPoints: [point] };
  return { name: "gen_ai.server.request.duration", unit: "s", histogram: data };
}

test("keys: the scope ingest is needed, and the key's tenant is the series'", async () => {
  const keyed = new KeyedWorld();
  const door = await keyed.open();
  keyed.key("in", ["ingest"], { tenant: "acme" });
  keyed.key("look", ["read"]);
  const clock = { ...systemClock, nowMs: () => keyed.nowMs };
  const keeper = registerSamples(door.server.route, {
    ...{ intake: door.intake, clock, log: silentLog },
    alerts: { list: async () => ({ items: [], cursor: null }) },
    metrics: () => loadConfig(null).metrics,
    ...{ topology: () => null, graphs: { see: async () => {} } },
  });
  keeper.start();
  const oom = (own: object): object => ({ metric: "gpu.oom_errors", value: 1, labels: own });
  const post = async (headers: Record<string, string>, samples: object[]) => {
    const response = await postAlerts(door, headers, samples, "/v1/metrics");
    return [response.status, await response.json()] as [number, Record<string, unknown>];
  };
  expect((await post({}, [oom({})]))[0]).toBe(401);
  expect((await post(bearer("look"), [oom({})]))[0]).toBe(403);
  expect((await post(bearer("in"), [oom({ tenant_id: "other" })]))[0]).toBe(403);
  const [status, body] = await post(bearer("in"), [oom({}), oom({ tenant_id: "other" })]);
  expect([status, body["accepted"], body["rejectedTotal"], body["fired"]]).toEqual([200, 1, 1, 1]);
  const [sent] = door.log.records.filter(({ payload }) => payload.includes("GPUOutOfMemory"));
  expect(JSON.parse(sent?.payload ?? "{}")).toMatchObject({ labels: { tenant_id: "acme" } });
  await keeper.stop();
  await keyed.close();
});

/** A counter of the service graph connector, of so many milliseconds ago. */
function calls(client: string, server: string, count: number, agoMs = 0, more: object = {}) {
  const attribute = (key: string, value: string) => ({ key, value: { stringValue: value } });
  const own = Object.entries({ client, server, connection_type: "", failed: "false", ...more });
  const nanos = (ms: number): string => `${ms}000000`;
  const point = {
    attributes: own.map(([key, value]) => attribute(key, String(value))),
    startTimeUnixNano: nanos(Date.now() - 3_600_000),
    timeUnixNano: nanos(Date.now() - agoMs),
    asInt: String(count),
  };
  const sum = { aggregationTemporality: 2, isMonotonic: true, dataPoints: [point] };
  const metrics = [{ name: "traces_service_graph_request_total", sum }];
  return { resourceMetrics: [{ scopeMetrics: [{ metrics }] }] };
}

const seenEdges = (): string[] =>
  world.seen.map(({ tenant, service, dependency }) => `${tenant} ${service}>${dependency}`);

test("calls between services are edges, told again when the last time is a while ago", async () => {
  expect((await send(calls("web", "shop", 42, 20 * minute))).body).toEqual({});
  expect(seenEdges()).toEqual(["null web>shop"]);
  expect(world.seen[0]).toMatchObject({ source: "traces", removed: false, by: "" });
  // The same count again: nothing was called since.
  await send(calls("web", "shop", 42, 14 * minute));
  await send(calls("web", "shop", 43, 13 * minute));
  await send(calls("web", "shop", 44, 12 * minute));
  expect(seenEdges()).toHaveLength(2);
  await send(calls("web", "shop", 45));
  expect(seenEdges()).toHaveLength(3);
  await send(calls("web", "web", 1));
  await send(calls("old", "shop", 1, 25 * 60 * minute));
  expect(seenEdges()).toHaveLength(3);
});

test("calls in our own form; those that name no services are refused", async () => {
  const metric = "traces_service_graph_request_total";
  const call = (labels: object): object => ({ metric, value: 1, labels });
  const { body } = await send([
    call({ client: "web", server: "auth", tenant_id: "acme" }),
    call({ client: "web" }),
    { metric: "unheard.of", value: 1 },
  ]);
  expect(body).toMatchObject({ edges: 1, unwatched: 1, unwatchedMetrics: ["unheard.of"] });
  expect(body).toMatchObject({ rejected: [{ index: 1, field: "labels.server" }] });
  expect(seenEdges()).toEqual(["acme web>auth"]);
  const refused = await send(calls("", "auth", 3));
  expect(refused.body).toMatchObject({ partialSuccess: { rejectedDataPoints: "1" } });
});

test("a tenant that makes up names tells not many more edges than it may have", async () => {
  const { topology } = loadConfig(
    null,
    "correlation: { topology: { sources: { edges_max: 10, traces_forget_after: 365d } } }",
  ).correlation;
  world.topology.inForce = topology;
  const metric = "traces_service_graph_request_total";
  const made = (round: number, tenant: string): object[] =>
    Array.from({ length: 15 }, (_, at) => {
      return { metric, value: 1, labels: { client: `c${round}-${at}`, server: "s", tenant } };
    });
  for (const round of [1, 2, 3, 4]) await send({ samples: made(round, "acme") });
  // 20 in each period of five minutes, of which two may have been met here.
  expect(seenEdges().length).toBeLessThanOrEqual(40);
  await send({ samples: made(5, "other") });
  expect(seenEdges().filter((text) => text.startsWith("other"))).toHaveLength(15);
});

test("with traces switched off, calls are metrics that nobody watches", async () => {
  const { topology } = loadConfig(
    null,
    "correlation: { topology: { sources: { traces: false } } }",
  ).correlation;
  world.topology.inForce = topology;
  await send(calls("web", "shop", 42));
  const own = { metric: "traces_service_graph_request_total", value: 1 };
  expect((await send(own)).body).toMatchObject({ unwatched: 1 });
  expect(seenEdges()).toEqual([]);
});
