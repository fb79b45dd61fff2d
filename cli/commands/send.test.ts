/** `tocsin send` against a real HTTP server. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { capturedIo } from "../../testing/captured-io.ts";
import type { CapturedIo } from "../../testing/captured-io.ts";
import { startIncidentWorld } from "../../testing/incident-world.ts";
import type { IncidentWorld } from "../../testing/incident-world.ts";
import { runTocsin } from "../run-command.ts";

let world: IncidentWorld;
let folder: string;
beforeAll(async () => {
  world = await startIncidentWorld();
  folder = mkdtempSync(join(tmpdir(), "tocsin-send-"));
});
afterAll(async () => {
  await world.close();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  world.alerts.length = 0;
  world.batches.length = 0;
});

async function send(args: string[], input = ""): Promise<CapturedIo & { code: number }> {
  const io = capturedIo({ TOCSIN_URL: world.url }, false, input);
  return Object.assign(io, { code: await runTocsin(["send", ...args], io) });
}

const many = (count: number): { labels: { n: string } }[] =>
  Array.from({ length: count }, (_, n) => ({ labels: { n: String(n) } }));

test("one alert from the command line, as it was described", async () => {
  const before = Date.now();
  const { code, stdout } = await send([
    "alertname=High",
    "query=a=b",
    "--annotation",
    "summary=p99 above 4 s",
    "--dedup-key",
    "k1",
    "--for",
    "1h30m",
  ]);
  expect(code).toBe(0);
  expect(stdout()).toMatch(/^accepted 1 alert in /);
  const [alert] = world.alerts;
  expect(alert).toMatchObject({
    labels: { alertname: "High", query: "a=b" },
    annotations: { summary: "p99 above 4 s" },
    dedup_key: "k1",
  });
  const startsAtMs = Date.parse(String(alert?.["startsAt"]));
  expect(startsAtMs).toBeGreaterThanOrEqual(before);
  expect(Date.parse(String(alert?.["endsAt"])) - startsAtMs).toBe(5_400_000);
});

test("--resolve ends the alert now", async () => {
  await send(["alertname=High", "--resolve"]);
  expect(world.alerts[0]).not.toHaveProperty("startsAt");
  expect(Date.parse(String(world.alerts[0]?.["endsAt"]))).toBeLessThanOrEqual(Date.now());
});

test("a file is read whatever its form, and sent in batches and in order", async () => {
  const alerts = many(1_203);
  const forms = [
    JSON.stringify(alerts),
    JSON.stringify(alerts, null, 2),
    alerts.map((alert) => JSON.stringify(alert)).join("\n"),
    `\n${alerts.map((alert) => JSON.stringify(alert)).join("\r\n\r\n")}\r\n`,
  ];
  for (const [index, text] of forms.entries()) {
    world.alerts.length = 0;
    world.batches.length = 0;
    const file = join(folder, `form-${index}`);
    writeFileSync(file, text);
    const { code, stdout } = await send(["--file", file]);
    expect([index, code]).toEqual([index, 0]);
    expect(stdout()).toMatch(/^accepted 1203 alerts in /);
    expect(world.batches).toEqual([500, 500, 203]);
    expect(world.alerts).toEqual(alerts);
  }
});

test("standard input works like a file, also with one alert over several lines", async () => {
  const { code } = await send(["--file", "-"], JSON.stringify({ labels: { a: "é" } }, null, 2));
  expect(code).toBe(0);
  expect(world.alerts).toEqual([{ labels: { a: "é" } }]);
});

test("bad lines and refused alerts are told apart from the good ones around them", async () => {
  const input = ['{"labels":{"a":"1"}}', "{broken", '{"labels":{}}', '{"labels":{"a":"2"}}', "7"];
  const { code, stdout, stderr } = await send(["--file", "-"], input.join("\n"));
  expect(code).toBe(1);
  expect(world.alerts).toHaveLength(2);
  expect(stdout()).toMatch(/^accepted 2 alerts, rejected 3 in /);
  expect(stderr()).toContain("line 2: not a JSON object");
  expect(stderr()).toContain("alert 3: labels: at least one label is required");
  expect(stderr()).toContain("line 5: not a JSON object");
});

test("when no alert of a request is valid, that is a result and no crash", async () => {
  const { code, stdout } = await send(["--file", "-", "--json"], '{"labels":{}}');
  expect(code).toBe(1);
  expect(JSON.parse(stdout())).toMatchObject({
    accepted: 0,
    rejected: 1,
    reasons: [{ place: "alert 1", reason: expect.stringContaining("at least one label") }],
  });
});

test("a busy server is waited for, a bounded number of times", async () => {
  world.settings.busyAnswers = 3;
  const patient = await send(["a=b", "--json"]);
  expect(JSON.parse(patient.stdout())).toMatchObject({ accepted: 1, retries: 3, requests: 4 });
  world.settings.busyAnswers = 1_000;
  const never = await send(["a=b"]);
  expect(never.code).toBe(1);
  expect(never.stderr()).toContain("gave up after 10 tries");
  expect(world.settings.busyAnswers).toBe(990);
  world.settings.busyAnswers = 0;
});

test("documents that cannot be alerts, and contradictions, are refused with a reason", async () => {
  const failed: [string[], string, number, string][] = [
    [["--file", "-"], "[{", 1, "neither a JSON array"],
    [["--file", join(folder, "absent")], "", 1, "cannot read"],
    [[], "", 2, "NAME=VALUE"],
    [["alertname"], "", 2, 'got "alertname"'],
    [["=x"], "", 2, 'got "=x"'],
    [["a=b", "--for", "soon"], "", 2, '--for: got "soon"'],
    [["a=b", "--for", "1m", "--resolve"], "", 2, "exclude each other"],
    [["a=b", "--file", "-"], "", 2, "leave out labels"],
  ];
  for (const [args, input, code, said] of failed) {
    const result = await send(args, input);
    expect([args, result.code]).toEqual([args, code]);
    expect(result.stderr()).toContain(said);
  }
  expect(world.alerts).toEqual([]);
});
