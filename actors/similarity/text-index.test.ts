import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { textTriples } from "../../testing/text-triples.ts";
import { Embedder } from "./embedding.ts";
import { cosine, TextIndex, textIndexDefaults } from "./text-index.ts";

const embedder = new Embedder();
for (const texts of textTriples) for (const text of texts) embedder.learn(text, 0);

function indexOf(texts: string[], options = textIndexDefaults): TextIndex {
  const index = new TextIndex(options);
  for (const [at, text] of texts.entries()) index.add(String(at), text, embedder.embed(text));
  return index;
}

const search = (index: TextIndex, text: string) => index.similar(text, embedder.embed(text));

describe("texts", () => {
  test("finds what a comparison with all would find", () => {
    const texts = textTriples.map(([text]) => text);
    const index = indexOf(texts);
    for (const [, again] of textTriples) {
      const vector = embedder.embed(again);
      const all = texts.flatMap((text, at) =>
        cosine(embedder.embed(text), vector) >= textIndexDefaults.least + 0.01 ? [`${at}`] : [],
      );
      expect(search(index, again).map(({ key }) => key)).toEqual(expect.arrayContaining(all));
    }
  });

  test("similarities are cosines, most similar first, at most so many", () => {
    const text = "disk of kafka full";
    const again = "disk of kafka full at 10.0.0.1";
    const index = indexOf([text, text, again, "certificate expired"]);
    expect(search(index, text).map(({ key }) => key)).toEqual(["0", "1", "2"]);
    const one = indexOf([text, text], { ...textIndexDefaults, matchesMax: 1 });
    expect(search(one, text)).toEqual([{ key: "0", similarity: expect.closeTo(1, 5) }]);
  });

  test("the oldest makes room; keys can be replaced and removed", () => {
    const index = indexOf(["disk full", "queue full"], { ...textIndexDefaults, entriesMax: 2 });
    index.add("0", "certificate expired", embedder.embed("certificate expired"));
    index.add("2", "packet loss", embedder.embed("packet loss"));
    expect(index.entries().map(({ key }) => key)).toEqual(["0", "2"]);
    expect(search(index, "disk full")).toEqual([]);
    index.remove("2");
    index.remove("unknown");
    expect(index.size).toBe(1);
  });

  test("vectors of any model; those of another size match none", () => {
    const index = new TextIndex();
    index.add("a", "disk full", [0.6, 0.8, 0]);
    expect(index.similar("disk gone", [0.6, 0.8, 0.01])).toMatchObject([{ key: "a" }]);
    expect(index.similar("disk gone", [0.6, 0.8])).toEqual([]);
    expect(index.similar("disk gone", [0, 0, 0])).toEqual([]);
    expect(index.similar("disk gone", [-0.6, -0.8, 0])).toEqual([]);
    expect(index.similar("disk gone", [NaN, Infinity, 0])).toEqual([]);
  });

  test("a cosine loses little to bytes", () => {
    for (const [text, again] of textTriples) {
      const exact = cosine(embedder.embed(text), embedder.embed(again));
      const [found] = search(indexOf([text], { ...textIndexDefaults, least: 0 }), again);
      expect(found?.similarity).toBeCloseTo(exact, 1.7);
    }
  });

  test("a restored index answers the same", () => {
    const texts = textTriples.flat();
    const step = fc.record({ add: fc.boolean(), key: fc.nat(8), text: fc.nat(texts.length - 1) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const options = { entriesMax: 6, matchesMax: 3, least: 0.2 };
        const index = new TextIndex(options);
        for (const { add, key, text } of steps) {
          const each = texts[text]!;
          if (add) index.add(String(key), each, embedder.embed(each));
          else index.remove(String(key));
        }
        const restored = new TextIndex(options);
        restored.restore(structuredClone(index.entries()));
        for (const text of texts.slice(0, 12)) {
          expect(search(restored, text)).toEqual(search(index, text));
        }
      }),
      { numRuns: 40 },
    );
  });
});

describe("the cosine", () => {
  test.each([
    [[1, 0], [1, 0], 1],
    [[1, 0], [0, 1], 0],
    [[1, 0], [-2, 0], -1],
    [[0, 0], [1, 0], 0],
    [[1], [1, 0], 0],
  ])("%j, %j", (a, b, expected) => {
    expect(cosine(a, b)).toBeCloseTo(expected);
  });
});
