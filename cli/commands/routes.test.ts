/** `tocsin routes` as a user runs it, on the example that ships and on small files. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { capturedIo } from "../../testing/captured-io.ts";
import { runTocsin } from "../run-command.ts";

const example = fileURLToPath(
  new URL("../../config/alertmanager/example.yml", import.meta.url),
);
const noon = "2026-03-02T12:00:00Z";
let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "tocsin-routes-"));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function written(name: string, text: string): string {
  writeFileSync(join(dir, name), text);
  return join(dir, name);
}

async function routes(args: string[], env: NodeJS.ProcessEnv = { TOCSIN_CONFIG: example }) {
  const io = capturedIo(env);
  const code = await runTocsin(["routes", ...args], io);
  return { code, out: io.stdout(), err: io.stderr() };
}

test("the tree is drawn with everything that holds", async () => {
  const { code, out } = await routes(["show", "--config", example]);
  expect(code).toBe(0);
  const lines = out.split("\n");
  expect(lines.slice(0, 4)).toEqual([
    "root → team-channel (slack)",
    "│  by alertname, cluster, service; wait 30s, interval 5m, repeat 4h",
    "├─ everything → archive (webhook)  continue",
    "│     by all labels, each alert alone; wait 0s, interval 5m, repeat 4h",
  ]);
  expect(lines.slice(6, 13)).toEqual([
    '├─ {severity=~"critical|page"} → on-call (pagerduty, slack)',
    "│  │  by alertname, cluster, service; wait 10s, interval 5m, repeat 1h",
    '│  ├─ {environment!="staging",service=~"postgres|clickhouse"} → database-on-call (opsgenie)',
    "│  │     by alertname, cluster, service; wait 10s, interval 5m, repeat 1h",
    '│  └─ {team="batch"} → on-call (pagerduty, slack)',
    "│        by alertname, cluster, service; wait 10s, interval 5m, repeat 1h",
    "│        muted during maintenance",
  ]);
  expect(out).toContain("│     only during office-hours\n");
  const json = JSON.parse((await routes(["--json"])).out) as { routes: unknown[] };
  expect(json).toMatchObject({ route: 0, receiver: "team-channel", groupWaitMs: 30_000 });
  expect(json.routes[2]).toMatchObject({
    integrations: [{ kind: "pagerduty", delivered: true }, { kind: "slack" }],
    routes: [{ receiver: "database-on-call" }, { muteTimeIntervals: ["maintenance"] }],
  });
});

test("what is not delivered, and who tells nobody, is marked", async () => {
  const file = written("marked.yml", `route: { receiver: a, routes: [{ receiver: b }] }
receivers: [{ name: a, discord_configs: [{ webhook_url: "https://x/S3CRET" }] }, { name: b }]`);
  const { out } = await routes(["--config", file]);
  expect(out).toContain("root → a (discord: NOT DELIVERED)\n");
  expect(out).toContain("everything → b (tells nobody)\n");
  expect(out).not.toContain("S3CRET");
});

test("an alert: its receivers, groups, and the reason of each step", async () => {
  const labels = ["alertname=Down", "severity=critical", "service=postgres", "cluster=x"];
  const { code, out } = await routes(["test", ...labels, "--at", noon]);
  expect(code).toBe(0);
  const shown = '{alertname="Down", cluster="x", service="postgres", severity="critical"}';
  expect(out).toContain(`${shown} at ${noon} goes to archive, database-on-call\n`);
  expect(out).toContain(
    '  group      {alertname="Down", cluster="x", service="postgres"}, '
      + "by alertname, cluster, service\n",
  );
  expect(out).toContain("  told then  yes\n");
  expect(out.slice(out.indexOf("Why\n"))).toBe(`Why
✓ root → team-channel  matches, its routes take it
├─ ✓ everything → archive  takes it; continue: the next ones are tried, too
├─ ✗ {alertname="Watchdog"} → heartbeat  alertname="Watchdog" does not hold: alertname is "Down"
├─ ✓ {severity=~"critical|page"} → on-call  matches, its routes take it
│  ├─ ✓ {environment!="staging",service=~"postgres|clickhouse"} → database-on-call  takes it
│  └─ · 1 more not tried: the one above has taken it and does not continue
└─ · 3 more not tried: the one above has taken it and does not continue

Would be inhibited
  while an alert fires with {alertname="ClusterUnreachable",cluster="x"} (inhibit_rules[1])
`);
});

test("the whole tree, and the time interval that mutes at the moment", async () => {
  const night = ["--at", "2026-03-02T23:30:00+01:00"];
  const { out } = await routes(["test", "severity=info", "team=web", ...night, "--tree"]);
  expect(out).toContain("at 2026-03-02T22:30:00Z goes to archive, team-mail\n");
  expect(out).toContain("  told then  NO, inside of nights\n");
  const late = await routes(["test", "severity=warning", ...night, "--tree"]);
  expect(late.out).toContain("  told then  NO, outside of office-hours\n");
  const older = '{severity="info",team=~"^(?:web|mobile)$"}';
  expect(late.out).toContain(`├─ · ${older} → team-mail  not tried\n`);
  const json = JSON.parse((await routes(["test", "severity=warning", ...night, "--json"])).out);
  expect(json).toMatchObject({
    at: "2026-03-02T22:30:00.000Z",
    receivers: ["archive", "team-mail"],
    routes: [{ mutedBy: [] }, { mutedBy: [{ name: "office-hours", kind: "active" }] }],
    tried: {
      outcome: "passes on",
      routes: [{ outcome: "takes", continue: true }, {}, {}, {}, {}, { outcome: "not tried" }],
    },
    inhibitedWhile: [{ rule: 0, name: "critical hides warning" }, { rule: 1 }],
    verified: null,
  });
});

test("--verify.receivers fails when others would be told, whatever the order", async () => {
  const right = await routes(["test", "severity=page", "--verify.receivers=on-call,archive"]);
  expect([right.code, right.err]).toEqual([0, ""]);
  const wrong = await routes(["test", "severity=page", "--verify.receivers", "on-call"]);
  expect([wrong.code, wrong.err]).toEqual([
    1,
    "tocsin routes: the alert goes to archive, on-call, expected on-call\n",
  ]);
  const json = await routes(["test", "severity=page", "--verify.receivers=x", "--json"]);
  expect([json.code, JSON.parse(json.out).verified]).toEqual([1, false]);
});

test("wrong usage names what is wrong", async () => {
  const cases: [args: string[], said: string][] = [
    [["shwo"], 'got "shwo", expected show or test'],
    [["test"], "give the alert's labels as LABEL=VALUE"],
    [["test", "a"], 'got "a", expected LABEL=VALUE'],
    [["test", "a=~b"], 'got "a=~b", expected LABEL=VALUE'],
    [["test", "a=b", "a=c"], "the label a was given twice"],
    [["test", "a=b", "--at", "noon"], '--at: got "noon", expected a time with its zone such as'],
    [["show", "a=b"], 'got "a=b"; labels are for: routes test'],
    [["show", "--tree"], "--tree is for: routes test"],
  ];
  for (const [args, said] of cases) {
    const { code, err } = await routes(args);
    expect([args, code, err]).toEqual([args, 2, expect.stringContaining(said)]);
  }
});

test("a configuration without routes, or with problems, says what to give or repair", async () => {
  const none = await routes(["show"], {});
  expect(none.code).toBe(1);
  expect(none.err).toMatch(/tocsin\.yaml has no `alertmanager`, .* with --config FILE\n$/);
  const bad = written("bad.yml", "route:\n  receiver: b\nreceivers: [{ name: a }]\n");
  const { code, err } = await routes(["test", "a=b", "--config", bad]);
  expect([code, err]).toEqual([1, expect.stringContaining(`${bad}:2:13: route.receiver: got "b"`)]);
  const beside = written("tocsin.yaml", "alertmanager: good.yml\n");
  written("good.yml", "route: { receiver: a }\nreceivers: [{ name: a }]\n");
  expect((await routes(["--config", beside])).out).toContain("root → a (tells nobody)\n");
});

test("control characters of labels and names do not reach the terminal", async () => {
  const { out } = await routes(["test", "a=\u001b[31mred"]);
  expect(out).toContain('{a="\\x1b[31mred"}');
  expect(out).not.toContain("\u001b");
});
