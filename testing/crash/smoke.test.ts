/**
 * The program starts for real, takes an alert, shows an incident, and ends when told to. Vitest
 * accepts syntax that Node refuses; this is the test that would notice.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runTocsin } from "../../cli/run-command.ts";
import { capturedIo } from "../captured-io.ts";
import { eventually } from "../contracts/eventually.ts";
import { processTree } from "./process-tree.ts";
import { Program } from "./program.ts";

let dir = "";
let program: Program | null = null;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "tocsin-smoke-"));
});

afterEach(() => {
  program?.kill9();
  rmSync(dir, { recursive: true, force: true });
});

test("starts, takes an alert, shows the incident, and SIGTERM ends it with 0", async () => {
  const configPath = join(dir, "tocsin.yaml");
  writeFileSync(configPath, "nats: { port: 0 }\npartitions: { dedup: 2, incident: 2 }\n");
  program = await Program.start({ dataDir: join(dir, "data"), configPath, chaos: false });
  const { url } = program;
  const tree = processTree(program.child.pid ?? -1);
  expect(tree.length, "the program, nats-server, the analytics process").toBeGreaterThan(2);

  const labels = { alertname: "SmokeDetected", service: "kitchen", severity: "critical" };
  const posted = await fetch(`${url}/api/v2/alerts`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify([{ labels }]),
  });
  expect(posted.status).toBe(200);

  await eventually(async () => {
    const page = await (await fetch(`${url}/v1/incidents`)).json();
    const items = (page as { items: { service: string; status: string }[] }).items;
    expect(items).toHaveLength(1);
    expect(items[0]).toMatchObject({ service: "kitchen", status: "triggered" });
  });
  const query = new URLSearchParams({ filter: 'service="kitchen"', limit: "5" });
  const alerts = await (await fetch(`${url}/v1/alerts?${query}`)).json();
  expect(alerts).toMatchObject({ items: [{ labels, received: 1 }], next_cursor: null });

  const io = capturedIo({ TOCSIN_URL: url });
  expect(await runTocsin(["alerts", "service=~kit.*"], io)).toBe(0);
  expect(io.stdout()).toMatch(/^FINGERPRINT .*\n[0-9a-f]{16} .* SmokeDetected +service=kitchen/);
  expect(await runTocsin(["alerts", "service!=kitchen"], io)).toBe(0);
  expect(io.stdout()).toContain("No alerts match.");

  const chaos = await fetch(`${url}/v1/chaos/shards/0/kill`, { method: "POST" });
  expect(chaos.status, "chaos is off unless asked for").toBe(404);

  expect(await program.terminate(), program.stderr()).toBe(0);
  await eventually(() => {
    const left = tree.filter((pid) => processTree(pid).length > 0);
    expect(left, "processes left behind").toEqual([]);
  });
});
