/** The real program with several listeners asks for API keys on each of them. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Program } from "./program.ts";

/** So many that it is not to be expected that the kernel gives them all to one thread. */
const connections = 24;
const adminKey = "0123456789abcdef0123456789abcdef0123456789abcdef";

let dir = "";
let program: Program;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "tocsin-keys-"));
  const configPath = join(dir, "tocsin.yaml");
  const partitions = "partitions: { dedup: 1, incident: 1 }";
  writeFileSync(
    configPath,
    `auth: { mode: keys }\nlisteners: 3\nshards: 1\nnats: { port: 0 }\n${partitions}\n`,
  );
  program = await Program.start({
    ...{ dataDir: join(dir, "data"), configPath, chaos: false },
    env: { TOCSIN_ADMIN_KEY: adminKey },
  });
});

afterAll(() => {
  program?.kill9();
  rmSync(dir, { recursive: true, force: true });
});

/** One request over a connection of its own. */
function once(method: string, path: string, key: string, body?: unknown): Promise<number> {
  const agent = new Agent({ keepAlive: false, maxSockets: 1 });
  const authorization = key === "" ? {} : { authorization: `Bearer ${key}` };
  const headers = { "content-type": "application/json", ...authorization };
  return new Promise((resolve, reject) => {
    const sent = request(`${program.url}${path}`, { method, agent, headers }, (response) => {
      response.resume();
      response.on("end", () => resolve(response.statusCode ?? 0));
    });
    sent.on("error", reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** The statuses that all listeners together answer with. */
async function everywhere(method: string, path: string, key: string, body?: unknown) {
  const all = Array.from({ length: connections }, () => once(method, path, key, body));
  return [...new Set(await Promise.all(all))];
}

async function created(scopes: string[]): Promise<{ id: string; key: string }> {
  const response = await fetch(`${program.url}/v1/keys`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-api-key": adminKey },
    body: JSON.stringify({ name: "test", scopes, rate: "1000000/s" }),
  });
  expect(response.status).toBe(201);
  return (await response.json()) as { id: string; key: string };
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

test("on every listener a key works, and within a second of its end no more", async () => {
  const { id, key } = await created(["ingest"]);
  const reader = await created(["read"]);
  const alerts = [{ labels: { alertname: "Door" } }];
  await pause(1_000);
  expect(await everywhere("POST", "/v1/alerts", key, alerts)).toEqual([200]);
  expect(await everywhere("POST", "/v1/alerts", adminKey, alerts)).toEqual([200]);
  expect(await everywhere("POST", "/v1/alerts", reader.key, alerts)).toEqual([403]);
  expect(await everywhere("POST", "/v1/alerts", "", alerts)).toEqual([401]);
  expect(await everywhere("GET", "/v1/alerts", reader.key)).toEqual([200]);
  expect(await everywhere("GET", "/v1/alerts", key)).toEqual([403]);
  expect(await everywhere("GET", "/v1/alerts", "")).toEqual([401]);
  expect(await everywhere("GET", "/health/ready", "")).toEqual([200]);
  expect(await once("DELETE", `/v1/keys/${id}`, adminKey)).toBe(200);
  await pause(1_000);
  expect(await everywhere("POST", "/v1/alerts", key, alerts)).toEqual([401]);
});

test("no key is in what the program wrote, and it ends as usual", async () => {
  expect(await program.terminate(), program.stderr()).toBe(0);
  expect(program.stderr()).toContain("an API key was created");
  expect(program.stderr()).not.toMatch(/tcn_[0-9a-f]+_/);
  expect(program.stderr()).not.toContain(adminKey);
});
