/** `tocsin test` as a user runs it: the stories that ship, and one that does not hold. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { capturedIo } from "../../testing/captured-io.ts";
import { runTocsin } from "../run-command.ts";

const shipped = (name: string): string =>
  fileURLToPath(new URL(`../../config/alertmanager/${name}`, import.meta.url));
let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "tocsin-test-"));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function written(name: string, text: string): string {
  writeFileSync(join(dir, name), text);
  return join(dir, name);
}

async function tested(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const io = capturedIo({});
  const code = await runTocsin(["test", ...args], io);
  const [out, err] = [io.stdout(), io.stderr()].map((text) => text.replaceAll(dir, "DIR"));
  return { code, out: out!, err: err! };
}

const failing = `
config: am.yml
scenarios:
  - name: holds
    steps:
      - { fire: { alertname: A }, expect: { receiver: team } }
  - name: does not hold
    steps:
      - fire: { alertname: A, instance: "1" }
        silence: { id: quiet, matchers: alertname=B, for: 1h }
      - fire: { alertname: B }
      - at: 1m
        expect:
          - { receiver: team, reason: new alerts in group, firing: 2 }
          - { receiver: team, group: { alertname: B } }
      - { at: 2m, resolve: { alertname: A } }
`;
const config = `
route: { receiver: team, group_wait: 0s, group_by: [alertname] }
receivers: [{ name: team, webhook_configs: [{ url: "http://x" }] }]
`;

test("the stories that ship hold", async () => {
  const { code, out, err } = await tested(shipped("scenarios.yml"));
  expect([code, err]).toEqual([0, ""]);
  expect(out).toMatch(/^ {2}✓ a silence holds .* \(5 notifications in 4h6m\)$/m);
  expect(out).toMatch(/^6 passed\n$/m);
});

test("a story that does not hold says what was told instead, and why not", async () => {
  written("am.yml", config);
  const { code, out } = await tested(written("s.yml", failing));
  expect(code).toBe(1);
  expect(out).toBe(`DIR/s.yml on DIR/am.yml
  ✓ holds (1 notification in 0s)
  ✗ does not hold (1 notification in 2m)
      DIR/s.yml:12:9: at 1m (Mon 2026-03-02T09:01:00Z): 2 expected and not told, ${""
      }1 told and not expected
        - expected  team, new alerts in group, 2 firing
        + told      at 0s, team (webhook) of {alertname="A"}, firing, first notification: ${""
        }{alertname="A", instance="1"}
          reason: expected new alerts in group, told first notification
          firing: expected 2, told 1
        - expected  team, of {alertname="B"}
        + told      at 0s, team (webhook) of {alertname="A"}, firing, first notification: ${""
        }{alertname="A", instance="1"}
          group: expected {alertname="B"}, told {alertname="A"}
          quiet     {alertname="B"}: silenced by quiet
          waits     team of {alertname="A"} is looked at next at 5m
          waits     team of {alertname="B"} is looked at next at 5m
      DIR/s.yml:16:9: at 2m (Mon 2026-03-02T09:02:00Z): no alert fires with exactly the labels ${""
      }{alertname="A"}: there fires {alertname="A", instance="1"}, {alertname="B"}
1 passed, 1 failed
`);
});

test("as JSON, with only some, and with another configuration", async () => {
  written("am.yml", config);
  const file = written("s.yml", failing);
  const { code, out } = await tested(file, "--json", "--config", join(dir, "am.yml"));
  expect(code).toBe(1);
  expect(JSON.parse(out)).toMatchObject({
    ...{ passed: 1, failed: 1 },
    files: [
      {
        ...{ file: "DIR/s.yml", config: "DIR/am.yml" },
        scenarios: [
          { name: "holds", line: 4, passed: true, failures: [] },
          {
            ...{ name: "does not hold", passed: false, simulatedMs: 120_000, notifications: 1 },
            failures: [{ afterMs: 60_000, unexpected: [{ receiver: "team" }] }, {}],
          },
        ],
      },
    ],
  });
  const only = await tested(file, "--only", "holds");
  expect([only.code, only.out.endsWith("1 passed\n")]).toEqual([0, true]);
});

test("wrong usage and files that are not valid", async () => {
  expect(await tested()).toMatchObject({
    code: 2,
    err: expect.stringContaining("expected the FILE of scenarios"),
  });
  const file = written("bad.yml", "scenarios: [{ name: a, steps: [{ fier: { a: b } }] }]");
  const bad = await tested(file, "--config", shipped("example.yml"));
  expect([bad.code, bad.out]).toEqual([1, ""]);
  expect(bad.err).toMatch(/not valid:\n {2}DIR\/bad\.yml:1:34: .*; did you mean fire\?\n$/);
  const text = "scenarios: [{ name: a, steps: [{ fire: { a: b } }] }]";
  const none = await tested(written("none.yml", text));
  expect(none.err).toMatch(/tocsin\.yaml has no routes, expected an alertmanager\.yml, here or by/);
  const absent = await tested(join(dir, "absent.yml"));
  expect(absent.err).toContain("DIR/absent.yml:1:1: cannot read the configuration: ENOENT");
  const typo = await tested(shipped("scenarios.yml"), "--only", "zebra");
  expect([typo.code, typo.err]).toEqual([2, expect.stringContaining('no scenario has "zebra"')]);
});
