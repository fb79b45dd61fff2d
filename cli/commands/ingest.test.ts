/** `tocsin ingest test`, with the example configuration. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { capturedIo } from "../../testing/captured-io.ts";
import { runTocsin } from "../run-command.ts";

const config = fileURLToPath(new URL("../../config/sources.yaml", import.meta.url));
const event = {
  host: "db-1",
  event: { id: "7", name: "Disk full\u001b[31m", value: "1", severity: "5", clock: "1780300800" },
};
let dir: string;
beforeAll(() => void (dir = mkdtempSync(join(tmpdir(), "tocsin-ingest-"))));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

async function run(source: string, body: unknown, ...more: string[]) {
  const file = join(dir, "body.json");
  writeFileSync(file, typeof body === "string" ? body : JSON.stringify(body));
  const io = capturedIo();
  const args = ["ingest", "test", "--source", source, file, "--config", config, ...more];
  return { code: await runTocsin(args, io), out: io.stdout(), err: io.stderr() };
}

test("shows the alert, its identity and its times, safe for a terminal", async () => {
  const { code, out } = await run("zabbix", event);
  expect(code).toBe(0);
  expect(out).toContain("item 0: fires, critical\n");
  expect(out).toMatch(/identity {5}dedup_key source\/zabbix\/7 \([0-9a-f]{16}\)\n/);
  expect(out).toContain("label        alertname=Disk full\\u{1b}[31m\n");
  expect(out).toContain("label        service=unknown\n");
  expect(out).toContain("starts       2026-06-01T08:00:00.000Z\n");
  expect(out).toContain("1 alert, 0 refused; nothing was sent\n");
});

test("--json, from standard input; what is refused makes it fail", async () => {
  const late = { kind: "Late", level: "red" };
  const alarms = [late, { kind: "x".repeat(9_000) }, { finished_at: "?" }];
  const body = JSON.stringify({ cluster: "eu", alarms });
  const io = capturedIo({ TOCSIN_CONFIG: config }, false, body);
  const args = ["ingest", "test", "--source=batch-job-monitor", "-", "--json"];
  expect(await runTocsin(args, io)).toBe(1);
  const { alerts, rejected } = JSON.parse(io.stdout()) as { alerts: object[]; rejected: object[] };
  expect(alerts).toMatchObject([
    { labels: { alertname: "Late", cluster: "eu", severity: "critical" } },
    { labels: { severity: "info" } },
  ]);
  expect(rejected).toMatchObject([{ index: 2, field: "ends_at", value: "?" }]);
});

test("webhooks of Alertmanager and Grafana are known without configuration", async () => {
  const alerts = [{ alertname: "A" }, {}].map((labels) => ({ status: "firing", labels }));
  const { code, out } = await run("grafana", { alerts });
  expect(code).toBe(1);
  expect(out).toContain("label        alertname=A\n");
  expect(out).toContain("item 1: refused: labels: at least one label with a value is required");
});

test("what is wrong is said", async () => {
  const near = await run("zabix", event);
  expect([near.code, near.err]).toEqual([1, expect.stringContaining("did you mean zabbix?")]);
  expect((await run("zabbix", "{")).err).toContain("(byte 1)");
  expect((await run("batch-job-monitor", {})).err).toContain("there is nothing at alarms (items)");
  for (const args of [[], ["send"], ["test"], ["test", "a", "--source", "b", "c"]]) {
    const io = capturedIo();
    expect([args, await runTocsin(["ingest", ...args], io)]).toEqual([args, 2]);
  }
  const missing = capturedIo();
  const args = ["ingest", "test", "--source", "grafana", join(dir, "none.json")];
  expect([await runTocsin(args, missing), missing.stderr()]).toEqual([
    ...[1, expect.stringContaining("cannot read")],
  ]);
});
