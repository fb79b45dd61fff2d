/** Files that mean harm, and secrets that must not come out. */
import { expect, test } from "vitest";
import { load, problemsOf, smallest, withIntegration } from "../../../testing/alertmanager-file.ts";

function payload(lines: string): string {
  return `route: { receiver: a }
receivers:
- name: a
  webhook_configs:
  - url: "http://x"
    payload:
${lines}`;
}

const laughs = ["a", "b", "c", "d", "e", "f", "g", "h", "i"].map((name, i, names) => {
  const item = i === 0 ? "lol" : `*${names[i - 1]}`;
  return `      ${name}: &${name} [${Array(10).fill(item).join(", ")}]`;
});
const merges = Array.from({ length: 40 }, (_, i) =>
  `    m${i}: &m${i} { x${i}: 1${i === 0 ? "" : `, <<: [*m${i - 1}, *m${i - 1}]`} }`,
);
const chain = Array.from({ length: 1_000 }, (_, i) =>
  `      c${i}: &c${i} [${i === 0 ? "x" : `*c${i - 1}`}]`,
);

const hostile: [what: string, text: string, message: RegExp][] = [
  ["a billion laughs", payload(laughs.join("\n")), /^1:1: more than 1000000 values in one file/],
  ["merge keys that double", payload(merges.join("\n").replace(/^/gm, "  ")),
    /^1:1: more than 1000000 values in one file/],
  ["a long chain of aliases", payload(chain.join("\n")), /^\d+:\d+: nests deeper than 500 levels/],
  ["lists in lists", payload(`      a: ${"[".repeat(100_000)}`), /nests deeper than 500 levels/],
  ["lists on one line", payload(`      ${"- ".repeat(100_000)}x`), /nests deeper than 500 levels/],
  ["lists on the first line", "- ".repeat(100_000), /nests deeper than 500 levels/],
  ["lists behind tabs", payload(`      ${"-\t".repeat(100_000)}x`), /nests deeper than 500 levels/],
  ["an anchor in itself", payload("      a: &a [*a]"), /^7:14: the anchor &a contains itself/],
  ["a route in itself", "route: &r { receiver: a, routes: [*r] }", /the anchor &r contains itself/],
  ["a merge of itself", "route: &r { receiver: a, <<: *r }", /the anchor &r contains itself/],
  ["no such anchor", "route: *nowhere", /^1:8: the alias \*nowhere has no anchor &nowhere before/],
  ["deep routes", `${smallest.split("\n")[1]}\nroute: { receiver: a, ${"routes: [{".repeat(101)}${
    "}]".repeat(101)} }`, /routes nest deeper than 100/],
  ["a problem on each line", `route: { receiver: a }\nreceivers:\n${"- {}\n".repeat(2_000)}`,
    /expected the receiver's name/],
];

test.each(hostile)("%s is refused, and soon", (_what, text, message) => {
  const startMs = performance.now();
  const found = problemsOf(text);
  expect(found.some((line) => message.test(line)), found.slice(0, 3).join("\n")).toBe(true);
  expect(found.length).toBeLessThanOrEqual(1_000);
  expect(performance.now() - startMs).toBeLessThan(5_000);
});

test("aliases and merge keys mean what they mean to YAML", () => {
  const { route } = load(`receivers: [{ name: a }]
route:
  receiver: a
  routes:
    - &base { matchers: &mine [x=y], group_wait: 1s, repeat_interval: 2h, continue: true }
    - { <<: *base, group_wait: 3s }
    - { matchers: *mine }`).dispatch;
  expect(route.routes[1]).toMatchObject({
    matchers: [{ label: "x", op: "=", value: "y" }],
    groupWaitMs: 3_000,
    repeatIntervalMs: 7_200_000,
    continue: true,
  });
  expect(route.routes[2]!.matchers).toEqual(route.routes[0]!.matchers);
});

test("the shown configuration has no secret, no comment and no password of a URL", () => {
  const { original } = load(`# the old password was S3CRET-1
global:
  smtp_smarthost: mail:25
  smtp_from: a@example.com
  smtp_auth_password: &pw S3CRET-2 # S3CRET-3
  slack_api_url: https://hooks.example/S3CRET-4
route: { receiver: a, group_by: [alertname] }
receivers:
  - name: a
    email_configs: [{ to: b@example.com, auth_password: *pw }]
    slack_configs:
      - channel: '#alerts'
        http_config:
          proxy_url: http://user:S3CRET-5@proxy:1
          proxy_connect_header: { X-Key: [S3CRET-6] }
          http_headers: { X-Key: { secrets: [S3CRET-7] } }
    webhook_configs:
      - url: |-
          https://example/S3CRET-8
        http_config:
          oauth2:
            client_id: c
            client_secret: 'S3CRET-9'
            token_url: https://t
            endpoint_params: { password: S3CRET-10 }
    pagerduty_configs: [{ routing_key: 4711 }]
    sns_configs:
      - { topic_arn: t, sigv4: { access_key: k, secret_key: S3CRET-11 } }
`);
  expect(original).not.toContain("S3CRET");
  expect(original).not.toContain("4711");
  expect(original).not.toContain("#  ");
  expect(original.match(/<secret>/g)).toHaveLength(9);
  expect(original).toContain("http://user:xxxxx@proxy:1");
  expect(original).toContain("channel: '#alerts'");
  // What is shown can be read again, and is then the same.
  expect(load(original).original).toBe(original);
});

const leaks: [kind: string, settings: string][] = [
  ["webhook", "S3CRET"],
  ["webhook", '{ url: "S3CRET" }'],
  ["webhook", '{ url: "http://{{ S3CRET" }'],
  ["webhook", '{ url: ["http://S3CRET"] }'],
  ["webhook", '{ url: "http://x", http_config: S3CRET }'],
  ["webhook", '{ url: "http://x", http_config: { basic_auth: S3CRET } }'],
  ["webhook", '{ url: "http://x", http_config: { authorization: S3CRET } }'],
  ["webhook", '{ url: "http://x", http_config: { proxy_connect_header: { X: S3CRET } } }'],
  ["webhook", '{ url: "http://x", http_config: { proxy_url: "http://u:S3CRET@[" } }'],
  ["slack", "{ api_url: 'hooks.example/S3CRET' }"],
  ["opsgenie", "{ api_key: S3CRET, api_key_file: f }"],
  ["pagerduty", "{ routing_key: S3CRET, url: 'http://u:S3CRET@[' }"],
];

test.each(leaks)("no secret in what is said of %s: %s", (kind, settings) => {
  const found = problemsOf(withIntegration(kind, settings));
  expect(found.length).toBeGreaterThan(0);
  expect(found.join("\n")).not.toContain("S3CRET");
});
