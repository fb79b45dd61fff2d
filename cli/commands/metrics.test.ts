/** `tocsin metrics` as a user runs it. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { capturedIo } from "../../testing/captured-io.ts";
import { command } from "./metrics.ts";

let dir: string;
beforeAll(() => void (dir = mkdtempSync(join(tmpdir(), "tocsin-metrics-"))));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

async function metrics(
  args: string[],
  input = "",
): Promise<{ code: number; out: string; err: string }> {
  const io = capturedIo({}, false, input);
  const code = await command.run(args, io);
  return { code, out: io.stdout().replaceAll(dir, "DIR"), err: io.stderr() };
}

function written(name: string, text: string): string {
  writeFileSync(join(dir, name), text);
  return join(dir, name);
}

const lines = (...samples: object[]): string =>
  samples.map((each) => JSON.stringify(each)).join("\n");

test("the templates in force, with their thresholds as people read them", async () => {
  const { code, out } = await metrics([]);
  expect(code).toBe(0);
  const row = out.split("\n").find((line) => line.startsWith("latency-p99"));
  expect(row?.split(/ {2,}/).slice(0, 4)).toEqual([
    ...["latency-p99", "above", "6 s for 1m", "10 s for 1m"],
  ]);
  const json = await metrics(["list", "--json"]);
  const listed = JSON.parse(json.out) as { name: string }[];
  expect(listed.map(({ name }) => name)).toContain("toxicity");
});

test("check: every problem with its place, and exit code 1", async () => {
  const valid = "templates: [{ name: a, metrics: [m], critical: { threshold: 1 } }]";
  const good = written("good.yaml", valid);
  const bad = written("bad.yaml", "templates:\n  - { name: a, metrics: [m], critical: {} }\n");
  expect(await metrics(["check", good])).toMatchObject({
    ...{ code: 0, out: "DIR/good.yaml: valid: templates: 1\n" },
  });
  const both = await metrics(["check", good, bad]);
  expect(both.code).toBe(1);
  expect(both.out).toContain("DIR/bad.yaml:2:40: templates[0].critical.threshold: got nothing");
  expect(both.out).toContain("DIR/bad.yaml: NOT VALID: problems: 1");
  const json = JSON.parse((await metrics(["check", bad, "--json"])).out) as object[];
  expect(json).toMatchObject([{ valid: false, problems: [{ line: 2, column: 40 }] }]);
  expect((await metrics(["check"])).code).toBe(2);
});

test("test: when it fires, changes and ends, and why; silence ends it, too", async () => {
  const labels = { model_id: "m-1", pod: "x" };
  const input = lines(
    { at: "0s", value: 3_500, labels },
    { at: "2m", value: 3.5, unit: "s", labels },
    { at: "3m", value: 9_000, labels, metric: "model.latency.p99" },
  );
  const { code, out } = await metrics(
    ["test", "--template", "latency-p95", "--samples", "-"],
    input,
  );
  expect(code).toBe(0);
  const rows = out.split("\n").map((line) => line.split(/ {2,}/));
  expect(rows.slice(1, 5)).toEqual([
    [
      ...["2000-01-01T00:00:00Z", "pending", "model_id=m-1"],
      "3.5 s, at or above 3 s (warning) for 0 s of 2 min",
    ],
    [
      ...["2000-01-01T00:02:00Z", "fired", "model_id=m-1"],
      "3.5 s, at or above the warning threshold of 3 s for at least 2 min",
    ],
    [
      ...["2000-01-01T00:03:00Z", "unwatched", "model_id=m-1"],
      "the template's metrics and matchers leave it out",
    ],
    ["2000-01-01T00:07:00Z", "resolved", "model_id=m-1", "no sample for 5 min"],
  ]);
  expect(out).toContain("LLMLatencyP95High: alerts: 1");
  expect(out).toContain("summary: m-1: model.latency.p95 is 3.5 s, warning from 3 s");
});

test("test: a file of templates and an array of samples, as JSON", async () => {
  const templates = written(
    "t.yaml",
    "templates: [{ name: a, metrics: [m], direction: below, series: [], " +
      "critical: { threshold: 1, clear: 2 } }]",
  );
  const samples = written(
    "s.json",
    JSON.stringify([
      { at: "2026-05-01T10:00:03Z", value: 2.1 },
      { at: "2026-05-01T10:00:01Z", value: 1 },
      { at: "2026-05-01T10:00:02Z", value: 2 },
    ]),
  );
  const args = ["--templates", templates, "--template", "a", "--samples", samples, "--json"];
  const { out } = await metrics(["test", ...args]);
  const { played } = JSON.parse(out) as { played: { at: string; outcome: string; why: string }[] };
  expect(played.map(({ at, outcome }) => [at.slice(17), outcome])).toEqual([
    ...[["01Z", "fired"], ["02Z", "firing"], ["03Z", "resolved"]],
  ]);
  expect(played[1]?.why).toBe("2, still critical: it ends above 2");
});

test.each([
  [["test"], "say which template with --template", 2],
  [["test", "--template", "accuracy"], "say which samples with --samples", 2],
  [["tset"], 'got "tset", expected list, check or test', 2],
  [["test", "--template", "acuracy", "--samples", "-"], "did you mean accuracy?", 1],
  [["test", "--template", "accuracy", "--samples", "absent.json"], "ENOENT", 1],
])("%j says what is wrong", async (args, message, exitCode) => {
  const { code, err } = await metrics(args);
  expect([code, err]).toEqual([exitCode, expect.stringContaining(message)]);
});

test.each([
  ["", "there are no samples"],
  ["[1, 2", "not JSON"],
  ['{"at":"0s","value":1}\n{', "line 2: not JSON"],
  ['{"at":"0s","value":"1"}', "sample 0: value: expected a finite number"],
  ['{"value":1}', "sample 0: at: expected a time, or a duration such as 90s"],
  ['{"at":"soon","value":1}', "sample 0: at: expected a time"],
  ['{"at":"0s","value":1,"unit":"ms"}', "sample 0: unit: got ms, expected one that becomes ratio"],
  ["7", "sample 0: a sample must be a JSON object"],
])("samples that are none, case %#", async (input, message) => {
  const args = ["test", "--template", "accuracy", "--samples", "-"];
  const { code, err } = await metrics(args, input);
  expect([code, err]).toEqual([1, expect.stringContaining(message)]);
});
