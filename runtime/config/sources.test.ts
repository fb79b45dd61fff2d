/** The section `sources`: what a rule may be, and what is said of one that is wrong. */
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { loadConfig } from "./load.ts";
import { ConfigError } from "./problems.ts";

function problems(text: string): string {
  try {
    loadConfig("t.yaml", text);
    return "";
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
}
const source = (...lines: string[]): string =>
  ["sources:", "  - name: s", ...lines.map((line) => `    ${line}`)].join("\n");

test("the example is read as it is meant", () => {
  const file = fileURLToPath(new URL("../../config/sources.yaml", import.meta.url));
  const [zabbix, batch] = loadConfig(file).sources;
  expect(zabbix).toMatchObject({ name: "zabbix", items: null, firesForMs: 30 * 86_400_000 });
  expect(Object.fromEntries(zabbix?.labels ?? [])).toMatchObject({
    alertname: { from: "item", paths: [{ steps: ["event", "name"] }], constant: null },
    service: {
      paths: [{ steps: ["event", "tags", "service"] }, { steps: ["event", "tags", "app"] }],
      fallback: "unknown",
    },
    environment: { constant: "production", paths: [] },
    severity: { map: { 5: "critical", 0: "info" }, fallback: "medium" },
  });
  expect(zabbix?.status).toMatchObject({ firing: ["1"], resolved: ["0"] });
  expect(batch).toMatchObject({
    ...{ name: "batch-job-monitor", items: { steps: ["alarms"] }, status: null },
    ...{ firesForMs: 900_000, dedupKey: null },
  });
  expect(loadConfig(null).sources).toEqual([]);
});

test("pointers: ~1 is a slash, ~0 a tilde, and an empty step an empty name", () => {
  const text = source("labels: { a: /x~1y/~0/, b: . }");
  const labels = Object.fromEntries(loadConfig("t.yaml", text).sources[0]?.labels ?? []);
  expect(labels["a"]?.paths[0]?.steps).toEqual(["x/y", "~", ""]);
  expect(labels["b"]?.paths[0]?.steps).toEqual([]);
});

test.each([
  ["sources: [{ name: grafana }]", "sources[0].name: grafana is a door of its own"],
  ["sources: [{ name: a }, { name: a }]", "sources[1].name: the name a is taken already"],
  ["sources: [{ name: a/b }]", "expected a name of letters"],
  [source("label: {}"), "sources[0].label: unknown setting"],
  [source("labels: { a: b..c }"), 'sources[0].labels.a: got "b..c", expected a path such as'],
  [source("labels: { a: /x~2 }"), "expected a path such as"],
  [source("labels: { a: {} }"), "sources[0].labels.a: expected either path or value"],
  [source("labels: { a: { path: x, value: y } }"), "expected either path or value"],
  [source("labels: { a: { path: x, from: head } }"), "expected one of item, body"],
  [source("labels: { a: { path: x, firing: [] } }"), "labels.a.firing: unknown setting"],
  [source("status: { path: x, resolved: ok }"), "sources[0].status.resolved: got"],
  [source("fires_for: 1s"), "expected a duration from 1m to"],
])("problems name the setting, case %#", (text, message) => {
  expect(problems(text)).toContain(message);
});
