import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { dedupConfig, incidentConfig } from "./actor-configs.ts";
import { loadConfig, shippedConfigFile } from "./load.ts";
import { ConfigError } from "./problems.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "tocsin-config-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** The lines that a person would see. */
function problems(text: string, file: string | null = "t.yaml"): string[] {
  try {
    loadConfig(file, text);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split("\n");
    throw error;
  }
}

test("the shipped file, an empty one and none at all mean the same defaults", () => {
  const defaults = loadConfig(null);
  expect({ ...loadConfig(shippedConfigFile), source: null }).toEqual(defaults);
  expect({ ...loadConfig("t.yaml", ""), source: null }).toEqual(defaults);
  expect(defaults).toMatchObject({
    listen: { host: "127.0.0.1", port: 9093 },
    dataDir: ".tocsin",
    partitions: { dedup: 8, incident: 8 },
    shards: "auto",
    listeners: "auto",
    nats: { url: null, port: "preferred", durability: "default" },
    ingest: { resolveTimeoutMs: 300_000, bodyBytesMax: 16_777_216, lingerMs: 2 },
    lifecycle: { reopenWindowMs: 600_000, closeAfterMs: 3_600_000, retireAfterMs: 3_600_000 },
  });
});

test("each setting that the shipped file shows commented out is the default", () => {
  const shipped = readFileSync(shippedConfigFile, "utf8").split("receivers:")[0]!;
  const shown = shipped.replaceAll(/^( *)# (\w+: \S.*)$/gm, (line, indent: string, rest: string) =>
    /^(Durations|default|always|preferred|auto|url)\b/.test(rest) ? line : `${indent}${rest}`,
  );
  expect(shown).toContain("\n  resolve_timeout: 5m");
  expect({ ...loadConfig("t.yaml", shown), source: null }).toEqual(loadConfig(null));
});

test("the example escalation is read as people mean it", () => {
  const file = fileURLToPath(new URL("../../config/escalation.example.yaml", import.meta.url));
  const config = loadConfig(file);
  expect(config.policies["page"]).toEqual({
    name: "page",
    levels: [
      { afterMs: 0, receivers: ["first-responder"] },
      { afterMs: 300_000, receivers: ["second-responder"] },
      { afterMs: 600_000, receivers: ["team-lead", "team-channel"] },
    ],
    repeats: 2,
    repeatAfterMs: 900_000,
  });
  expect(config.rules[0]).toEqual({
    matchers: [
      { label: "severity", op: "=~", value: "critical|high" },
      { label: "environment", op: "!=", value: "dev" },
    ],
    policy: "page",
  });
  expect(config.rules[2]).toEqual({ matchers: [], policy: "tell" });
  expect(config.receivers[0]).toEqual({
    name: "first-responder",
    channel: "webhook",
    webhook: {
      url: "http://127.0.0.1:9199/first-responder",
      headers: {},
      secret: null,
      timeoutMs: 5_000,
      allowPrivate: true,
    },
  });
});

test("every problem of a file is found at once, in order, with its exact place", () => {
  const text = `listen: 0.0.0.0:9093
partitons:
  dedup: 8
ingest:
  linger: 2
  body_max: lots
  in_flight: 3
nats: { durability: allways, port: 70000 }
correlation:
  enabled: maybe
  labels: service
`;
  expect(problems(text)).toEqual([
    "t.yaml:1:9: listen: 0.0.0.0 can be reached from the network, and requests need no API key: " +
      "set auth.mode to keys (docs/api-keys.md), or listen on 127.0.0.1:9093",
    "t.yaml:2:1: partitons: unknown setting, expected one of listen, data_dir, partitions, " +
      "shards, listeners, auth, nats, clickhouse, ingest, redaction, dedup, grouping, " +
      "correlation, lifecycle, flapping, severity, silences, receivers, escalation_policies, " +
      "rules, alertmanager, sources, metrics; did you mean partitions?",
    "t.yaml:5:11: ingest.linger: got 2, expected a duration from 0s to 1s, such as 30s, 5m " +
      "or 1h30m",
    't.yaml:6:13: ingest.body_max: got "lots", expected a size from 1KiB to 256MiB, such as ' +
      "512KiB or 16MiB",
    "t.yaml:7:3: ingest.in_flight: unknown setting, expected one of resolve_timeout, body_max, " +
      "body_timeout, requests_in_flight, pending_max, lag_max, frames_in_flight, " +
      "frame_target, linger",
    't.yaml:8:21: nats.durability: got "allways", expected one of default, always; did you mean ' +
      "always?",
    "t.yaml:8:36: nats.port: got 70000, expected a whole number from 0 to 65535",
    't.yaml:10:12: correlation.enabled: got "maybe", expected true or false',
    't.yaml:11:11: correlation.labels: got "service", expected a list',
  ]);
});

test("names must refer to something; the nearest is offered", () => {
  const text = `receivers:
  - name: ops
    webhook: { url: "http://127.0.0.1:1/" }
  - name: ops
    webhook: { url: "ftp://127.0.0.1/" }
escalation_policies:
  - name: page
    levels:
      - receivers: [opps]
  - name: no levels
rules:
  - match: ['severity="critical', 'x=~"("']
    policy: pgae
  - match: [alertname]
`;
  expect(problems(text)).toEqual([
    "t.yaml:4:11: receivers[1].name: the name ops is taken already",
    't.yaml:5:21: receivers[1].webhook.url: got "ftp://127.0.0.1/", expected an http:// or ' +
      "https:// URL",
    "t.yaml:9:21: escalation_policies[0].levels[0].receivers[0]: there is no receiver opps " +
      "(there is ops, ops); did you mean ops?",
    't.yaml:10:5: escalation_policies[1].levels: got nothing, expected at least one level',
    't.yaml:10:11: escalation_policies[1].name: got "no levels", expected a name of letters, ' +
      "digits, _ . and -, at most 64",
    't.yaml:12:13: rules[0].match[0]: got "severity=\\"critical": a quote is not closed, ' +
      'expected LABEL="VALUE", !=, =~ or !~',
    't.yaml:12:35: rules[0].match[1]: got "x=~\\"(\\"": not a valid regular expression: ' +
      "missing closing )",
    "t.yaml:13:13: rules[0].policy: there is no escalation policy pgae (there is page, no levels)" +
      "; did you mean page?",
    "t.yaml:14:5: rules[1].policy: got nothing, expected a text",
    't.yaml:14:13: rules[1].match[0]: got "alertname": not a matcher, expected LABEL="VALUE", ' +
      "!=, =~ or !~",
  ]);
});

test("settings that contradict each other are refused where they are", () => {
  const text = `lifecycle:
  reopen_window: 2h
  close_after: 1h30m
dedup: { rollup_first: 2h }
ingest:
  pending_max: 1MiB
clickhouse:
  retention: 36h
`;
  expect(problems(text)).toEqual([
    't.yaml:3:16: lifecycle.close_after: got "1h30m", expected at least reopen_window (2h)',
    "t.yaml:4:8: dedup.rollup_max: got nothing, expected at least rollup_first (2h)",
    't.yaml:6:16: ingest.pending_max: got "1MiB", expected at least body_max, or no full body ' +
      "could be taken",
    't.yaml:8:14: clickhouse.retention: got "36h", expected whole days, such as 90d, or forever',
  ]);
});

test("what is not YAML, not a map or not there is said with a place", () => {
  expect(problems("listen: [1")[0]).toMatch(/^t\.yaml:1:\d+: not valid YAML: /);
  expect(problems("a: 1\na: 2")[0]).toMatch(/^t\.yaml:2:1: not valid YAML: /);
  expect(problems("- 1")).toEqual(["t.yaml:1:1: got a list, expected a map of settings"]);
  expect(() => loadConfig(join(dir, "absent.yaml"))).toThrow(
    `${join(dir, "absent.yaml")}:1:1: cannot read the configuration: ENOENT`,
  );
});

test("aliases work, and cannot blow a small file up", () => {
  const config = loadConfig(
    "t.yaml",
    "grouping: { by: &labels [a, b] }\ncorrelation: { labels: *labels }",
  );
  expect(config.correlation.labels).toEqual(["a", "b"]);
  const rule = `&rule { match: [${Array(49).fill("a=b").join(", ")}], policy: p }`;
  const level = "{ receivers: [r] }";
  const people = `receivers: [{ name: r, webhook: { url: "http://a" } }]
escalation_policies: [{ name: p, levels: [${level}] }]\n`;
  const bomb = `${people}rules: [${rule}, ${Array(3_000).fill("*rule").join(", ")}]`;
  expect(problems(bomb)).toEqual([
    "t.yaml:1:1: more than 100000 values in one file, aliases counted each time",
  ]);
});

test("secrets come from files beside the configuration and never show up in problems", () => {
  writeFileSync(join(dir, "token"), "Bearer s3cret\n");
  writeFileSync(join(dir, "url"), "https://hooks.example/T0/secretpath\n");
  writeFileSync(join(dir, "bad"), "two\nlines-s3cret\n");
  const receiver = (settings: string) => `receivers: [{ name: a, webhook: { ${settings} } }]`;
  const file = join(dir, "t.yaml");
  const good = loadConfig(file, receiver("url_file: url, authorization_file: token"));
  expect(good.receivers[0]?.webhook).toMatchObject({
    url: "https://hooks.example/T0/secretpath",
    headers: { authorization: "Bearer s3cret" },
  });
  const bad = problems(receiver("url_file: token, authorization_file: bad, secret_file: no"), file);
  expect(bad.map((line) => line.slice(line.indexOf("webhook.")))).toEqual([
    "webhook.url_file: the file does not hold an http:// or https:// URL",
    "webhook.authorization_file: the file's text cannot be a header value",
    "webhook.secret_file: cannot read the file no: ENOENT",
  ]);
  const inline = receiver('url: "http://a", headers: { Authorization: "Bearer s3cret" }');
  expect(problems(inline)).toEqual([
    "t.yaml:1:78: receivers[0].webhook.headers.Authorization: a secret does not belong here: put " +
      "it in a file, authorization_file: FILE",
  ]);
});

test("the configuration is frozen; the stages' parts carry a hash of their content", () => {
  const config = loadConfig(null);
  expect(Object.isFrozen(config.dedup.domainBy[0])).toBe(true);
  const changed = loadConfig("t.yaml", "lifecycle: { retire_after: 2h }");
  expect(dedupConfig(changed)).toEqual(dedupConfig(config));
  expect(dedupConfig(config).hash).toMatch(/^[0-9a-f]{16}$/);
  expect(incidentConfig(changed).hash).not.toBe(incidentConfig(config).hash);
  expect(incidentConfig(loadConfig(null))).toEqual(incidentConfig(config));
  expect(incidentConfig(config)).toMatchObject({
    groupBy: ["alertname", "service"],
    correlation: { enabled: true, windowMs: 300_000, labels: ["service", "model_id"] },
    reopenWindowMs: 600_000,
    policies: {},
    rules: [],
  });
});
