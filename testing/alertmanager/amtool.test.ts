/**
 * amtool, Alertmanager's own command line, unchanged against the real program. With 0.25 and
 * newer; 0.25 itself cannot read a configuration in which the address of a webhook is masked
 * (`config routes`), so the one here has none but for newer ones.
 */
import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../contracts/eventually.ts";
import { Program } from "../crash/program.ts";
import { installed } from "./installed.ts";

const run = promisify(execFile);
const amtoolProgram = installed("amtool");

const configuration = `
global: { slack_api_url: "https://hooks.slack.test/T0/secret" }
route:
  receiver: team
  group_by: [alertname]
  group_wait: 1s
  routes:
    - { receiver: database, matchers: [service=~"db|cache"], continue: true }
    - { receiver: pager, matchers: [severity="critical"] }
receivers:
  - { name: team, slack_configs: [{ channel: "#team" }] }
  - { name: database, slack_configs: [{ channel: "#db" }] }
  - { name: pager, pagerduty_configs: [{ routing_key: r0uting }] }
`;

const webhook = `
route: { receiver: hook }
receivers: [{ name: hook, webhook_configs: [{ url: "http://127.0.0.1:9/s3cret" }] }]
`;

const readsMasked = amtoolProgram !== undefined && readsMaskedUrls(amtoolProgram);

function readsMaskedUrls(program: string): boolean {
  const dir = mkdtempSync(join(tmpdir(), "tocsin-amtool-"));
  const file = join(dir, "masked.yml");
  writeFileSync(file, webhook.replace(/"http.*"/, "<secret>"));
  const { status } = spawnSync(program, ["check-config", file]);
  rmSync(dir, { recursive: true });
  return status === 0;
}

type Json = Record<string, unknown>;

describe.skipIf(amtoolProgram === undefined)("amtool", () => {
  let dir = "";
  let configPath = "";
  let program: Program;

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), "tocsin-amtool-"));
    configPath = join(dir, "alertmanager.yml");
    writeFileSync(configPath, configuration);
    program = await Program.start({ dataDir: join(dir, "data"), configPath, chaos: false });
  });

  afterAll(() => {
    program?.kill9();
    rmSync(dir, { recursive: true, force: true });
  });

  /** @throws with what it printed unless it exits with 0. */
  async function amtool(...args: string[]): Promise<string> {
    const { stdout } = await run(amtoolProgram!, [...args, `--alertmanager.url=${program.url}`]);
    return stdout;
  }

  async function json(...args: string[]): Promise<Json[]> {
    return JSON.parse(await amtool(...args, "--output=json")) as Json[];
  }

  test("alert add, alert query by matchers and receiver", async () => {
    await amtool("alert", "add", "Down", "service=db", "instance=a", "--annotation=summary=gone");
    await amtool("alert", "add", "Slow", "service=web", "--generator-url=http://prometheus/g");
    await eventually(async () => expect(await json("alert", "query")).toHaveLength(2));
    const [found] = await json("alert", "query", "service=~d.*");
    expect(found).toMatchObject({
      labels: { alertname: "Down", service: "db", instance: "a" },
      annotations: { summary: "gone" },
      receivers: [{ name: "database" }],
      status: { state: "active" },
    });
    expect(await json("alert", "query", "--receiver=team")).toHaveLength(1);
    expect(await amtool("alert", "query", "Slow")).toMatch(/^Alertname .*\nSlow /);
    expect(await amtool("alert", "query", "--output=extended")).toContain("http://prometheus/g");
  });

  test("an alert with an end in the past is resolved", async () => {
    await amtool("alert", "add", "Short", "instance=x");
    await eventually(async () => expect(await json("alert", "query", "Short")).toHaveLength(1));
    await amtool("alert", "add", "Short", "instance=x", `--end=${new Date().toISOString()}`);
    await eventually(async () => expect(await json("alert", "query", "Short")).toEqual([]));
  });

  test("silence add, query, update, expire; a silenced alert is shown when asked for", async () => {
    const about = ["--author=ann", "--comment=work", "--duration=1h"];
    const id = (await amtool("silence", "add", "instance=a", ...about)).trim();
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    const [silence] = await json("silence", "query", "instance=a");
    expect(silence).toMatchObject({ id, createdBy: "ann", comment: "work" });
    await eventually(async () => {
      expect(await json("alert", "query", "instance=a")).toEqual([]);
      const [silenced] = await json("alert", "query", "instance=a", "--silenced");
      expect(silenced).toMatchObject({ status: { state: "suppressed", silencedBy: [id] } });
    });
    const updated = await amtool("silence", "update", id, "--duration=2h", "--comment=more work");
    expect(updated).toContain("more work");
    const [known] = await json("silence", "query", "instance=a");
    expect(known).toMatchObject({ id, comment: "more work" });
    expect(await amtool("silence", "query", "-q", "--within=3h")).toBe(`${id}\n`);
    await amtool("silence", "expire", id);
    expect(await json("silence", "query", "instance=a")).toEqual([]);
    const [expired] = await json("silence", "query", "--expired", "instance=a");
    expect(expired).toMatchObject({ id, status: { state: "expired" } });
    await eventually(async () => {
      expect(await json("alert", "query", "instance=a")).toHaveLength(1);
    });
  });

  test("silences can be taken along: query -o json is what import reads", async () => {
    for (const name of ["one", "two"]) {
      const about = ["--author=ann", `--comment=${name}`, "--duration=1h"];
      await amtool("silence", "add", `move=${name}`, ...about);
    }
    const file = join(dir, "silences.json");
    const silences = (await json("silence", "query")).filter(({ comment }) =>
      ["one", "two"].includes(String(comment)),
    );
    expect(silences).toHaveLength(2);
    writeFileSync(file, JSON.stringify(silences));
    for (const { id } of silences) await amtool("silence", "expire", String(id));
    await amtool("silence", "import", "--force", file);
    expect(await json("silence", "query", "move=one")).toHaveLength(1);
    expect(await json("silence", "query", "move=two")).toHaveLength(1);
  });

  test("what is refused is said, with exit code 1", async () => {
    const about = ["--author=ann", "--comment=x", "--duration=1h"];
    const everything = amtool("silence", "add", "a=~.*", ...about);
    await expect(everything).rejects.toThrow(/at least one matcher must not match the empty/);
    const unknown = "7d1c7b1c-5f0b-4f0e-9d3e-2f5c3f4b5a6d";
    await expect(amtool("silence", "expire", unknown)).rejects.toThrow(/404|not found/i);
  });

  test("config show, config routes, config routes test; no secret in any of them", async () => {
    const shown = await amtool("config", "show");
    expect(shown).toContain("channel: \"#db\"");
    expect(shown).toContain("<secret>");
    const tree = await amtool("config", "routes", "show");
    expect(tree).toMatch(/default-route {2}receiver: team/);
    expect(tree).toMatch(/\{service=~"(\^\(\?:)?db\|cache.*continue: true {2}receiver: database/);
    for (const [labels, receivers] of [
      [["service=db", "severity=critical"], "database,pager"],
      [["severity=critical"], "pager"],
      [["service=web"], "team"],
    ] as [string[], string][]) {
      expect((await amtool("config", "routes", "test", ...labels)).trim()).toBe(receivers);
    }
    expect(shown + tree).not.toMatch(/T0|r0uting/);
  });

  test.skipIf(!readsMasked)("config routes with the masked address of a webhook", async () => {
    writeFileSync(configPath, webhook);
    expect((await fetch(`${program.url}/-/reload`, { method: "POST" })).status).toBe(200);
    expect((await amtool("config", "routes", "test", "a=b")).trim()).toBe("hook");
    expect(await amtool("config", "show")).not.toContain("s3cret");
    writeFileSync(configPath, configuration);
    expect((await fetch(`${program.url}/-/reload`, { method: "POST" })).status).toBe(200);
  });

  test("cluster show, check-config of the same file", async () => {
    expect(await amtool("cluster", "show")).toMatch(/Cluster Status:\s+ready/);
    expect(await amtool("check-config", configPath)).toContain("SUCCESS");
  });
});
