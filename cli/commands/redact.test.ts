/** `tocsin redact test` as a user calls it. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { capturedIo } from "../../testing/captured-io.ts";
import { command } from "./redact.ts";

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "tocsin-redact-test-"));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function file(name: string, text: string): string {
  const path = join(dir, name);
  writeFileSync(path, text);
  return path;
}

async function run(args: string[], input = ""): Promise<[code: number, out: string, err: string]> {
  const io = capturedIo({}, false, input);
  const code = await command.run(args, io);
  return [code, io.stdout(), io.stderr()];
}

test("a text, with what the shipped configuration names", async () => {
  const [code, out, err] = await run(["test", "of jane@example.com from 10.0.0.1"]);
  expect([code, out]).toEqual([0, "of [mail] from 10.0.0.1\n"]);
  expect(err).toBe("replaced: 1 mail; redaction.enabled is false there\n");
});

test("all kinds", async () => {
  const text = "of jane@example.com from 10.0.0.1";
  expect((await run(["test", "--all", text]))[1]).toBe("of [mail] from [ipv4]\n");
});

test("a file, with a configuration of its own, as JSON", async () => {
  const config = file(
    "tocsin.yaml",
    "redaction: { enabled: true, kinds: [], patterns: [{ name: c, match: 'C-\\d+' }] }",
  );
  const text = file("text", "C-17\njane@example.com\n");
  const [code, out] = await run(["test", "--config", config, "--json", text]);
  expect(code).toBe(0);
  expect(JSON.parse(out)).toEqual({
    ...{ text: "[c]\njane@example.com\n", redactions: { c: 1 }, enabled: true },
  });
});

test("standard input, and nothing that moves a cursor", async () => {
  const [code, out, err] = await run(["test", "-"], "a\u001b[2Jb\nc");
  expect([code, out]).toEqual([0, "a\\u{1b}[2Jb\nc\n"]);
  expect(err).toContain("nothing would be replaced");
});

test("what is wrong is told", async () => {
  expect(await run([])).toMatchObject([2, "", expect.stringContaining("say test")]);
  expect(await run(["test"])).toMatchObject([2, "", expect.stringContaining("expected a TEXT")]);
  const config = file("bad.yaml", "redaction: { kinds: [mails] }");
  const [code, , err] = await run(["test", "--config", config, "x"]);
  expect([code, err]).toMatchObject([1, expect.stringContaining("did you mean mail?")]);
});
