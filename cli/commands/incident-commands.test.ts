/** The subcommands about incidents, run in-process against the real routes. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { IncidentView } from "../../actors/incident/types.ts";
import { capturedIo } from "../../testing/captured-io.ts";
import type { CapturedIo } from "../../testing/captured-io.ts";
import { defaultIncidentConfig } from "../../runtime/incident-stage.ts";
import { startIncidentWorld } from "../../testing/incident-world.ts";
import type { IncidentWorld } from "../../testing/incident-world.ts";
import { runTocsin } from "../run-command.ts";

let world: IncidentWorld;
beforeAll(async () => {
  world = await startIncidentWorld();
});
afterAll(() => world.close());

async function tocsin(...args: string[]): Promise<CapturedIo & { code: number }> {
  const io = capturedIo({ TOCSIN_URL: world.url, USER: "ada" });
  const code = await runTocsin(args, io);
  return Object.assign(io, { code });
}

async function opened(labels: Record<string, string>, summary = "a summary"): Promise<string> {
  world.incidents.alert(labels, { summary });
  return world.incidents.events.at(-1)?.incident.id ?? "";
}

const now = (id: string): Promise<IncidentView | null> => world.incidents.get(id);

test("the list is an aligned table of what is open", async () => {
  const first = await opened({ alertname: "A", service: "table-one", severity: "critical" });
  const second = await opened({ alertname: "B", service: "table-two" }, "another");
  const { code, stdout } = await tocsin("incidents", "--service", "table-one,table-two");
  expect(code).toBe(0);
  const lines = stdout().trimEnd().split("\n");
  expect(lines[0]).toMatch(/^ID +STATUS +SEVERITY +AGE +ALERTS +SERVICE +TITLE$/);
  const next = new RegExp(`^${second} +triggered +medium +\\S+ +1 +table-two +another`);
  expect(lines[1]).toMatch(next);
  expect(lines[2]).toMatch(new RegExp(`^${first} +triggered +critical +\\S+ +1 +table-one`));
  const column = lines[0]?.indexOf("SERVICE") ?? -1;
  for (const line of lines.slice(1)) expect(line.slice(column)).toMatch(/^table-/);
});

test("what an alert says cannot command the terminal", async () => {
  const id = await opened(
    { alertname: "Evil", service: "evil\u001b[2J" },
    "clear\u001b[2J\u0007 \u009b31m and\nforge a line \u202egnp",
  );
  for (const args of [["incidents"], ["incidents", id]]) {
    const { stdout } = await tocsin(...args);
    expect(stdout()).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    expect(stdout()).toContain("clear\\u{1b}[2J");
    expect(stdout()).not.toMatch(/^forge/m);
  }
});

test("one incident is shown with its timeline, as text and as JSON", async () => {
  const id = await opened({ alertname: "One", service: "shown" }, "shown in detail");
  await tocsin("note", id, "--text", "remember this");
  const text = await tocsin("incidents", id);
  expect(text.stdout()).toContain(`${id}  shown in detail`);
  expect(text.stdout()).toMatch(/noteAdded.*remember this \(ada\)/);
  const json = JSON.parse((await tocsin("incidents", id, "--json")).stdout()) as {
    incident: IncidentView;
    timeline: { event: string }[];
  };
  expect(json.incident.id).toBe(id);
  expect(json.timeline.map((entry) => entry.event)).toEqual(["opened", "noteAdded"]);
});

test("an empty list says so, and where to look", async () => {
  const none = await tocsin("incidents", "--service", "nobody");
  const hint = "No incidents are open. Past ones: tocsin incidents --status all";
  expect(none.stdout()).toContain(hint);
  const json = await tocsin("incidents", "--service", "nobody", "--json");
  expect(JSON.parse(json.stdout())).toEqual({ items: [], next_cursor: null });
});

test("a long list is paged, and says how to go on", async () => {
  for (let i = 0; i < 5; i++) await opened({ alertname: `P${i}`, service: "paged", x: `${i}` });
  const merged = await tocsin("incidents", "--json", "--limit", "2", "--status", "all");
  const page = JSON.parse(merged.stdout()) as { items: unknown[]; next_cursor: string };
  expect(page.items).toHaveLength(2);
  const next = await tocsin("incidents", "--limit", "2", "--status", "all");
  expect(next.stderr()).toContain(`--cursor ${page.next_cursor}`);
});

test("every step of a life: who did it, and what came of it", async () => {
  const id = await opened({ alertname: "Life", service: "life" });
  const steps: [string[], string, string][] = [
    [["ack", id], "is acknowledged", "acknowledged"],
    [["investigate", id, "--by", "bob"], "is being investigated", "investigating"],
    [["identify", id, "--cause", "bad cable"], "is identified (cause: bad cable)", "identified"],
    [["resolve", id, "--note", "new cable"], "is resolved", "resolved"],
    [["close", id], "is closed", "closed"],
    [["reopen", id, "--reason", "again"], "is open again", "triggered"],
  ];
  for (const [args, said, status] of steps) {
    const { code, stdout, stderr } = await tocsin(...args);
    expect([args, code, stderr()]).toEqual([args, 0, ""]);
    expect(stdout()).toContain(`${id} ${said}: `);
    expect((await now(id))?.status).toBe(status);
  }
  const by = world.incidents.events.filter((e) => e.incident.id === id).map((e) => e.by);
  expect(by).toEqual(["alerts", "ada", "bob", "ada", "ada", "ada", "ada"]);
});

test("merge moves an incident into another one; both ids may be abbreviated", async () => {
  const source = await opened({ alertname: "S", service: "merge-source" });
  const target = await opened({ alertname: "T", service: "merge-target" });
  const short = (id: string): string => id.slice("inc-".length);
  const { code } = await tocsin("merge", short(source), "--into", short(target));
  expect(code).toBe(0);
  expect((await now(source))?.merged_into).toBe(target);
});

test("an abbreviation that fits several or none is refused with what to do", async () => {
  await opened({ alertname: "X", service: "abbr-1" });
  await opened({ alertname: "Y", service: "abbr-2" });
  const several = await tocsin("ack", "inc-");
  expect([several.code, several.stderr()]).toEqual([1, expect.stringContaining("give more of")]);
  const none = await tocsin("ack", "nope");
  expect([none.code, none.stderr()]).toEqual([
    1,
    expect.stringContaining("tocsin incidents --status all"),
  ]);
});

test("a refusal prints its reason and fails; other incidents are still done", async () => {
  const id = await opened({ alertname: "R", service: "refusals" });
  const refused = await tocsin("close", id);
  expect(refused.code).toBe(1);
  expect(refused.stderr()).toContain("triggered");
  const both = await tocsin("ack", "missing", id, "--json");
  expect(both.code).toBe(1);
  expect((JSON.parse(both.stdout()) as IncidentView).status).toBe("acknowledged");
  expect(both.stderr()).toContain("missing");
});

test("a lost answer is asked for again, and the change happens once", async () => {
  const id = await opened({ alertname: "L", service: "lost" });
  world.incidents.lostAnswers = 1;
  const { code } = await tocsin("note", id, "--text", "just once");
  expect(code).toBe(0);
  const notes = world.incidents.events.filter((e) => e.detail["text"] === "just once");
  expect(notes).toHaveLength(1);
});

test("what is missing is asked for, as wrong usage", async () => {
  const cases: [string[], string][] = [
    [["ack"], "which incident?"],
    [["identify", "x"], "--cause"],
    [["note", "x"], "--text"],
    [["merge", "x"], "--into"],
    [["incidents", "a", "b"], "one ID"],
    [["incidents", "--limit", "0"], "--limit"],
    [["ack", "x", "--by"], "--by needs a value"],
    [["ack", "x", "--by", "--json"], "--by needs a value"],
    [["ack", "x", "--nte", "y"], "did you mean --note?"],
    [["ack", "x", "--by", "a", "--by", "b"], "given twice"],
    [["ack", "x", "--url", "ftp://x"], "--url"],
  ];
  for (const [args, said] of cases) {
    const { code, stderr } = await tocsin(...args);
    expect([args, code]).toEqual([args, 2]);
    expect(stderr()).toContain(said);
    expect(stderr()).toContain(`tocsin ${args[0]} --help`);
  }
});

test("colours are for terminals, and not where NO_COLOR is set", async () => {
  await opened({ alertname: "C", service: "colours", severity: "critical" });
  const run = async (env: object, isTty: boolean): Promise<string> => {
    const io = capturedIo({ TOCSIN_URL: world.url, ...env }, isTty);
    await runTocsin(["incidents", "--service", "colours"], io);
    return io.stdout();
  };
  expect(await run({}, true)).toContain("\u001b[31mcritical\u001b[0m");
  expect(await run({ NO_COLOR: "1" }, true)).not.toContain("\u001b");
  expect(await run({}, false)).not.toContain("\u001b");
});

test("why: where the trouble comes from, and the reason of each link", async () => {
  const topology = {
    ...{ windowMs: 600_000, depthMax: 4 },
    dependencies: { "why-shop": ["why-db"] },
  };
  const correlation = { ...defaultIncidentConfig.correlation, labels: ["service"], topology };
  const config = { ...defaultIncidentConfig, hash: "why", correlation };
  world.incidents.apply({ kind: "config", config });
  const id = await opened({ alertname: "Slow", service: "why-shop", severity: "high" });
  world.incidents.alert({ alertname: "DbDown", service: "why-db", severity: "critical" });
  const { code, stdout } = await tocsin("why", id);
  expect(code).toBe(0);
  const because = '"why-db" ("DbDown") explains 2 of the 2 kinds of alerts that it has';
  expect(stdout()).toContain(`2 distinct alerts; the trouble comes from why-db: ${because}`);
  expect(stdout()).toMatch(/alertJoined +DbDown +"why-shop" depends on/);
  expect(stdout()).toMatch(/severityRaised/);
  const json = JSON.parse((await tocsin("why", id, "--json")).stdout()) as object;
  expect(json).toMatchObject({ incident: id, root: { service: "why-db", because } });
  expect((await tocsin("why")).code).toBe(2);
});

test("split: alerts become an incident of their own; why shows what held them", async () => {
  const id = await opened({ alertname: "SplitA", service: "split-shop", severity: "high" });
  world.incidents.alert({ alertname: "SplitB", service: "split-shop", severity: "high" });
  const why = (await tocsin("why", id)).stdout();
  expect(why).toMatch(/its weakest link weighs 1\.\d\d/);
  expect(why).toMatch(/SplitA +firing +the first alert/);
  expect(why).toMatch(/1\.\d\d +same service "split-shop" within 5 min of .* service 1\.30/);
  const { members } = JSON.parse((await tocsin("why", id, "--json")).stdout()) as {
    members: { fingerprint: string; link: { score: number } | null }[];
  };
  expect(members.map(({ link }) => link === null)).toEqual([true, false]);
  const second = members[1]?.fingerprint ?? "";
  const split = await tocsin("split", id, "--alerts", second, "--reason", "not ours");
  expect(split.code).toBe(0);
  expect(split.stdout()).toContain("is an incident of its own: SplitB on split-shop");
  expect((await tocsin("why", id)).stdout()).toContain("splitOff");
  expect((await tocsin("split", id, "--alerts", second)).code).toBe(1);
  expect((await tocsin("split", id)).code).toBe(2);
});
