/** `tocsin severity` as a user calls it, and its change over the real routes. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { IncidentView } from "../../actors/incident/types.ts";
import { incidentConfig } from "../../runtime/config/actor-configs.ts";
import { loadConfig } from "../../runtime/config/load.ts";
import { capturedIo } from "../../testing/captured-io.ts";
import { startIncidentWorld, type IncidentWorld } from "../../testing/incident-world.ts";
import { runTocsin } from "../run-command.ts";

let dir: string;
let world: IncidentWorld;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "tocsin-severity-cli-"));
  world = await startIncidentWorld();
  const config = incidentConfig(loadConfig(null, "severity: { mode: raise }"));
  world.incidents.apply({ kind: "config", config });
});
afterAll(async () => {
  await world.close();
  rmSync(dir, { recursive: true, force: true });
});

async function tocsin(...args: string[]): Promise<[code: number, out: string, err: string]> {
  const io = capturedIo({ TOCSIN_URL: world.url, USER: "ada" });
  const code = await runTocsin(args, io);
  return [code, io.stdout(), io.stderr()];
}

const labels = ["alertname=Errors", "severity=warning", "environment=prod"];
const users = "users_affected_percent=60";

function opened(...more: string[]): string {
  const pairs = [...labels, ...more].map((pair) => pair.split("=") as [string, string]);
  world.incidents.alert(Object.fromEntries(pairs));
  return world.incidents.events.at(-1)?.incident.id ?? "";
}

test("explain: the decision, a table whose points add up, and what is not known", async () => {
  const [code, out] = await tocsin("severity", "explain", "--labels", ...labels, users);
  expect(code).toBe(0);
  expect(out).toContain("SEV1 (critical), score ");
  expect(out).toContain("users-affected is 60 (0.8): at least SEV1 from 0.75 on");
  expect(out).toContain("Not known: customers-affected,");
  expect(out).toContain("severity.mode is off: no score is computed; such an incident is medium.");
  const lines = out.split("\n");
  const rows = lines.slice(lines.findIndex((line) => line.startsWith("FACTOR")));
  const end = (rows[0] ?? "").indexOf("POINTS") + "POINTS".length;
  const points = rows.slice(1, rows.findIndex((row) => row === "")).map((row) => {
    expect(row[end - 1]).toMatch(/\d/);
    expect(row[end]).toBe(" ");
    return Math.round(Number(row.slice(0, end).trim().split(/ +/).at(-1)) * 100);
  });
  const total = points.pop();
  expect(points.reduce((sum, each) => sum + each, 0)).toBe(total);
});

test("explain --json says the same as the API says of an incident with such an alert", async () => {
  const args = ["severity", "explain", ...labels, users, "--json"];
  const explained = JSON.parse((await tocsin(...args))[1]) as object;
  const id = opened(users);
  const response = await fetch(`${world.url}/v1/incidents/${id}`);
  const view = (await response.json()) as IncidentView;
  expect(view.severity).toBe("critical");
  const { at, mode, ...score } = view.severity_score ?? { at: "", mode: "off" };
  expect([mode, at]).toEqual(["raise", view.created_at]);
  expect(explained).toEqual({ ...score, said: "medium", mode: "off" });
});

test("explain counts what else is said of the incident", async () => {
  const args = ["severity", "explain", ...labels, "--json"];
  const more = ["--services", "15", "--alerts", "30", "--minutes", "480", "--reopens", "3"];
  const { terms } = JSON.parse((await tocsin(...args, ...more))[1]) as {
    terms: { factor: string; normalised: number }[];
  };
  const bad = Object.fromEntries(terms.map(({ factor, normalised }) => [factor, normalised]));
  expect(bad).toMatchObject({ "services-affected": 0.75, "minutes-open": 0.75, reopens: 0.5 });
});

test("set: a person's own level, with a reason, and why shows it with the terms", async () => {
  const id = opened(users, "service=one", "dedup_key=k");
  const [code, out] = await tocsin("severity", "set", id, "SEV4", "--reason", "a load test");
  expect([code, out]).toEqual([0, expect.stringContaining(`${id} is low: `)]);
  const [, why] = await tocsin("why", id);
  expect(why).toContain("Severity low\n  made less severe by ada: a load test\n");
  expect(why).toMatch(/^ {2}users-affected +impact +60 +0\.80 +4 +\d+\.\d\d {2}label users_aff/m);
  expect(why).toMatch(/severityLowered +critical +ada made it low, it was critical: a load test/);
  const json = JSON.parse((await tocsin("why", id, "--json"))[1]) as object;
  expect(json).toMatchObject({ severity: "low", severity_set: { by: "ada" } });
});

test("set: a level is one of the scale in force, also where no score says which", async () => {
  const config = incidentConfig(loadConfig(null, "severity: { mode: off, levels: sev0-4 }"));
  world.incidents.apply({ kind: "config", config });
  const id = opened("service=unscored", "dedup_key=u");
  const args = ["severity", "set", id, "SEV1", "--reason", "many users"];
  expect((await tocsin(...args, "--levels", "sev0-4"))[1]).toContain(`${id} is high: `);
  expect((await tocsin(...args, "--levels", "sev-1"))[2]).toContain("--levels: expected one of");
  const scored = incidentConfig(loadConfig(null, "severity: { mode: raise }"));
  world.incidents.apply({ kind: "config", config: scored });
});

test("set refuses what is no level, and asks for a reason", async () => {
  const id = opened();
  expect((await tocsin("severity", "set", id, "SEV7", "--reason", "x"))[2]).toContain("SEV1 to");
  expect((await tocsin("severity", "set", id, "low"))[2]).toContain("say why with --reason");
  expect((await tocsin("severity", "set", id))[0]).toBe(2);
});

test.each([
  [{ severity: "low" }, '"reason": got nothing, expected why'],
  [{ severity: "SEV1", reason: "x" }, "one of critical, high, medium, low, info"],
  [{ severity: "low", reason: "x", status: "resolved" }, "it without status"],
  [{ reason: "x" }, "a severity or"],
])("PATCH %j is refused: %s", async (body, said) => {
  const response = await fetch(`${world.url}/v1/incidents/${opened()}`, {
    ...{ method: "PATCH", headers: { "content-type": "application/json" } },
    body: JSON.stringify(body),
  });
  expect([response.status, await response.text()]).toEqual([
    400,
    expect.stringContaining(JSON.stringify(said).slice(1, -1)),
  ]);
});

test("check: a good file, and every problem of a bad one", async () => {
  const bad = join(dir, "bad.yaml");
  writeFileSync(bad, "bands: {}\nmatrix: {}\nfactors: []\n");
  const [code, out] = await tocsin("severity", "check", "config/severity.yaml", bad);
  expect(code).toBe(1);
  expect(out).toMatch(/^config\/severity.yaml: valid: factors: \d+$/m);
  expect(out).toContain(`${bad}:3:10: factors: got a list, expected at least one factor`);
  expect(out).toMatch(/NOT VALID: problems: 3$/m);
  const json = JSON.parse((await tocsin("severity", "check", bad, "--json"))[1]) as object[];
  expect(json[0]).toMatchObject({ file: bad, valid: false, factors: 0 });
});

test.each([
  [[], "say explain, check or set"],
  [["expain"], 'got "expain", expected explain, check or set'],
  [["explain"], "give the alert's labels as LABEL=VALUE"],
  [["explain", "severity"], 'got "severity", expected LABEL=VALUE'],
  [["explain", "a=b", "--services", "0"], "--services: got"],
  [["check"], "expected the FILE to check"],
  [["check", "config/severity.yaml", "--levels", "p1-5"], "--levels: expected one of sev1-5"],
])("severity %j is refused: %s", async (args, said) => {
  const [code, , err] = await tocsin("severity", ...args);
  expect([code, err]).toEqual([2, expect.stringContaining(said)]);
});
