/** Several threads listen on one port, as on a large machine: everything works on each of them. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../contracts/eventually.ts";
import { rows } from "./books.ts";
import { Program } from "./program.ts";

/** So many that it is not to be expected that the kernel gives them all to one thread. */
const connections = 48;

let dir = "";
let program: Program;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "tocsin-listeners-"));
  const configPath = join(dir, "tocsin.yaml");
  const partitions = "partitions: { dedup: 2, incident: 2 }";
  writeFileSync(configPath, `listeners: 3\nnats: { port: 0 }\n${partitions}\n`);
  program = await Program.start({ dataDir: join(dir, "data"), configPath, chaos: false });
});

afterAll(() => {
  program?.kill9();
  rmSync(dir, { recursive: true, force: true });
});

type Answer = { status: number; headers: Record<string, unknown>; body: string };

/** One request over a connection of its own. */
function once(method: string, path: string, body?: unknown): Promise<Answer> {
  const agent = new Agent({ keepAlive: false, maxSockets: 1 });
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json", "idempotency-key": "k1" };
    const sent = request(`${program.url}${path}`, { method, agent, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => {
        const { statusCode = 0, headers: answered } = response;
        resolve({ status: statusCode, headers: answered, body: Buffer.concat(chunks).toString() });
      });
    });
    sent.on("error", reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

const everywhere = <T>(ask: (n: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: connections }, (_, n) => ask(n)));

test("alerts get in through every one of them, and are counted once", async () => {
  await eventually(async () => {
    const metrics = await (await fetch(`${program.url}/metrics`)).text();
    expect(metrics).toContain("tocsin_alerts_accepted_total");
  });
  const alert = (n: number) => [{ labels: { alertname: "Door", service: `s${n}` } }];
  const first = await everywhere((n) => once("POST", "/api/v2/alerts", alert(n)));
  const second = await everywhere((n) => once("POST", "/api/v2/alerts", alert(n)));
  expect([...first, ...second].map(({ status }) => status)).toEqual(
    Array.from({ length: 2 * connections }, () => 200),
  );
  await eventually(async () => {
    const { ingest, listeners } = JSON.parse((await once("GET", "/v1/status")).body);
    expect({ listeners, accepted: ingest.accepted }).toEqual({
      listeners: 3,
      accepted: 2 * connections,
    });
  });
  await eventually(async () => {
    const opened = "select toInt32(count()) as n from tocsin.alert_events where kind = 'opened'";
    expect(await rows(program.url, opened)).toEqual([{ n: connections }]);
  }, 30_000);
});

test("what is no alert is served through every one of them as through the first", async () => {
  const lists = await everywhere(() => once("GET", "/v1/alerts?limit=3"));
  // Repeats are still being counted.
  const named = lists.map(({ body }) => body.replace(/"(received|endsAt|updatedAt)":[^,}]*/g, ""));
  expect(new Set(named).size).toBe(1);
  expect(JSON.parse(lists[0]?.body ?? "").items).toHaveLength(3);
  const [{ id }] = JSON.parse((await once("GET", "/v1/incidents?limit=1")).body).items;
  const path = `/v1/incidents/${id}`;
  const acks = await everywhere(() => once("PATCH", path, { status: "acknowledged", by: "ada" }));
  expect(new Set(acks.map(({ status, body }) => `${status} ${body}`)).size).toBe(1);
  expect(acks[0]).toMatchObject({ status: 200 });
  const wrong = await everywhere(() => once("DELETE", "/api/v2/alerts"));
  for (const answer of wrong) expect(answer).toMatchObject({ status: 405 });
  const nowhere = await everywhere(() => once("POST", "/nowhere", { a: 1 }));
  for (const answer of nowhere) expect(answer).toMatchObject({ status: 404 });
  const refused = await everywhere(() => once("GET", "/v1/alerts?limit=x"));
  for (const answer of refused) expect(answer.body).toContain("expected a number");
});

test("a second program on the port is refused, and SIGTERM ends all of them", async () => {
  const { port } = new URL(program.url);
  const configPath = join(dir, "second.yaml");
  writeFileSync(configPath, `listeners: 2\nnats: { port: 0 }\nlisten: 127.0.0.1:${port}\n`);
  const options = { dataDir: join(dir, "second"), configPath, chaos: false, ownListen: true };
  await expect(Program.start(options)).rejects.toThrow(/EADDRINUSE/);
  expect(await program.terminate(), program.stderr()).toBe(0);
});
