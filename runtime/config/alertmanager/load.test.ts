/** alertmanager.yml as a whole: what comes out of the example, and what is refused at the top. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { load, problemsOf, smallest, warningsOf } from "../../../testing/alertmanager-file.ts";
import { loadAlertmanagerConfig, type AlertmanagerConfig } from "./load.ts";

const exampleFile = fileURLToPath(
  new URL("../../../config/alertmanager/example.yml", import.meta.url),
);
const secretFiles = [...readFileSync(exampleFile, "utf8").matchAll(/_file: secrets\/(\S+?)[\s}]/g)];

let dir: string;
let example: AlertmanagerConfig;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "tocsin-alertmanager-"));
  for (const folder of ["secrets", "templates"]) mkdirSync(join(dir, folder));
  for (const [, name] of secretFiles) {
    writeFileSync(join(dir, "secrets", name!), `S3CRET-${name}\n`);
  }
  for (const name of ["b.tmpl", "a.tmpl", "c.txt"]) writeFileSync(join(dir, "templates", name), "");
  cpSync(exampleFile, join(dir, "alertmanager.yml"));
  example = loadAlertmanagerConfig(join(dir, "alertmanager.yml"));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe("the example", () => {
  test("is free of surprises once its files are there", () => {
    expect(secretFiles.length).toBeGreaterThanOrEqual(7);
    expect(example.warnings).toEqual([]);
    expect(example.notDelivered).toEqual([]);
    expect(example.resolveTimeoutMs).toBe(300_000);
    expect(example.templateFiles).toEqual(
      ["a.tmpl", "b.tmpl"].map((name) => join(dir, "templates", name)),
    );
  });

  test("routes inherit what they do not set, and are numbered depth first", () => {
    const { route } = example.dispatch;
    expect(route.routes.map(({ index, receiver }) => [index, receiver])).toEqual([
      [1, "archive"],
      [2, "heartbeat"],
      [3, "on-call"],
      [6, "team-mail"],
      [7, "team-mail"],
      [8, "team-channel"],
    ]);
    expect(route.routes[0]).toMatchObject({ groupBy: null, continue: true, groupWaitMs: 0 });
    expect(route.routes[2]!.routes[0]).toEqual({
      index: 4,
      receiver: "database-on-call",
      matchers: [
        { label: "environment", op: "!=", value: "staging" },
        { label: "service", op: "=~", value: "postgres|clickhouse" },
      ],
      continue: false,
      groupBy: ["alertname", "cluster", "service"],
      groupWaitMs: 10_000,
      groupIntervalMs: 300_000,
      repeatIntervalMs: 3_600_000,
      muteTimeIntervals: [],
      activeTimeIntervals: [],
      labels: {},
      routes: [],
    });
    expect(route.routes[4]).toMatchObject({
      matchers: [
        { label: "severity", op: "=", value: "info" },
        { label: "team", op: "=~", value: "^(?:web|mobile)$" },
      ],
      muteTimeIntervals: ["nights", "maintenance"],
      repeatIntervalMs: 14_400_000,
    });
  });

  test("inhibition rules and time intervals", () => {
    expect(example.dispatch.inhibitRules).toEqual([
      {
        name: "critical hides warning",
        sources: [
          { matchers: [{ label: "severity", op: "=", value: "critical" }], equal: [] },
        ],
        targetMatchers: [{ label: "severity", op: "=~", value: "warning|info" }],
        equal: ["alertname", "cluster", "service"],
      },
      expect.objectContaining({ name: "", equal: ["cluster"] }),
    ]);
    const all = { weekdays: null, daysOfMonth: null, months: null, years: null };
    const anyTime = { times: null, location: "UTC" };
    expect(example.dispatch.timeIntervals["nights"]).toEqual([
      {
        ...all,
        times: [{ fromMinute: 1_320, toMinute: 1_440 }, { fromMinute: 0, toMinute: 360 }],
        location: "Europe/Berlin",
      },
    ]);
    expect(example.dispatch.timeIntervals["maintenance"]).toEqual([
      {
        ...all,
        ...anyTime,
        times: [{ fromMinute: 120, toMinute: 240 }],
        weekdays: [{ from: 0, to: 0 }],
        daysOfMonth: [{ from: -7, to: -1 }],
      },
      {
        ...all,
        ...anyTime,
        months: [{ from: 2, to: 2 }],
        daysOfMonth: [{ from: 29, to: 29 }],
        years: [{ from: 2028, to: 2032 }],
      },
    ]);
  });

  test("receivers have their secrets from files, global ones included", () => {
    const integration = (receiver: string, at = 0) =>
      example.receivers.find(({ name }) => name === receiver)?.integrations[at];
    const secret = (name: string) => ({
      secretText: `S3CRET-${name}`,
      file: join(dir, "secrets", name),
    });
    expect(integration("team-channel")).toMatchObject({
      kind: "slack",
      settings: { api_url: secret("slack-url"), channel: "#alerts", send_resolved: true },
    });
    expect(integration("archive")).toMatchObject({
      kind: "webhook",
      settings: {
        url: secret("archive-url"),
        max_alerts: 100,
        timeout: 10_000,
        http_config: {
          authorization: { type: "Bearer", credentials: secret("archive-token") },
          tls_config: { min_version: "TLS12" },
          follow_redirects: true,
        },
      },
    });
    expect(integration("on-call")).toMatchObject({
      kind: "pagerduty",
      settings: {
        routing_key: secret("pagerduty-key"),
        url: "https://events.pagerduty.com/v2/enqueue",
        details: { cluster: "{{ .CommonLabels.cluster }}" },
      },
    });
    expect(integration("database-on-call")).toMatchObject({
      kind: "opsgenie",
      settings: { api_key: secret("opsgenie-key"), api_url: "https://api.opsgenie.com/" },
    });
    expect(integration("team-mail")).toMatchObject({
      kind: "email",
      settings: {
        smarthost: { host: "mail.example.com", port: "587" },
        auth_password: secret("smtp-password"),
        require_tls: true,
        threading: { enabled: true, thread_by_date: "daily" },
      },
    });
    expect(example.dispatch.receivers[3]).toEqual({
      name: "on-call",
      integrations: [
        { kind: "pagerduty", index: 0, sendResolved: true },
        { kind: "slack", index: 0, sendResolved: false },
      ],
    });
  });

  test("what decisions get and what is shown hold no secret; all is frozen", () => {
    expect(JSON.stringify(example.receivers)).toContain("S3CRET-pagerduty-key");
    expect(JSON.stringify([example.dispatch, example.warnings])).not.toContain("S3CRET");
    expect(example.original).not.toContain("S3CRET");
    expect(example.original).toContain("routing_key_file: secrets/pagerduty-key");
    expect(() => example.dispatch.route.routes[0]!.matchers.push()).toThrow(TypeError);
    expect(Object.isFrozen(example.receivers[0]!.integrations[0]!.settings)).toBe(true);
  });
});

test("the smallest file has Alertmanager's defaults", () => {
  expect(load(smallest)).toMatchObject({
    resolveTimeoutMs: 300_000,
    templateFiles: [],
    dispatch: {
      route: {
        index: 0,
        groupBy: [],
        groupWaitMs: 30_000,
        groupIntervalMs: 300_000,
        repeatIntervalMs: 14_400_000,
        routes: [],
      },
      inhibitRules: [],
      timeIntervals: {},
      receivers: [{ name: "a", integrations: [] }],
    },
  });
});

const refused: [what: string, text: string, lines: string[]][] = [
  ["nothing", "", ["1:1: route: no route, expected the root of the tree with a receiver"]],
  ["no YAML", "route: [", ["1:9: not valid YAML: Flow sequence in block collection must be"]],
  ["a key twice", `${smallest}route: { receiver: a }`, ["3:1: not valid YAML: Map keys must be"]],
  ["an unknown section", `${smallest}receiver: []`, [
    "3:1: receiver: unknown setting, expected one of global, route, inhibit_rules, receivers,",
  ]],
  ["an unknown key", "route: { receiver: a, group_wiat: 3s }\nreceivers: [{ name: a }]", [
    "1:23: route.group_wiat: unknown setting, expected one of receiver, group_by,",
  ]],
  ["a name twice", "route: { receiver: a }\nreceivers: [{ name: a }, { name: a }]", [
    "2:34: receivers[1].name: the name a is taken already",
  ]],
  ["no name", "route: { receiver: a }\nreceivers: [{ name: a }, {}]", [
    "2:26: receivers[1].name: got nothing, expected the receiver's name",
  ]],
  ["an interval's name twice", `${smallest}time_intervals: [{ name: n, time_intervals: [{}] }]
mute_time_intervals: [{ name: n, time_intervals: [{}] }]`, [
    "3:26: time_intervals[0].name: the name n is taken already",
  ]],
  ["a misspelt list", `${smallest}inhibit_rules: {}`, [
    "3:16: inhibit_rules: got a map, expected a list",
  ]],
];

test.each(refused)("refused: %s", (_what, text, lines) => {
  const found = problemsOf(text);
  expect(found.length).toBe(lines.length);
  for (const [i, line] of lines.entries()) expect(found[i]).toContain(line);
});

test("a near key is suggested", () => {
  expect(problemsOf(`${smallest}recievers: []`)[0]).toMatch(/; did you mean receivers\?$/);
});

test("a file that is not there is a problem with a place", () => {
  expect(() => loadAlertmanagerConfig(join(dir, "absent.yml"))).toThrow(
    `${join(dir, "absent.yml")}:1:1: cannot read the configuration: ENOENT`,
  );
});

test("what Alertmanager tells of itself is checked, and said to do nothing here", () => {
  expect(warningsOf(`${smallest}tracing: { endpoint: "localhost:4317", insecure: true }`)).toEqual([
    "3:10: tracing: not honoured: Tocsin sends no traces",
  ]);
  expect(problemsOf(`${smallest}tracing: { insecure: true }`)).toEqual([
    "3:10: tracing.endpoint: got nothing, expected where traces go",
  ]);
});
