/** The load generator must send what it says and count what it got; else all figures are wrong. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { AlertRequest } from "./alert-bytes.ts";
import { AnswerReader, runLoad } from "./load.ts";
import type { LoadPlan } from "./load.ts";

type Alert = { labels: Record<string, string>; endsAt: string };

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

type Sink = { port: number; bodies: Alert[][] };

async function sink(status: (request: number) => number, chunked = false): Promise<Sink> {
  const bodies: Alert[][] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    bodies.push(JSON.parse(Buffer.concat(chunks).toString("utf8")) as Alert[]);
    const code = status(bodies.length);
    response.writeHead(code, chunked ? {} : { "content-length": "2" });
    response.end("ok");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(async () => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => void server.close(() => resolve()));
  });
  return { port: (server.address() as AddressInfo).port, bodies };
}

const plan = (port: number, over: Partial<LoadPlan>): LoadPlan => ({
  host: "127.0.0.1",
  port,
  path: "/api/v2/alerts",
  connections: 4,
  alertsPerRequest: 8,
  durationMs: 20_000,
  population: "new",
  firstAlert: 5,
  ...over,
});

const identities = (bodies: Alert[][]): string[] =>
  bodies.flat().map((alert) => JSON.stringify(Object.entries(alert.labels).sort()));

test("new alerts are all distinct, and every accepted one arrived", async () => {
  const { port, bodies } = await sink(() => 200);
  const result = await runLoad(plan(port, { alertsMax: 800 }));
  expect(result.accepted).toBe(800);
  expect(result.nextAlert).toBe(805);
  expect(new Set(identities(bodies)).size).toBe(800);
  expect(Object.keys(bodies[0]?.[0]?.labels ?? {}).length).toBe(8);
  expect(result.p50Ms).toBeGreaterThan(0);
  expect(result.p99Ms).toBeGreaterThanOrEqual(result.p50Ms);
});

test("a share of new alerts comes out exactly, whatever a request holds", async () => {
  const { port, bodies } = await sink(() => 200);
  const mixed = { population: 20, fresh: { share: 0.05, firstAlert: 1_000 }, alertsMax: 1_600 };
  const result = await runLoad(plan(port, mixed));
  expect(result.nextAlert).toBe(1_080);
  expect(new Set(identities(bodies)).size).toBe(100);
});

test("a population is sent over and over, with end times that move", async () => {
  const { port, bodies } = await sink(() => 200, true);
  const result = await runLoad(plan(port, { alertsMax: 480, population: 48 }));
  expect(result.accepted).toBe(480);
  expect(new Set(identities(bodies)).size).toBe(48);
  expect(new Set(bodies.flat().map((alert) => alert.endsAt)).size).toBeGreaterThan(100);
});

test("only a 200 counts; what was refused is sent again", async () => {
  const { port } = await sink((request) => (request % 2 === 0 ? 429 : 200));
  const result = await runLoad(plan(port, { alertsMax: 80, connections: 1 }));
  expect(result.accepted).toBe(80);
  expect(result.nextAlert - plan(port, {}).firstAlert).toBe(80);
  expect(result.refused["429"]).toBeGreaterThan(3);
});

test("a server that is not there is reported, not waited for", async () => {
  const { port } = await sink(() => 200);
  for (const close of closers.splice(0)) await close();
  const result = await runLoad(plan(port, { durationMs: 50, connections: 1 }));
  expect(result.accepted).toBe(0);
  expect(result.refused["broken"]).toBeGreaterThan(0);
});

test("an answer is complete only at its last byte, however it is cut", () => {
  const answers = [
    "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    "HTTP/1.1 204 No Content\r\n\r\n",
  ];
  for (const answer of answers) {
    const reader = new AnswerReader();
    const bytes = Buffer.from(answer);
    for (let i = 0; i < bytes.length - 1; i++) {
      expect(reader.read(bytes.subarray(i, i + 1))).toBeNull();
    }
    expect(reader.read(bytes.subarray(-1))).toBe(answer.includes("204") ? 204 : 200);
  }
});

test("the same number is the same alert, byte for byte except its end time", () => {
  const request = new AlertRequest("/", "h", 1, 0);
  const alert = (index: number, tick: number): Alert => {
    request.fill(0, index, tick);
    return JSON.parse(Buffer.from(request.firstAlert()).toString("utf8")) as Alert;
  };
  const first = alert(77, 1);
  expect(alert(77, 2)).toEqual({ ...first, endsAt: first.endsAt.replace("001Z", "002Z") });
  expect(alert(78, 1).labels).not.toEqual(first.labels);
});
