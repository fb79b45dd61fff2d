/** The section `severity`, and files of factors: what they mean, and what is refused where. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { SeverityScorer } from "../../actors/severity/score.ts";
import { incidentConfig } from "./actor-configs.ts";
import { loadConfig } from "./load.ts";
import { ConfigError } from "./problems.ts";
import { loadSeverityFile } from "./severity-file.ts";
import { builtinSeverityFile } from "./severity-section.ts";

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "tocsin-severity-"));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function file(text: string): string {
  const path = join(dir, "severity.yaml");
  writeFileSync(path, text);
  return path;
}

function problemsOf(read: () => unknown): string[] {
  try {
    read();
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message.split("\n").map((line) => line.replace(`${dir}/`, ""));
  }
}

const frame = `
bands: { impact: { little: 0, much: 0.5 }, urgency: { any: 0 } }
matrix: { little: { any: SEV4 }, much: { any: critical } }
factors:
`;

test("what ships is valid, off, and every one of its factors can be scored", () => {
  const { severity } = loadConfig(null);
  expect(severity).toMatchObject({ mode: "off", scale: "sev1-5", missing: "renormalise" });
  expect(incidentConfig(loadConfig(null)).severity).toEqual(severity);
  const axes = severity.factors.map(({ axis }) => axis);
  expect(new Set(axes)).toEqual(new Set(["impact", "urgency"]));
  const scorer = new SeverityScorer(severity);
  const llm = ["toxicity", "hallucination", "accuracy", "cost", "latency", "gpu_memory", "oom"];
  const factors = llm.map((metric_type) => {
    const labels = { alertname: "A", metric_type };
    const annotations = { value: "9", threshold: "3" };
    return [...scorer.heard(new Map(), { labels, annotations }).keys()];
  });
  expect(factors).toEqual([
    ...[["toxicity"], ["hallucination"], ["accuracy"], ["spend"], ["latency"], ["gpu"]],
    ["out-of-memory"],
  ]);
});

test("the matrix of what ships never asks for less where there is more", () => {
  const { matrix } = loadSeverityFile(builtinSeverityFile, "sev1-5");
  const order = ["critical", "high", "medium", "low", "info"];
  const rank = matrix.map((row) => row.map((severity) => order.indexOf(severity)));
  rank.forEach((row, at) =>
    row.forEach((value, column) => {
      expect(value).toBeLessThanOrEqual(row[column - 1] ?? 9);
      expect(value).toBeLessThanOrEqual(rank[at - 1]?.[column] ?? 9);
    }),
  );
});

test("a file of one's own, with the levels of one's own scale", () => {
  const factor = "{ name: users, axis: impact, weight: 2, read: [users], points: [[0, 0], [9, 1]]";
  const path = file(`${frame}  - ${factor}, at_least: { SEV2: 0.5, SEV1: 0.9 } }\n`);
  const config = loadConfig(
    join(dir, "tocsin.yaml"),
    `severity: { mode: raise, levels: sev0-4, file: severity.yaml, weights: { users: 7.5 } }`,
  );
  expect(config.severity).toMatchObject({
    ...{ mode: "raise", scale: "sev0-4", newEvidence: 0.25, matrix: [["info"], ["critical"]] },
    factors: [{
      ...{ name: "users", weight: 7.5 },
      atLeast: [{ severity: "high", from: 0.9 }, { severity: "medium", from: 0.5 }],
    }],
  });
  expect(loadSeverityFile(path, "sev1-5").matrix).toEqual([["low"], ["critical"]]);
});

test("every problem of a file at once, with its place", () => {
  const path = file(`mising: zero
bands: { impact: { little: 0.1, much: 0.05 }, urgency: { any: 0 } }
matrix: { little: { any: SEV9 } }
factors:
  - { name: a, axis: impct, weight: -1, of: user, points: [[0, 0], [0, 2]] }
  - { name: a, axis: urgency, read: [x], of: alerts }
  - { name: c, axis: urgency, of: severity, points: [[0, 1]], per: [y], wieght: 1 }
  - { name: d, axis: urgency, read: [x], words: { a: 1 }, at_least: { SEVERE: 1 } }
`);
  expect(problemsOf(() => loadSeverityFile(path, "sev1-5"))).toEqual([
    expect.stringMatching(/^severity.yaml:1:1: mising: unknown setting.*did you mean missing\?$/),
    expect.stringMatching(/^severity.yaml:2:28: bands.impact.little: got 0.1, expected 0/),
    expect.stringMatching(/^severity.yaml:2:39: bands.impact.much: got 0.05, expected more than 0/),
    expect.stringMatching(/^severity.yaml:3:9: matrix.much.any: got nothing, expected a level/),
    expect.stringMatching(/^severity.yaml:3:26: matrix.little.any: got "SEV9", expected a level/),
    expect.stringMatching(/^severity.yaml:5:22: factors\[0\].axis: .*did you mean impact\?$/),
    expect.stringMatching(/^severity.yaml:5:37: factors\[0\].weight: got -1, expected a number/),
    expect.stringMatching(/^severity.yaml:5:45: factors\[0\].of: .*severity, alerts, services/),
    expect.stringMatching(/^severity.yaml:5:68: factors\[0\].points\[1\]: its value is 0, exp/),
    expect.stringMatching(/^severity.yaml:5:72: factors\[0\].points\[1\]\[1\]: got 2, expected/),
    expect.stringMatching(/^severity.yaml:6:5: factors\[1\]: expected either of .* or read/),
    expect.stringMatching(/^severity.yaml:6:5: factors\[1\]: expected either points .* or words/),
    expect.stringMatching(/^severity.yaml:6:13: factors\[1\].name: the name a is taken/),
    expect.stringMatching(/^severity.yaml:7:53: factors\[2\].points: the factor is a severity/),
    expect.stringMatching(/^severity.yaml:7:68: factors\[2\].per: it goes with read alone/),
    expect.stringMatching(/^severity.yaml:7:73: factors\[2\].wieght: unknown setting/),
    expect.stringMatching(/^severity.yaml:8:\d+: factors\[3\].at_least.SEVERE: SEVERE is no level/),
  ]);
});

test("the section refuses what is not its own, and names a file's problems as the file's", () => {
  file(`${frame}  - { name: a, axis: impact, of: alerts }\n`);
  const text =
    "severity: { mode: raze, levels: sev1, file: severity.yaml, weights: { users-afected: 1 } }";
  const lines = problemsOf(() => loadConfig(join(dir, "tocsin.yaml"), text));
  const problems = lines.join("\n");
  expect(problems).toMatch(/tocsin.yaml:1:19: severity.mode: got "raze", expected one of off/);
  expect(problems).toMatch(/severity.levels: got "sev1", expected one of sev1-5, sev0-4, sev1-4/);
  expect(problems).toMatch(/severity.file: the file is not valid:\nseverity.yaml:5:5: factors/);
  expect(problems).toMatch(/weights.users-afected: there is no factor .*mean users-affected\?/);
});

test("the example file and the shown defaults agree", () => {
  const text = readFileSync(builtinSeverityFile, "utf8");
  expect(text).toContain("\nmissing: renormalise\n");
  expect(text).toContain("\nnew_evidence: 0.25\n");
});
