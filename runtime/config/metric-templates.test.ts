/** Templates of metrics in YAML: what may be said, what is said of mistakes, and overrides. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { MetricTemplate } from "../../actors/metric/template.ts";
import { loadConfig } from "./load.ts";
import { loadMetricTemplates } from "./metric-templates.ts";
import { builtinTemplatesFile } from "./metrics-section.ts";
import { ConfigError } from "./problems.ts";

let dir: string;
beforeAll(() => void (dir = mkdtempSync(join(tmpdir(), "tocsin-templates-"))));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function problemsOf(read: () => unknown): string {
  try {
    read();
    return "";
  } catch (error) {
    if (error instanceof ConfigError) return error.message.replaceAll(`${dir}/`, "");
    throw error;
  }
}

function written(text: string, name = "t.yaml"): string {
  const file = join(dir, name);
  writeFileSync(file, text);
  return file;
}

const one = (settings: string): string => `templates:\n  - name: a\n    metrics: [m]\n${settings}`;
const read = (text: string): MetricTemplate[] => loadMetricTemplates(written(text), 300_000);
const named = (config: string, name: string): MetricTemplate | undefined =>
  loadConfig(join(dir, "tocsin.yaml"), config).metrics.templates.find(
    (template) => template.name === name,
  );

test("the templates that are built in are about what LLM services are watched for", () => {
  const templates = loadMetricTemplates(builtinTemplatesFile, 300_000);
  expect(loadConfig(null).metrics.templates).toEqual(templates);
  const types = templates.map(({ labels }) => labels.find(([name]) => name === "metric_type")?.[1]);
  const kinds = new Set(types.map((pieces) => JSON.stringify(pieces)));
  for (const kind of [
    ...["latency", "accuracy", "hallucination", "toxicity", "cost", "rate_limit", "quota"],
    ...["gpu_memory", "gpu_temperature", "oom", "error_rate"],
  ]) {
    expect(kinds).toContain(JSON.stringify([{ kind: "text", text: kind }]));
  }
  const metrics = templates.flatMap((template) => template.metrics);
  expect(new Set(metrics).size).toBe(metrics.length);
  // The thresholds that the field agrees on.
  const worst = Object.fromEntries(templates.map(({ name, levels }) => [name, levels.at(-1)]));
  expect(worst["latency-p95"]).toMatchObject({ threshold: 5_000, severity: "high" });
  expect(worst["accuracy"]).toMatchObject({ threshold: 0.85, severity: "high" });
  expect(worst["quota-exhaustion"]).toMatchObject({ threshold: 14_400, clear: 18_000 });
  expect(worst["oom-errors"]).toMatchObject({ threshold: 1, forMs: 0, severity: "critical" });
});

test("a template says little, the rest has defaults; a level's word goes before its own", () => {
  const [template] = read(
    one("    unit: s\n    for: 1m\n    warning: { threshold: 90s }\n" +
      "    critical: { threshold: 200, for: 0s, clear: 2m, severity: high }\n"),
  );
  expect(template).toMatchObject({
    ...{ name: "a", alertname: "a", direction: "above", staleMs: 300_000, matchers: [] },
    series: ["environment", "region", "service", "component", "model_id"],
    levels: [
      { name: "warning", threshold: 90, clear: 90, forMs: 60_000, severity: "medium" },
      { name: "critical", threshold: 200, clear: 120, forMs: 0, clearForMs: 0, severity: "high" },
    ],
  });
});

test.each([
  ["    warning: { threshold: no }\n", 't.yaml:4:27: templates[0].warning.threshold: got "no"'],
  ["    warning: {}\n", "templates[0].warning.threshold: got nothing, expected a number"],
  ["    unit: ms\n", "t.yaml:2:5: templates[0]: got a map, expected a level: warning or critical"],
  ["    warning: { threshold: 5, clear: 6 }\n", "clear: got 6, expected at most the threshold (5)"],
  [
    "    direction: below\n    warning: { threshold: 5, clear: 4 }\n",
    "clear: got 4, expected at least the threshold (5)",
  ],
  [
    "    warning: { threshold: 5 }\n    critical: { threshold: 4 }\n",
    "t.yaml:5:15: templates[0].critical: its threshold is 4, expected at least the warning's (5)",
  ],
  [
    "    direction: below\n    warning: { threshold: 4 }\n    critical: { threshold: 5 }\n",
    "its threshold is 5, expected at most the warning's (4)",
  ],
  ["    critical: { threshold: 1, severity: bad }\n", "expected one of critical, high, medium"],
  ["    critical: { threshold: 1, treshold: 2 }\n", "unknown setting, expected one of threshold"],
  [
    '    critical: { threshold: 1 }\n    annotations: { summary: "{{valeu}}" }\n',
    "t.yaml:5:29: templates[0].annotations.summary: there is no placeholder {{valeu}}",
  ],
  ["    critical: { threshold: 1 }\n    match: [x]\n", "templates[0].match[0]"],
  ["    critical: { threshold: 1 }\n    for: soon\n", "expected a duration from 0s to 1d"],
  [
    "    critical: { threshold: 1 }\n  - { name: a, metrics: [n], critical: { threshold: 1 } }\n",
    "t.yaml:5:13: templates[1].name: the name a is taken already",
  ],
])("mistakes are told with their place, case %#", (settings, problem) => {
  expect(problemsOf(() => read(one(settings)))).toContain(problem);
});

test("a file without templates, or one that names no metric, is a mistake", () => {
  expect(problemsOf(() => read("template: []"))).toContain("t.yaml:1:1: template: unknown setting");
  expect(problemsOf(() => read("templates: [{ name: b, critical: { threshold: 1 } }]"))).toContain(
    "templates[0].metrics: got nothing, expected at least one name of a metric",
  );
});

test("overrides change what they name, and switch off; thresholds keep their unit", () => {
  const changed = named(
    `metrics:
  stale_after: 2m
  overrides:
    latency-p95:
      match: ['model_id!="slow"']
      critical: { threshold: 8s }
      annotations: { runbook_url: "https://wiki/{{template}}" }
`,
    "latency-p95",
  );
  expect(changed).toMatchObject({
    staleMs: 120_000,
    matchers: [{ label: "model_id", op: "!=", value: "slow" }],
    levels: [
      { name: "warning", threshold: 3_000, clear: 2_500, forMs: 120_000 },
      { name: "critical", threshold: 8_000, clear: 8_000, forMs: 120_000, severity: "high" },
    ],
  });
  expect(changed?.annotations.map(([name]) => name)).toEqual([
    ...["summary", "description", "runbook_url"],
  ]);
  const off = "metrics: { overrides: { accuracy: { enabled: false, warning: null } } }";
  expect(named(off, "accuracy")).toBe(undefined);
});

test("files are looked for beside the configuration; the later of two templates counts", () => {
  written(
    "templates:\n  - { name: accuracy, metrics: [acc], critical: { threshold: 2 } }\n" +
      "  - { name: mine, metrics: [m], critical: { threshold: 1 } }\n",
    "mine.yaml",
  );
  const config = "metrics: { templates: [builtin, mine.yaml] }";
  expect(named(config, "accuracy")?.metrics).toEqual(["acc"]);
  expect([named(config, "mine")?.name, named(config, "toxicity")?.name]).toEqual([
    ...["mine", "toxicity"],
  ]);
  const only = loadConfig(join(dir, "tocsin.yaml"), "metrics: { templates: [mine.yaml] }");
  expect(only.metrics.templates.map(({ name }) => name)).toEqual(["accuracy", "mine"]);
});

test.each([
  ["overrides: { latency-p59: {} }", "there is no template latency-p59; did you mean latency-p50?"],
  ["overrides: { accuracy: { unit: '%' } }", "overrides.accuracy.unit: unknown setting"],
  ["overrides: { accuracy: { critical: { threshold: 0.95 } } }", "expected at most the warning's"],
  ["overrides: { accuracy: { warning: null, critical: null } }", "expected a level: warning or"],
  ["templates: [absent.yaml]", "metrics.templates[0]: the file is not valid:\n"],
  ["series_max: 0", "metrics.series_max: got 0, expected a whole number from 1 to"],
])("mistakes of the section, case %#", (settings, problem) => {
  const file = join(dir, "tocsin.yaml");
  expect(problemsOf(() => loadConfig(file, `metrics: { ${settings} }`))).toContain(problem);
});
