/** Receivers of every kind: the least that is valid, what each insists on, and where secrets go. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  load,
  problemsOf,
  warningsOf,
  withIntegration,
} from "../../../testing/alertmanager-file.ts";
import { loadAlertmanagerConfig } from "./load.ts";

const mail = '{ smtp_smarthost: "mail:25", smtp_from: a@example.com }';
const minimal: [kind: string, settings: string, global?: string][] = [
  ["webhook", '{ url: "http://x" }'],
  ["slack", "{}", '{ slack_api_url: "https://hooks.example/x" }'],
  ["email", "{ to: b@example.com }", mail],
  ["pagerduty", "{ routing_key: k }"],
  ["opsgenie", "{ api_key: k }"],
  ["victorops", "{ api_key: k, routing_key: r }"],
  ["pushover", "{ user_key: k, token: t }"],
  ["telegram", "{ bot_token: t, chat_id: -1001 }"],
  ["discord", '{ webhook_url: "https://x/y" }'],
  ["msteams", '{ webhook_url: "https://x/y" }'],
  ["msteamsv2", '{ webhook_url: "https://x/y" }'],
  ["sns", '{ topic_arn: "arn:aws:sns:us-east-2:1:t" }'],
  ["wechat", "{ api_secret: s, corp_id: c }"],
  ["webex", "{ room_id: r, http_config: { authorization: { credentials: t } } }"],
  ["jira", '{ api_url: "https://x", project: P, issue_type: Bug }'],
  ["rocketchat", "{ token: t, token_id: i }"],
  ["incidentio", '{ url: "https://x", alert_source_token: t }'],
  ["mattermost", '{ webhook_url: "https://x/y" }'],
];
const delivered = ["webhook", "slack", "email", "pagerduty", "opsgenie"];

test.each(minimal)("%s: the least that is valid", (kind, settings, global) => {
  const text = withIntegration(kind, settings, global);
  expect(problemsOf(text)).toEqual([]);
  const config = load(text);
  expect(config.receivers[0]!.integrations[0]).toMatchObject({ kind, index: 0 });
  expect(config.notDelivered.map((each) => each.kind)).toEqual(
    delivered.includes(kind) ? [] : [kind],
  );
  expect(problemsOf(withIntegration(kind, `{ no_such_key: 1, ${settings.slice(1)}`, global))[0])
    .toContain(`${kind}_configs[0].no_such_key: unknown setting, expected one of`);
});

const refused: [kind: string, settings: string, message: string, global?: string][] = [
  ["webhook", "{}", "url: got nothing, expected the URL to send to, or url_file"],
  ["webhook", "null", "webhook_configs[0]: got nothing, expected the settings of webhook"],
  ["webhook", "{ url: 'ftp://x' }", "url: expected an http:// or https:// URL"],
  ["webhook", "{ url: 'http://{{ .x' }", "url: a template whose {{ and }} do not match"],
  ["webhook", "{ url: 'http://x', url_file: f }", "url_file: url and url_file are both given"],
  ["webhook", "{ url: 'http://x', max_alerts: -1 }", "max_alerts: got -1, expected a whole number"],
  ["webhook", "{ url: 'http://x', timeout: 1d }", 'timeout: got "1d", expected a duration'],
  ["slack", "{}", "api_url: got nothing, expected an address to post to"],
  ["slack", "{ api_url: 'https://x', app_token: t }", "app_token: cannot stand beside api_url"],
  ["slack", "{ api_url: 'https://x', fields: [{ title: t }] }", "fields[0].value: got nothing"],
  ["email", "{}", "to: got nothing, expected the address to write to", mail],
  ["email", "{ to: b }", "from: got nothing, expected", '{ smtp_smarthost: "m:1" }'],
  ["email", "{ to: b, from: c }", "smarthost: got nothing, expected a mail server"],
  ["email", "{ to: b, smarthost: mail }", 'smarthost: got "mail", expected a mail server', mail],
  ["email", "{ to: b, headers: { To: x, to: y } }", "headers: the header to is there twice", mail],
  ["pagerduty", "{}", "routing_key: got nothing, expected routing_key, service_key or their _file"],
  ["opsgenie", "{}", "api_key: got nothing, expected a key, here or as global opsgenie_api_key"],
  ["opsgenie", "{ api_key: k, responders: [{ type: team }] }", "responders[0].name: got nothing"],
  ["opsgenie", "{ api_key: k, responders: [{ id: i, type: x }] }", 'type: got "x", expected'],
  ["telegram", "{ bot_token: t }", "chat_id: got nothing, expected the chat's number"],
  ["telegram", "{ bot_token: t, chat_id: x }", 'chat_id: got "x", expected a whole number'],
  ["sns", "{ topic_arn: a, target_arn: b }", "topic_arn: expected only one of topic_arn"],
  ["jira", "{ api_url: 'https://x', project: P }", "issue_type: got nothing, expected the type"],
  ["pushover", "{ user_key: k, token: t, html: yes, monospace: yes }", "monospace: cannot stand"],
  ["nosuch", "{}", "receivers[0].nosuch_configs: unknown setting, expected one of name, labels,"],
];

test.each(refused)("%s %s is refused", (kind, settings, message, global) => {
  const found = problemsOf(withIntegration(kind, settings, global));
  expect(found.some((line) => line.includes(message)), found.join("\n")).toBe(true);
});

const http: [settings: string, message: string | null][] = [
  ["{ basic_auth: { username: u, password: p } }", null],
  ["{ bearer_token: t }", null],
  ["{ oauth2: { client_id: c, client_secret: s, token_url: 'https://x' } }", null],
  ["{ proxy_url: 'http://proxy:3128', no_proxy: localhost }", null],
  ["{ http_headers: { X-Team: { values: [a] } } }", null],
  ["{ tls_config: { insecure_skip_verify: true, min_version: TLS13 } }", null],
  ["{ bearer_token: t, basic_auth: { username: u } }", "basic_auth and bearer_token exclude"],
  ["{ authorization: { type: Basic, credentials: c } }", '"basic" goes into basic_auth'],
  ["{ oauth2: { client_id: c } }", "token_url: got nothing, expected the URL that hands out"],
  ["{ tls_config: { cert: c } }", "a client certificate without its key, expected both or"],
  ["{ tls_config: { min_version: TLS14 } }", 'min_version: got "TLS14", expected one of TLS10'],
  ["{ http_headers: { Host: { values: [a] } } }", "http_headers.Host: this header cannot be"],
  ["{ no_proxy: localhost }", "no_proxy: needs proxy_url"],
  ["{ proxy_url: 'http://[' }", "proxy_url: not a valid URL"],
  ["{ follow_redirect: true }", "unknown setting"],
];

test.each(http)("http_config: %s", (settings, message) => {
  const webhook = `{ url: "http://x", http_config: ${settings} }`;
  const found = problemsOf(withIntegration("webhook", webhook));
  if (message === null) expect(found).toEqual([]);
  else expect(found.some((line) => line.includes(message)), found.join("\n")).toBe(true);
});

test("several integrations: counted by kind, told in the order of the file", () => {
  const config = load(`route: { receiver: a }
receivers:
  - name: a
    slack_configs: [{ api_url: "https://x/1" }, { api_url: "https://x/2", send_resolved: true }]
    webhook_configs: [{ url: "http://x" }]
    labels: { team: web }`);
  expect(config.dispatch.receivers[0]!.integrations).toEqual([
    { kind: "slack", index: 0, sendResolved: false },
    { kind: "slack", index: 1, sendResolved: true },
    { kind: "webhook", index: 0, sendResolved: true },
  ]);
  expect(config.receivers[0]!.labels).toEqual({ name: "a", team: "web" });
});

test("a global http_config holds where a receiver has none of its own", () => {
  const global = "{ http_config: { proxy_url: 'http://p:1', basic_auth: { username: u } } }";
  const proxyOf = (settings: string) => {
    const { receivers } = load(withIntegration("webhook", settings, global));
    const [integration] = receivers[0]!.integrations;
    return integration!.kind === "webhook" ? integration!.settings.http_config.proxy_url : null;
  };
  expect(proxyOf('{ url: "http://x" }')).toBe("http://p:1");
  expect(proxyOf('{ url: "http://x", http_config: {} }')).toBe("");
});

test("a secret's file that is not there is warned of, and read when it is", () => {
  const dir = mkdtempSync(join(tmpdir(), "tocsin-secret-"));
  try {
    const text = withIntegration("pagerduty", "{ routing_key_file: key }");
    const file = join(dir, "am.yml");
    const [warning] = loadAlertmanagerConfig(file, text).warnings;
    expect(warning?.message).toBe(
      `cannot read the file ${join(dir, "key")} (ENOENT); it is tried again at each delivery`,
    );
    writeFileSync(join(dir, "key"), "k1\n");
    const config = loadAlertmanagerConfig(file, text);
    expect(config.warnings).toEqual([]);
    expect(config.receivers[0]!.integrations[0]!.settings).toMatchObject({
      routing_key: { secretText: "k1", file: join(dir, "key") },
    });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});

test("traps: a proxy that is no URL, seconds without a unit", () => {
  expect(warningsOf(withIntegration("webhook", '{ url: "http://x", timeout: 30 }'))[0]).toContain(
    "timeout: 30 without a unit is 30 nanoseconds; write 30s?",
  );
  const proxy = '{ url: "http://x", http_config: { proxy_url: proxy } }';
  expect(warningsOf(withIntegration("webhook", proxy))[0]).toContain("no request will get through");
});
