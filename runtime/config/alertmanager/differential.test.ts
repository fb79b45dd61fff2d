/**
 * The reader beside `amtool check-config`: what Alertmanager's own tool takes is valid here, what
 * it refuses is not. The files keep to what its older versions (0.25) know already, so they have
 * label names of the old kind only. Where amtool is not installed the comparison is skipped.
 */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  problemsOf,
  smallest,
  withIntegration,
  withRoutes,
} from "../../../testing/alertmanager-file.ts";

const root = (settings: string, more = ""): string =>
  `route: { receiver: a${settings} }\nreceivers: [{ name: a }]\n${more}`;
const interval = (settings: string): string =>
  `${smallest}time_intervals: [{ name: n, time_intervals: [${settings}] }]`;
const rule = (settings: string): string => `${smallest}inhibit_rules: [${settings}]`;
const webhook = (settings: string): string =>
  withIntegration("webhook", `{ url: "http://x"${settings} }`);
const mail = '{ smtp_smarthost: "mail:25", smtp_from: a@example.com }';

const files: string[] = [
  ...["", "x", "- 1", "route:", "receivers: [{ name: a }]", smallest, `---\n${smallest}`],
  ...[", continue: true", ", matchers: [a=b]", ", match: { a: b }", ", x: 1"].map((text) =>
    root(text),
  ),
  ...["1m", "90s", "0s", "1h30m", "1d", "1.5h", "30", "-1s", "''", "1m1h", "~"].map((text) =>
    root(`, group_interval: ${text}, group_wait: ${text}`),
  ),
  ...["[a, b]", "[a, a]", "[...]", "['...', '...']", "[..., a]", "[]", "['']", "a"].map((text) =>
    root(`, group_by: ${text}`),
  ),
  ...[
    "a=b", "'a = b'", "'a=~\"b|c\"'", "'a=~\"(\"'", "a", "'{a=b,c!=d}'", "'a=\"b'", "'a=\"b\"c'",
    "'=b'",
    "'a=~(?i)b'", "'a=~(?=b)'", "'a=b,'", "''", "'a==b'", "'a=~\"\\\\d+\"'",
  ].map((text) => withRoutes(`{ matchers: [${text}] }`)),
  withRoutes("{ match: { 1a: b } }"),
  withRoutes("{ match_re: { a: '(b' } }"),
  withRoutes("{ match: { a: 1, b: true, c: }, continue: yes }"),
  withRoutes("{ receiver: c }"),
  withRoutes("{ receiver: b, routes: [{ receiver: c }] }"),
  withRoutes("{ mute_time_intervals: [m] }"),
  withRoutes("{ active_time_intervals: [m] }", "mute_time_intervals: [{ name: m }]"),
  root(", mute_time_intervals: [m]", "time_intervals: [{ name: m }]"),
  `${smallest}time_intervals: [{ name: m }, { name: m }]`,
  `${smallest}time_intervals: [{ name: m }]\nmute_time_intervals: [{ name: m }]`,
  `${smallest}time_intervals: [{ time_intervals: [] }]`,
  ...[
    "times: [{ start_time: '09:00', end_time: '24:00' }]", "times: [{ start_time: '9:00' }]",
    "times: [{ start_time: '22:00', end_time: '06:00' }]", "weekdays: ['monday:Friday']",
    "weekdays: [mon]", "days_of_month: ['1:31']", "days_of_month: [0]", "months: [13]",
    "days_of_month: ['-7:-1', '1:-1']", "days_of_month: ['-1:1']",
    "months: ['may:april']",
    "months: [May, '1:3']", "years: ['2020:2030']", "years: [y]", "location: Europe/Oslo",
    "location: Nowhere", "weekdays: ['friday:monday']",
    "times: [{ start_time: '24:00' }]",
  ].map((text) => interval(`{ ${text} }`)),
  rule("{ source_matchers: [a=b], target_matchers: [c=d], equal: [e] }"),
  rule("{ source_match: { a: b }, target_match_re: { c: 'd(' } }"),
  rule("{ source: { a: b } }"),
  rule("{}"),
  ...["receivers: []", "receivers: [{}]", "receivers: [{ name: a }, { name: a }]"].map((text) =>
    `route: { receiver: a }\n${text}`,
  ),
  `${smallest}templates: ['/nowhere/*.tmpl']`,
  `global: { resolve_timeout: 5x }\n${smallest}`,
  `global: { nothing: 1 }\n${smallest}`,
  `global:\n${smallest}`,
  ...[
    "", ", send_resolved: 1", ", max_alerts: x", ", http_config: { bearer_token: t }",
    ", url: 'x'",
    ", max_alerts: -1", ", http_config: { basic_auth: { username: u }, bearer_token: t }",
    ", http_config: { tls_config: { insecure_skip_verify: yes } }",
    ", http_config: { x: 1 }",
    ", http_config: { authorization: { type: basic } }", ", http_config: { oauth2: {} }",
    ", http_config: { proxy_url: proxy }", ", http_config: { proxy_url: 'http://[' }",
  ].map(webhook),
  ...["{}", "{ url: 'ftp://x' }", "{ url: 'http:///x' }", "{ url: 'https://u:p@x/y?z=1' }"].map(
    (text) => withIntegration("webhook", text),
  ),
  ...[
    "{}", "{ api_url: 'https://x' }", "{ api_url: x }", "{ api_url: 'https://x', actions: [{}] }",
    "{ api_url: 'https://x', fields: [{ title: t, value: v, short: true }] }",
    "{ api_url: 'https://x', actions: [{ type: b, text: t, url: u }] }",
  ].map((text) => withIntegration("slack", text)),
  ...[
    "{ to: b }", "{}", "{ to: b, headers: { A: x, a: y } }", "{ to: b, smarthost: mail }",
    "{ to: b, smarthost: 'm:', require_tls: no }", "{ to: b, tls_config: {} }",
  ].map((text) => withIntegration("email", text, mail)),
  withIntegration("email", "{ to: b, smarthost: 'm:25' }"),
  ...[
    "{}", "{ service_key: k }", "{ routing_key: k, details: { a: b } }",
    "{ routing_key: k, url: x }",
    "{ routing_key: k, images: [{ src: s }], links: [{ href: h, text: t }] }",
  ].map((text) => withIntegration("pagerduty", text)),
  ...[
    "{}", "{ api_key: k }", "{ api_key: k, responders: [{ name: n, type: Team }] }",
    "{ api_key: k, responders: [{ type: team }] }", "{ api_key: k, teams: t }",
    "{ api_key: k, responders: [{ id: i, type: people }] }",
  ].map((text) => withIntegration("opsgenie", text)),
  withIntegration("pushover", "{ user_key: u }"),
  withIntegration("pushover", "{ user_key: u, token: t, retry: 1m, expire: 1h }"),
  withIntegration("victorops", "{ api_key: k }"),
  withIntegration("telegram", "{ bot_token: t, chat_id: 1, parse_mode: Html }"),
  withIntegration("sns", "{ topic_arn: a, phone_number: 1 }"),
  withIntegration("wechat", "{ api_secret: s, corp_id: c, message_type: html }"),
];

/** One run for all; null without amtool. */
function amtoolVerdicts(paths: string[]): Promise<boolean[] | null> {
  return new Promise((resolve, reject) => {
    execFile("amtool", ["check-config", ...paths], (error, stdout) => {
      if (error !== null && (error as NodeJS.ErrnoException).code === "ENOENT") resolve(null);
      const verdicts = [...stdout.matchAll(/^Checking '.*'  (SUCCESS|FAILED)/gm)];
      if (verdicts.length === paths.length) resolve(verdicts.map(([, word]) => word === "SUCCESS"));
      else reject(new Error(`amtool judged ${verdicts.length} of ${paths.length} files`));
    });
  });
}

test("agrees with amtool about which files are valid", async (context) => {
  const dir = mkdtempSync(join(tmpdir(), "tocsin-amtool-"));
  try {
    const paths = files.map((text, i) => {
      const path = join(dir, `${i}.yml`);
      writeFileSync(path, text);
      return path;
    });
    const verdicts = await amtoolVerdicts(paths);
    if (verdicts === null) return context.skip("amtool is not installed");
    expect(verdicts.filter((valid) => valid).length).toBeGreaterThan(30);
    expect(verdicts.filter((valid) => !valid).length).toBeGreaterThan(30);
    const differing = files.flatMap((text, i) => {
      const problems = problemsOf(text);
      const agrees = (problems.length === 0) === verdicts[i];
      return agrees ? [] : [{ text, amtool: verdicts[i] ? "valid" : "refused", problems }];
    });
    expect(differing).toEqual([]);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});
