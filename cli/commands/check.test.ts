/** `tocsin check` as a user runs it: on files, of both kinds, good and bad. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { configKind } from "../../runtime/config/config-kind.ts";
import { capturedIo } from "../../testing/captured-io.ts";
import { smallest, withIntegration } from "../../testing/alertmanager-file.ts";
import { command } from "./check.ts";

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "tocsin-check-"));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function written(name: string, text: string): string {
  writeFileSync(join(dir, name), text);
  return join(dir, name);
}

async function check(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const io = capturedIo();
  const code = await command.run(args, io);
  return { code, out: io.stdout().replaceAll(dir, "DIR"), err: io.stderr() };
}

const shipped = (path: string): string =>
  fileURLToPath(new URL(`../../config/${path}`, import.meta.url));

test("the shipped files are valid, each of its kind", async () => {
  const files = ["tocsin.yaml", "escalation.example.yaml", "alertmanager/example.yml"].map(shipped);
  const { code, out } = await check("--json", ...files);
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject([
    { file: files[0], kind: "tocsin", valid: true, problems: [], warnings: [] },
    {
      kind: "tocsin",
      valid: true,
      counts: { receivers: 4, "escalation policies": 2, rules: 3 },
    },
    {
      kind: "alertmanager",
      valid: true,
      counts: { routes: 9, receivers: 6, "inhibit rules": 2, "time intervals": 3 },
      notDelivered: [],
    },
  ]);
});

test("models that read texts are counted, and their problems named", async () => {
  const model = "{ url: http://localhost:11434/v1, model: small";
  const good = written("good.yaml", `correlation:\n  classifier: ${model} }\n`);
  const bad = written("bad.yaml", `correlation:\n  text: ${model}, provider: onnx }\n`);
  const { code, out } = await check(good, bad);
  expect(code).toBe(1);
  expect(out).toContain("rules: 0, text models: 1\n");
  expect(out).toContain(
    "DIR/bad.yaml:2:16: correlation.text.url: belongs to provider: endpoint, not to onnx\n",
  );
});

test("problems have their place; one bad file of several fails all", async () => {
  const good = written("good.yml", smallest);
  const bad = written(
    "bad.yml",
    "route:\n  receiver: b\n  group_wiat: 1s\nreceivers: [{ name: a }]",
  );
  const { code, out } = await check(good, bad);
  expect(code).toBe(1);
  const lines = out.trimEnd().split("\n");
  expect(lines[0]).toBe(
    "DIR/good.yml: valid (Alertmanager's configuration): routes: 1, receivers: 1, "
      + "inhibit rules: 0, time intervals: 0, template files: 0",
  );
  expect(lines[1]).toBe(
    'DIR/bad.yml:2:13: route.receiver: got "b", expected the name of a receiver: one of a',
  );
  expect(lines[2]).toMatch(
    /^DIR\/bad\.yml:3:3: route\.group_wiat: unknown setting, .*; did you mean group_wait\?$/,
  );
  expect(lines[3]).toBe("DIR/bad.yml: NOT VALID (Alertmanager's configuration): problems: 2");
  expect(lines).toHaveLength(4);
});

test("warnings, and integrations that are not delivered, are told and do not fail", async () => {
  const routes = "route: { receiver: a, routes: [{ receiver: b, matchers: [x=y, x=z] }] }";
  const file = written("warned.yml", `${routes}
receivers: [{ name: a, discord_configs: [{ webhook_url: "https://x/S3CRET" }] }, { name: b }]`);
  const { code, out } = await check(file);
  expect(code).toBe(0);
  expect(out).toContain("DIR/warned.yml:1:32: route.routes[0]: warning: never matches: no alert");
  expect(out).toContain("DIR/warned.yml:2:42: warning: discord is not delivered yet (rec");
  expect(out).toContain(", warnings: 2\n");
  expect(out).not.toContain("S3CRET");
  const json = JSON.parse((await check("--json", file)).out) as unknown[];
  expect(json[0]).toMatchObject({
    valid: true,
    warnings: [{ line: 1, column: 32, path: "route.routes[0]" }],
    notDelivered: [{ receiver: "a", kind: "discord", line: 2, column: 42 }],
  });
});

test("what cannot be read, or is no YAML, is not valid and of no kind", async () => {
  const broken = written("broken.yml", "a: [");
  const { code, out } = await check(broken, join(dir, "absent.yml"), dir);
  expect(code).toBe(1);
  expect(out).toMatch(/^DIR\/broken\.yml:1:\d: not valid YAML: .*\nDIR\/broken\.yml: NOT VALID/);
  expect(out).toContain("DIR/absent.yml:1:1: cannot read the configuration: ENOENT\n");
  expect(out).toContain("DIR:1:1: cannot read the configuration: EISDIR\n");
});

test("a name with control characters does not reach the terminal as such", async () => {
  const { out } = await check(join(dir, "\u001b[31m.yml"));
  expect(out).not.toContain("\u001b");
});

test("without a file it is wrong usage", async () => {
  const { code, err } = await check();
  expect([code, err]).toEqual([
    2,
    "tocsin check: expected the FILE to check\nSee: tocsin check --help\n",
  ]);
});

test("the kind is told by the sections, whatever the file's name", () => {
  const kinds = [
    "",
    "listen: 127.0.0.1:1",
    "receivers: [{ name: a, webhook: { url: 'http://x' } }]",
    "receivers: [{ name: a, webhook_configs: [] }]",
    "global: {}",
    "route: [",
    withIntegration("webhook", "{}"),
  ].map((text) => {
    try {
      return configKind("x", text);
    } catch {
      return null;
    }
  });
  const theirs = "alertmanager";
  expect(kinds).toEqual(["tocsin", "tocsin", "tocsin", theirs, theirs, null, theirs]);
});
