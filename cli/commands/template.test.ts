/** `tocsin template render` as a user calls it. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { capturedIo } from "../../testing/captured-io.ts";
import { command } from "./template.ts";

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "tocsin-template-test-"));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function file(name: string, text: string): string {
  const path = join(dir, name);
  writeFileSync(path, text);
  return path;
}

async function run(...args: string[]): Promise<[code: number, out: string, err: string]> {
  const io = capturedIo();
  const code = await command.run(args, io);
  return [code, io.stdout(), io.stderr()];
}

test("a text on the sample group, with the default templates", async () => {
  const text = `{{ template "slack.default.title" . }}`;
  const rendered = "[FIRING:2] HighLatency chat-api (critical)";
  expect(await run("render", "--text", text)).toEqual([0, rendered, ""]);
});

test("files, one after --template and more behind it, and data of one's own", async () => {
  const a = file("a.tmpl", `{{ define "a" }}{{ .Receiver }} & {{ template "b" . }}{{ end }}`);
  const b = file("b.tmpl", `{{ define "b" }}{{ len .Alerts.Firing }} fire{{ end }}`);
  const group = { receiver: "<me>", alerts: [{ status: "firing" }, { status: "resolved" }] };
  const data = file("group.json", JSON.stringify(group));
  const args = ["render", "--template", a, b, "--text", `{{ template "a" . }}`, "--data", data];
  expect(await run(...args)).toEqual([0, "<me> & 1 fire", ""]);
  expect(await run(...args, "--html")).toEqual([0, "&lt;me&gt; & 1 fire", ""]);
  const [code, json] = await run(...args, "--json");
  expect([code, JSON.parse(json)]).toEqual([0, { output: "<me> & 1 fire" }]);
});

test("a file that does not load is told with its line, as text and as JSON", async () => {
  const bad = file("bad.tmpl", "one\n{{ .Status | shout }}");
  const message = `${bad}:2: function "shout" not defined`;
  const args = ["render", "--template", bad, "--text", "x"];
  expect(await run(...args)).toEqual([1, "", `tocsin template: ${message}\n`]);
  const [code, json] = await run(...args, "--json");
  const error = { kind: "parse", name: bad, line: 2, message };
  expect([code, JSON.parse(json)]).toEqual([1, { error }]);
});

test("data that are not as documented name the field", async () => {
  const text = "{{ .Status }}";
  const wrong = file("wrong.json", `{"alerts": [{"labels": ["a"]}]}`);
  const [code, , err] = await run("render", "--text", text, "--data", wrong);
  expect([code, err]).toEqual([
    1,
    "tocsin template: --text: data: alerts.labels: got array, expected an object of strings\n",
  ]);
  const broken = file("broken.json", "{");
  expect((await run("render", "--text", text, "--data", broken))[2]).toContain("not JSON");
  const missing = join(dir, "none.json");
  expect((await run("render", "--text", text, "--data", missing))[2]).toContain("no such file");
});

test("wrong usage", async () => {
  expect((await run("--text", "x"))[0]).toBe(2);
  expect((await run("show", "--text", "x"))[2]).toContain(`got "show", expected render`);
  expect((await run("render"))[2]).toContain("--text");
  expect((await run("render", "a.tmpl", "--text", "x"))[2]).toContain("follow --template");
});
