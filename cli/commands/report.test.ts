/**
 * The report on data whose figures can be worked out by hand, asked as a user asks: the command,
 * over HTTP, through the route, of the analytics process.
 */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { AlertEvent } from "../../actors/alert/events.ts";
import type {
  IncidentEventKind,
  IncidentOutput,
  IncidentStatus,
  Severity,
} from "../../actors/incident/types.ts";
import { command as report } from "./report.ts";
import { command as sql } from "./sql.ts";
import type { HttpRequest, HttpResponse } from "../../ingress/http.ts";
import { registerSql } from "../../ingress/sql-routes.ts";
import type { AnalyticsChild } from "../../streams/clickhouse/analytics-child.ts";
import { AnalyticsBench } from "../../testing/analytics.ts";
import { capturedIo } from "../../testing/captured-io.ts";
import { sampleIncident } from "../../testing/sample-notification.ts";
import type { QualityReport } from "../../reports/quality-report.ts";

const minuteMs = 60_000;
/** Everything begins here: an hour ago, so that it lies in the default window. */
const startMs = Date.now() - 60 * minuteMs;

let bench: AnalyticsBench;
let analytics: AnalyticsChild;
let server: Server;

beforeAll(async () => {
  bench = await AnalyticsBench.open();
  analytics = await bench.start();
  server = await serveSql();
}, 60_000);

afterAll(async () => {
  server.close();
  await bench.close();
}, 60_000);

async function run(command: typeof sql, ...args: string[]): Promise<[number, string, string]> {
  const io = capturedIo({ TOCSIN_URL: `127.0.0.1:${(server.address() as AddressInfo).port}` });
  const code = await command.run(args, io);
  return [code, io.stdout(), io.stderr()];
}

test("an empty database gives a sentence, and JSON with nulls", async () => {
  const [code, text] = await run(report);
  expect(code).toBe(0);
  expect(text).toContain("No alerts and no incidents in this time.");
  const [, json] = await run(report, "--json", "--since", "1h");
  const { quality, severities, noisiest } = JSON.parse(json) as QualityReport;
  expect(quality).toMatchObject({ received: 0, dedup_rate: null, noise_ratio: null });
  expect(quality).toMatchObject({ mtta_mean_ms: null, mttr_median_ms: null });
  expect([severities, noisiest]).toEqual([[], []]);
});

test("the figures are those worked out by hand", async () => {
  await playStory();
  const [, json] = await run(report, "--json");
  const { quality, severities, noisiest } = JSON.parse(json) as QualityReport;
  // 1 + 99 + 1 + 299 = 400 alerts; 4 incidents, one made by hand: 1 - 3 / 400.
  expect(quality).toMatchObject({ received: 400, rejected: 5, occurrences: 2, opened: 4 });
  expect(quality.dedup_rate).toBeCloseTo(0.9925, 10);
  // Ended: A, B and C; only B ended with nobody having touched it (C was resolved by hand).
  expect(quality.ended).toBe(3);
  expect(quality.noise_ratio).toBeCloseTo(1 / 3, 10);
  // Taken: A after 2 min, D after 6 min. Resolved: A after 10, B after 20, C after 60 min.
  expect(quality).toMatchObject({ acknowledged: 2, resolved: 3 });
  expect([quality.mtta_mean_ms, quality.mtta_median_ms]).toEqual([4 * minuteMs, 4 * minuteMs]);
  expect([quality.mttr_mean_ms, quality.mttr_median_ms]).toEqual([30 * minuteMs, 20 * minuteMs]);
  expect(severities.map((line) => [line.severity, line.opened, line.still_open])).toEqual([
    ["critical", 2, 1],
    ["medium", 1, 0],
    ["low", 1, 0],
  ]);
  expect(noisiest.map((alert) => [alert.alertname, alert.alerts, alert.share])).toEqual([
    ["GpuHot", 300, 0.75],
    ["HighLatency", 100, 0.25],
  ]);
});

test("for people, the figures are aligned and in human units", async () => {
  const [code, text] = await run(report, "--since", "2h");
  expect(code).toBe(0);
  expect(text).toMatch(/^alerts received +400 +5 more rejected$/m);
  expect(text).toMatch(/^dedup rate +99\.25 % /m);
  expect(text).toMatch(/^noise ratio +33\.3 % /m);
  expect(text).toMatch(/^MTTA +4m \/ 4m /m);
  expect(text).toMatch(/^MTTR +30m \/ 20m /m);
  expect(text).toMatch(/^critical +2 +1 +2 +1 /m);
  expect(text).toMatch(/^300 +75\.0 % +1 +1 +gpu-pool +GpuHot$/m);
});

test("sql prints a table, JSON lines, or a named format, byte for byte", async () => {
  const count = "select count() as n, toUInt64(18446744073709551615) as big from tocsin.incidents";
  const [code, table] = await run(sql, count);
  expect(code).toBe(0);
  expect(table).toMatch(/┌─n─┬─+big─┐/);
  expect((await run(sql, count, "--json"))[1]).toBe('{"n":4,"big":18446744073709551615}\n');
  expect((await run(sql, "select 1.0, '007'", "--format", "TSV"))[1]).toBe("1\t007\n");
  const escalated = "select incident_id, because from tocsin.escalations format CSV";
  expect((await run(sql, escalated))[1]).toBe('"inc-D","climbs"\n');
  const asked = "select by, action, outcome from tocsin.commands order by time, action format CSV";
  expect((await run(sql, asked))[1]).toContain('"bob","close","refused"\n');
});

test("sql refuses what is not reading, with ClickHouse's reason or ours", async () => {
  const [code, out, err] = await run(sql, "drop table tocsin.alerts");
  expect([code, out]).toEqual([1, ""]);
  expect(err).toContain("only reading is allowed here");
  expect((await run(sql, "select nothing"))[2]).toContain("nothing");
  expect((await run(sql))[0]).toBe(2);
  expect((await run(sql, "select", "1"))[0]).toBe(2);
});

/** Incidents A to D as the comments above the expectations tell it. */
async function playStory(): Promise<void> {
  const { opened, refreshed } = alerts();
  await bench.alertStep(0, [opened("HighLatency", "chat-api", 1), opened("GpuHot", "gpu-pool", 2)]);
  await bench.alertStep(1, [
    refreshed(1, 99),
    refreshed(2, 299),
    { kind: "rejected", atMs: startMs, received: 5, reason: "no labels", detail: "" },
  ]);
  const a = incident("A", "critical");
  const b = incident("B", "medium");
  const c = incident("C", "low");
  const d = incident("D", "critical");
  const seq = await bench.incidentStep(0, [
    ...[a(0, "opened", "alerts"), b(0, "opened", "alerts"), c(0, "opened", "ann")],
    ...[a(2, "acknowledged", "ann"), a(10, "resolved", "alerts"), b(20, "resolved", "alerts")],
    ...[d(0, "opened", "alerts"), d(5, "escalated", "escalation"), d(6, "investigating", "bob")],
    ...[d(7, "commandRefused", "bob"), a(11, "reopened", "alerts"), a(40, "resolved", "ann")],
    ...[c(60, "resolved", "ann"), b(61, "closed", "timer")],
  ]);
  await bench.stored(analytics, seq);
}

function alerts() {
  const fingerprint = (number: number): string => String(number).padStart(16, "0");
  return {
    opened: (alertname: string, service: string, number: number): AlertEvent => ({
      ...{ kind: "opened", fingerprint: fingerprint(number), atMs: startMs, received: 1 },
      ...{ startsAtMs: startMs, endsAtMs: startMs },
      body: { labels: { alertname, service }, annotations: {}, generatorURL: "", dedupKey: null },
    }),
    refreshed: (number: number, received: number): AlertEvent => ({
      ...{ kind: "refreshed", fingerprint: fingerprint(number), atMs: startMs + minuteMs },
      ...{ received, fromMs: startMs, endsAtMs: startMs },
    }),
  };
}

const statusAfter: Partial<Record<IncidentEventKind, IncidentStatus>> = {
  investigating: "investigating",
  commandRefused: "investigating",
  acknowledged: "acknowledged",
  resolved: "resolved",
  closed: "closed",
};

function incident(name: string, severity: Severity) {
  let version = 0;
  return (minute: number, kind: IncidentEventKind, by: string): IncidentOutput => {
    const status = statusAfter[kind] ?? "triggered";
    const view = { id: `inc-${name}`, severity, status, version: ++version };
    const created_at = new Date(startMs).toISOString();
    const detail: Record<string, string> =
      kind === "commandRefused" ? { command: "close", command_id: "c1" } : {};
    const atMs = startMs + minute * minuteMs;
    const incident = sampleIncident({ ...view, created_at });
    return {
      kind: "event",
      event: { kind, atMs, by, because: "climbs", incident, detail },
    };
  };
}

/** The route as the HTTP server would run it. */
async function serveSql(): Promise<Server> {
  let handler: ((request: HttpRequest) => HttpResponse | Promise<HttpResponse>) | null = null;
  registerSql((_method, _pattern, registered) => {
    handler = registered;
  }, analytics);
  const http = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const answer = await handler?.({ body: Buffer.concat(chunks) } as HttpRequest);
      response.writeHead(answer?.status ?? 500, answer?.headers);
      response.end(answer?.body);
    })();
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  return http;
}
