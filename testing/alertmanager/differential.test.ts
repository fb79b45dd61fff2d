/**
 * The same alerts, silences and reloads to Tocsin and to Alertmanager, with the same
 * configuration: receivers of both are told the same, group by group, at the same times.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { alertmanagerProgram } from "./installed.ts";
import { byGroup, type Message, summary } from "./messages.ts";
import { configuration, tales } from "./stories.ts";
import { Story } from "./story.ts";
import { Twins } from "./twins.ts";

/** A group is looked at every 2 s: less than this, and it was the same look. */
const sameLookMs = 1_500;
const talesEndAtSeconds = 10;

describe.skipIf(alertmanagerProgram === undefined)("as Alertmanager does", () => {
  let twins: Twins;
  let stories = new Map<string, Story>();

  beforeAll(async () => {
    twins = await Twins.start(configuration);
    stories = new Map(tales.map(({ about }) => [about, new Story(twins, about)]));
    await Promise.all(
      tales.map(async ({ about, tell }) => {
        const story = stories.get(about)!;
        await tell(story);
        await story.at(talesEndAtSeconds);
      }),
    );
  }, 60_000);

  afterAll(() => twins?.stop());

  test.each(tales)("$title", ({ about, expected }) => {
    const story = stories.get(about)!;
    const [ours, theirs] = [story.messages("tocsin"), story.messages("alertmanager")];
    expect(told(ours)).toEqual(expected);
    expectSame(ours, theirs);
  });
});

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
