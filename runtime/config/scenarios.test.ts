/** Files of scenarios: what is read, and what is said of what is wrong, with its place. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ConfigError } from "./problems.ts";
import { loadScenarios, type ScenarioFile } from "./scenarios.ts";

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "tocsin-scenarios-"));
  write("am.yml", "route: { receiver: team }\nreceivers: [{ name: team }, { name: other }]");
  write("next.yml", "route: { receiver: newer }\nreceivers: [{ name: newer }]");
  write("bad.yml", "route: { receiver: nobody }\nreceivers: [{ name: team }]");
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function write(name: string, text: string): string {
  writeFileSync(join(dir, name), text);
  return join(dir, name);
}

function load(text: string, given: string | null = null): ScenarioFile {
  return loadScenarios(write("s.yml", text), given, join(dir, "absent.yml"));
}

/** One line each, without the directory. */
function problems(text: string): string[] {
  try {
    load(text);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message.replaceAll(`${dir}/`, "").replaceAll("s.yml:", "").split("\n");
  }
}

const head = ["config: am.yml", "scenarios:", "- name: a", "  steps:"];
const steps = (...lines: string[]): string =>
  [...head, ...lines.map((line) => `  ${line}`)].join("\n");

test("a scenario is read as it is meant, values as they are written", () => {
  const { scenarios, configFile } = load(`config: am.yml
scenarios:
  - name: a
    start: 2026-03-29T02:30:00+01:00
    steps:
      - fire: [{ port: 9090, up: true, version: 1.10 }]
      - at: 1m
        expect: { receiver: team, at: 30s, group: {}, alerts: { port: 9090 }, firing: 1 }
        silence: { matchers: [a=b, 'c=~"d|e"'], for: 2h, recur: mon 22:00-06:00 }
        expire: silence-1
      - reload: next.yml
        expect_none: newer
`);
  expect(configFile).toBe(join(dir, "am.yml"));
  const [scenario] = scenarios;
  expect(scenario).toMatchObject({ name: "a", startMs: Date.UTC(2026, 2, 29, 1, 30) });
  expect(scenario?.place).toMatchObject({ line: 3, column: 5 });
  const silence = {
    id: "silence-1",
    matchers: [{ label: "a" }, { label: "c", op: "=~", value: "d|e" }],
    forMs: 7_200_000,
    recurrence: { weekdays: [1], fromMinute: 1_320, toMinute: 360, location: "UTC" },
  };
  expect(scenario?.steps).toMatchObject([
    {
      afterMs: 0,
      actions: [{ kind: "fire", alerts: [{ port: "9090", up: "true", version: "1.10" }] }],
    },
    {
      afterMs: 60_000,
      actions: [
        { kind: "silence", silence },
        { kind: "expire", id: "silence-1" },
        {
          kind: "expect",
          expected: [
            {
              ...{ receiver: "team", afterMs: 30_000, groupLabels: {}, status: null, firing: 1 },
              ...{ alerts: [{ port: "9090" }], integrations: null, groupKey: null },
              place: { line: 8, column: 17 },
            },
          ],
        },
      ],
    },
    {
      afterMs: 60_000,
      actions: [{ kind: "reload" }, { kind: "expectNone", receivers: ["newer"] }],
    },
  ]);
});

test("the given configuration goes before the file's own, and the default comes last", () => {
  const text = "config: bad.yml\nscenarios: [{ name: a, steps: [{ fire: { a: b } }] }]";
  expect(load(text, join(dir, "am.yml")).scenarios[0]?.config.route.receiver).toBe("team");
  expect(problems(text)).toEqual([
    "1:9: config: the configuration is not valid:",
    'bad.yml:1:20: route.receiver: got "nobody", expected the name of a receiver: one of team',
  ]);
  expect(problems("scenarios: [{ name: a, steps: [{ fire: { a: b } }] }]")[1]).toBe(
    "absent.yml:1:1: cannot read the configuration: ENOENT",
  );
});

test.each([
  [["- at: 1m", "  fier: { a: b }"], /^6:5: .*steps\[0\]\.fier: unknown setting, .*mean fire\?$/],
  [["- at: 1m"], /^5:5: .*: nothing happens, expected one of reload, silence, expire, fire/],
  [["- { at: 2m, fire: { a: b } }", "- { at: 1m, fire: { a: b } }"], /^6:11: .*before the step/],
  [["- { at: soon, fire: { a: b } }"], /^5:11: .*at: got "soon", expected a duration from 0s to/],
  [["- fire: {}"], /^5:11: .*fire: got a map, expected at least one label$/],
  [["- fire: { a: '' }"], /^5:16: .*fire\.a: got "", expected a value of the label a/],
  [["- fire: x"], /^5:11: .*fire: got "x", expected a map/],
  [["- expire: x"], /^5:13: .*got "x", expected the id of a silence made before: there is none$/],
  [["- silence: { matchers: a=b }"], /^5:14: .*for: got nothing, expected how long it holds/],
  [["- silence: { matchers: 'a=~(', for: 1h }"], /^5:26: .*not a valid regular expression/],
  [["- silence: { matchers: 'a=~\\p{Greek}x', for: 1h }"], /^5:26: .*: not taken in silences: cl/],
  [["- silence: { matchers: 'a=~.*', for: 1h }"], /^5:26: .*must not match the empty string$/],
  [["- silence: { matchers: a=b, for: 1h, recur: 9-5 }"], /^5:47: .*recur: hours: got "9-5"/],
  [["- expect: [{ receiver: taem }]"], /^5:26: .*got "taem", .* other; did you mean team\?$/],
  [["- expect: [{ receiver: team, reason: new }]"], /^5:40: .*got "new", expected one of first no/],
  [["- expect: [{ receiver: team, at: 5m }]"], /^5:36: .*at: after this step; nothing was told/],
  [["- expect_none: false"], /^5:18: .*expect_none: got false, expected a text$/],
  [["- expect: [{ receiver: team, status: on }]"], /^5:40: .*expected one of firing, resolved/],
  [["- reload: bad.yml"], /^5:13: .*reload: the configuration is not valid:$/],
  [["- reload: next.yml", "- expect: { receiver: team }"], /^6:25: .*a receiver of the config/],
])("%j: the first problem has its place and says what was expected", (lines, said) => {
  expect(problems(steps(...lines))[0]).toMatch(said);
});

test("names are there once, and every problem of the file is told", () => {
  const found = problems(`config: am.yml
scenarios:
  - { name: a, start: yesterday, steps: [] }
  - { name: a, steps: [{ fire: { a: b } }], more: 1 }
`);
  expect(found.map((line) => line.replace(/, expected.*/, ""))).toEqual([
    '3:23: scenarios[0].start: got "yesterday"',
    "3:41: scenarios[0].steps: got a list",
    "4:13: scenarios[1].name: the name a is taken already",
    "4:45: scenarios[1].more: unknown setting",
  ]);
  expect(problems("config: am.yml")[0]).toMatch(/scenarios: got nothing, expected a list of scen/);
});
