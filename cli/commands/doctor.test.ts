import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Logger } from "../../runtime/ports.ts";
import { lockDataDir } from "../../streams/engines/data-dir.ts";
import { freePort } from "../../streams/engines/free-port.ts";
import { findNatsServer } from "../../streams/engines/nats-binary.ts";
import { startNats } from "../../streams/engines/nats-child.ts";
import type { Finding } from "../doctor/finding.ts";
import { command } from "./doctor.ts";

let dir: string;
let server: Server | null = null;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "tocsin-doctor-"));
});
afterEach(() => {
  server?.close();
  server = null;
  rmSync(dir, { recursive: true, force: true });
});

async function serve(answers: Record<string, [number, string]>): Promise<string> {
  server = createServer((request, response) => {
    const [status, body] = answers[request.url ?? ""] ?? [404, "not here"];
    response.statusCode = status;
    response.end(body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function doctor(...args: string[]): Promise<{ code: number; text: string }> {
  let text = "";
  const out = (part: string) => void (text += part);
  const env = { PATH: process.env["PATH"], TOCSIN_NATS_SERVER: process.env["TOCSIN_NATS_SERVER"] };
  const code = await command.run(args, { out, err: out, env, isTty: false });
  return { code, text };
}

async function findings(...args: string[]): Promise<Record<string, Finding>> {
  const { text } = await doctor("--json", ...args);
  const { findings: list } = JSON.parse(text) as { findings: Finding[] };
  return Object.fromEntries(list.map((finding) => [finding.check, finding]));
}

test("nothing runs: versions, free ports, and how to start", async () => {
  const listen = await freePort();
  writeFileSync(join(dir, "t.yaml"), `listen: 127.0.0.1:${listen}\nnats: { port: 0 }\n`);
  const data = join(dir, "data");
  const found = await findings("--config", join(dir, "t.yaml"), "--data", data);
  expect(found["node"]?.detail).toBe(process.version);
  expect(found["configuration"]).toMatchObject({ verdict: "OK", detail: join(dir, "t.yaml") });
  expect(found["nats-server"]).toMatchObject({ verdict: "OK" });
  expect(found["clickhouse"]?.detail).toMatch(/^embedded, chdb \d/);
  expect(found["running program"]).toMatchObject({
    verdict: "WARN",
    detail: `nothing answers at http://127.0.0.1:${listen}`,
  });
  expect(found["durability"]?.detail).toBe("configured: default; not running");
  expect(found["listen port"]).toMatchObject({ verdict: "OK", detail: `${listen} is free` });
  expect(found["data directory"]?.detail).toBe(`${data} (made at the first start)`);
  expect(found["disk"]?.detail).toMatch(/GiB free$/);
});

test("a broken configuration is a problem with its place, and the exit code says so", async () => {
  writeFileSync(join(dir, "t.yaml"), "lisen: x\n");
  const { code, text } = await doctor("--config", join(dir, "t.yaml"), "--data", dir);
  expect(code).toBe(1);
  expect(text).toContain(`PROBLEM  configuration    ${join(dir, "t.yaml")}:1:1: lisen: unknown`);
  expect(text).toContain(" -> correct the file");
});

test("a running program: health and durability in force, read from its nats-server", async () => {
  const { binary } = await findNatsServer(process.env);
  const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };
  const lock = lockDataDir(dir);
  const nats = await startNats({
    dataDir: dir,
    port: 0,
    durability: "always",
    log: silent,
    binary: binary!,
  });
  const url = await serve({
    "/v1/status": [200, '{"version":"9.9.9"}'],
    "/health/ready": [200, "{}"],
  });
  const found = await findings("--url", url, "--data", dir);
  await nats.stop();
  lock.release();
  expect(found["running program"]).toMatchObject({
    verdict: "OK",
    detail: `v9.9.9 at ${url}, ready`,
  });
  expect(found["durability"]).toMatchObject({ verdict: "OK" });
  expect(found["durability"]?.detail).toContain("a power cut");
  expect(found["data in use by"]?.detail).toBe(`process ${process.pid}`);
  expect(found["listen port"]).toBe(undefined);
  expect((await findings("--url", url, "--data", dir))["durability"]).toMatchObject({
    verdict: "PROBLEM",
    detail: expect.stringContaining("nats-server does not answer"),
  });
});

test("not ready, or somebody else's server: problems with advice, in safe characters", async () => {
  const sick = await serve({
    "/v1/status": [200, '{"version":"1"}'],
    "/health/ready": [503, "no\u001b[31m disk"],
  });
  const { code, text } = await doctor("--url", sick, "--data", dir);
  expect(code).toBe(1);
  expect(text).toContain("not ready: no\\u{1b}[31m disk");
  server?.close();
  const stranger = await serve({});
  const found = await findings("--url", stranger, "--data", dir);
  expect(found["running program"]).toMatchObject({
    verdict: "PROBLEM",
    detail: `something else answers at ${stranger} (404 to /v1/status)`,
  });
});
