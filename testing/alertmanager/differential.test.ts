/**
 * The same alerts, silences and reloads to Tocsin and to Alertmanager, with the same
 * configuration: receivers of both are told the same, group by group, at the same times.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { byGroup, type Message, summary } from "./messages.ts";
import { configuration, tales } from "./stories.ts";
import { Story } from "./story.ts";
import { alertmanagerProgram, type Answer, Twins } from "./twins.ts";

/** A group is looked at every 2 s: less than this, and it was the same look. */
const sameLookMs = 1_500;
const talesEndAtSeconds = 10;
const tellingsMax = 3;

describe.skipIf(alertmanagerProgram === undefined)("as Alertmanager does", () => {
  let twins: Twins;
  /** By what the tale is about: how it was told last. */
  const stories = new Map<string, Story>();

  beforeAll(async () => {
    let untold = tales;
    // On a busy machine an alert may miss the look it was meant for: then it is told once more.
    for (let telling = 0; telling < tellingsMax && untold.length > 0; telling += 1) {
      await twins?.stop();
      twins = await Twins.start(configuration);
      await Promise.all(
        untold.map(async ({ about, tell }) => {
          const story = new Story(twins, about);
          stories.set(about, story);
          await tell(story);
          await story.at(talesEndAtSeconds);
        }),
      );
      untold = untold.filter((tale) => !isAsExpected(tale, stories.get(tale.about)!));
    }
  }, 180_000);

  afterAll(() => twins?.stop());

  test.each(tales)("$title", (tale) => {
    expectTale(tale, stories.get(tale.about)!);
  });

  test("a reload brings receivers and routes, and tells nobody again", async () => {
    const story = new Story(twins, "reload");
    await story.fire(["a"]);
    await story.at(2);
    twins.configure((url) => configuration(url, added(url)));
    expect(statuses(await twins.both("POST", "/-/reload"))).toEqual([200, 200]);
    await story.fire(["b"]);
    twins.configure(() => "route: {}");
    expect(statuses(await twins.both("POST", "/-/reload"))).toEqual([500, 500]);
    await (await story.at(4.5)).resolve(["a"]);
    await story.at(7);
    const [ours, theirs] = [story.messages("tocsin"), story.messages("alertmanager")];
    expect(told(ours)).toEqual(["added firing: b", "team firing: a", "team resolved: a ended"]);
    expectSame(ours, theirs);
  });

  test("kill -9: nothing is told early, in part or again, and what was due is told", async () => {
    twins.configure((url) => configuration(url, added(url)));
    const before = tales.map(({ about }) => twins.messages("tocsin", about).length);
    const story = new Story(twins, "restart");
    await story.fire(["a"]);
    await (await story.at(1.8)).fire(["b"]);
    await twins.pullThePlug();
    // As Prometheus does. Alertmanager has forgotten that there are alerts, and whom it told.
    await story.fire(["a", "b"], { startsAt: new Date(story.beganMs).toISOString() });
    const up = (Date.now() - story.beganMs) / 1_000;
    await (await story.at(up + 2.5)).resolve(["a"]);
    await story.at(up + 5.5);
    const ours = story.messages("tocsin");
    expect(ours.map(summary)).toEqual([
      "team firing: a",
      "team firing: a, b",
      "team firing: a ended, b",
    ]);
    expect(ours[1]!.atMs - ours[0]!.atMs).toBeGreaterThanOrEqual(2_000);
    const after = tales.map(({ about }) => twins.messages("tocsin", about).length);
    expect(after, "messages of all groups before").toEqual(before);
    const theirs = story.messages("alertmanager").map(summary);
    process.stderr.write(`after kill -9 Alertmanager told: ${theirs.join("; ")}\n`);
  }, 60_000);
});

type Tale = (typeof tales)[number];

function expectTale({ expected, theirs: known }: Tale, story: Story): void {
  const [ours, theirs] = [story.messages("tocsin"), story.messages("alertmanager")];
  expect(told(ours)).toEqual(expected);
  if (known === undefined) expectSame(ours, theirs);
  else expect([known, expected]).toContainEqual(told(theirs));
}

function isAsExpected(tale: Tale, story: Story): boolean {
  try {
    expectTale(tale, story);
    return true;
  } catch {
    return false;
  }
}

function added(url: string): { routes: string; receivers: string } {
  const routes = '{ matchers: [case="reload", instance="b"], receiver: added },';
  return { routes, receivers: `- { name: added, webhook_configs: [{ url: "${url}/added" }] }` };
}

function statuses(answers: Answer[]): number[] {
  return answers.map(({ status }) => status);
}

function told(messages: Message[]): string[] {
  const groups = Object.entries(byGroup(messages)).sort(([a], [b]) => (a < b ? -1 : 1));
  return groups.flatMap(([, group]) => group.map(summary));
}

function expectSame(ours: Message[], theirs: Message[]): void {
  const bodies = (messages: Message[]): object =>
    Object.fromEntries(
      Object.entries(byGroup(messages)).map(([key, group]) => [key, group.map(({ body }) => body)]),
    );
  expect(bodies(ours)).toEqual(bodies(theirs));
  const groups = byGroup(theirs);
  for (const [key, group] of Object.entries(byGroup(ours))) {
    group.forEach(({ atMs }, index) => {
      const apartMs = Math.abs(atMs - (groups[key]?.[index]?.atMs ?? 0));
      expect(apartMs, `message ${index} of ${key}`).toBeLessThan(sameLookMs);
    });
  }
}
