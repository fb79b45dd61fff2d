import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Random } from "../../testing/random.ts";
import { textSimilarity } from "./levenshtein.ts";
import { MessageIndex, messageIndexDefaults } from "./message-index.ts";

const words = (
  "disk node queue latency high of the <n> error rate checkout search model gpu memory used " +
  "requests failed since <time> probe pod restarted replica behind primary token budget spent"
).split(" ");

function sentence(random: Random, length = 12): string {
  return Array.from({ length }, () => random.pick(words)).join(" ");
}

/** With one letter of each so many replaced. */
function edited(random: Random, text: string, every: number): string {
  return [...text].map((each) => (random.between(1, every) === 1 ? "#" : each)).join("");
}

describe("messages", () => {
  test("equal templates first, and then no others", () => {
    const index = new MessageIndex();
    index.add("one", "<n> of <n> requests failed");
    index.add("two", "<n> of <n> requests failed");
    index.add("three", "<n> of <n> request failed");
    expect(index.similar("<n> of <n> requests failed")).toEqual([
      { key: "one", similarity: 1 },
      { key: "two", similarity: 1 },
    ]);
  });

  test("nearly equal ones by similarity; others not at all", () => {
    const index = new MessageIndex();
    index.add("far", "the certificate of <quoted> has expired");
    index.add("near", "pod <quoted> restarted <n> times in <n>, last at <time>");
    index.add("nearer", "pod <quoted> restarts <n> times in <n>, first at <time>");
    const found = index.similar("pod <quoted> restarts <n> times in <n>, last at <time>");
    expect(found.map(({ key }) => key)).toEqual(["near", "nearer"]);
    expect(found[0]!.similarity).toBeGreaterThan(0.9);
    index.remove("near");
    index.remove("unknown");
    expect(index.similar("pod <quoted> restarts <n> times in <n>, last at <time>")).toHaveLength(1);
  });

  test("the oldest makes room, and a key added again is the newest", () => {
    const index = new MessageIndex({ ...messageIndexDefaults, entriesMax: 2 });
    for (const key of ["a", "b", "a", "c"]) index.add(key, `message of ${key} ${key} ${key}`);
    expect(index.entries().map(([key]) => key)).toEqual(["a", "c"]);
    expect(index.size).toBe(2);
  });

  test("finds what a comparison with all would find, and never what it would not", () => {
    const random = new Random(7);
    const index = new MessageIndex();
    const texts = Array.from({ length: 400 }, () => sentence(random));
    for (const [at, text] of texts.entries()) index.add(String(at), text);
    let [expected, found] = [0, 0];
    for (const text of texts) {
      const query = edited(random, text, 20);
      const matches = index.similar(query);
      for (const { key, similarity } of matches) {
        expect(similarity).toBe(textSimilarity(query, texts[Number(key)]!, 0.8));
      }
      if (textSimilarity(query, text, 0.8) === 0) continue;
      expected += 1;
      if (matches.some(({ key }) => texts[Number(key)] === text)) found += 1;
    }
    expect(expected).toBeGreaterThan(300);
    expect(found / expected).toBeGreaterThan(0.95);
  });

  test("a flood of one pattern is bounded work", () => {
    const index = new MessageIndex({ ...messageIndexDefaults, entriesMax: 5_000 });
    const text = "the same long message about a thing that fails again and again, number";
    for (let each = 0; each < 6_000; each += 1) index.add(String(each), `${text} ${each}`);
    expect(index.size).toBe(5_000);
    const found = index.similar(`${text} x`);
    expect(found).toHaveLength(messageIndexDefaults.candidatesMax);
  });

  test("a rebuilt index answers the same", () => {
    const some = fc.constantFrom("a", "b", "c", "d", "e", "f");
    const step = fc.record({ add: fc.boolean(), key: some, seed: fc.nat(5) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const options = { entriesMax: 4, candidatesMax: 2, least: 0.5 };
        const index = new MessageIndex(options);
        for (const { add, key, seed } of steps) {
          if (add) index.add(key, sentence(new Random(seed), 4));
          else index.remove(key);
        }
        const rebuilt = new MessageIndex(options);
        for (const [key, template] of index.entries()) rebuilt.add(key, template);
        for (let seed = 0; seed < 6; seed += 1) {
          const query = edited(new Random(seed), sentence(new Random(seed), 4), 9);
          expect(rebuilt.similar(query)).toEqual(index.similar(query));
        }
      }),
    );
  });
});
