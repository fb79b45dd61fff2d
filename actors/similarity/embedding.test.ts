import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { textTriples } from "../../testing/text-triples.ts";
import { dimensions, Embedder, halfLifeMs } from "./embedding.ts";
import { cosine, textIndexDefaults } from "./text-index.ts";

const start = Date.UTC(2026, 0, 1);

function taught(): Embedder {
  const embedder = new Embedder();
  for (const texts of textTriples) for (const text of texts) embedder.learn(text, start);
  return embedder;
}

const similarityIn = (embedder: Embedder) => (a: string, b: string) =>
  cosine(embedder.embed(a), embedder.embed(b));

describe("the local embedding", () => {
  test("at the default threshold parts one trouble from another", () => {
    const similarity = similarityIn(taught());
    const { least } = textIndexDefaults;
    const same = textTriples.filter(([text, again]) => similarity(text, again) >= least);
    expect(same.length).toBeGreaterThanOrEqual(16);
    for (const [text, again, other] of textTriples) {
      expect(similarity(text, other), other).toBeLessThan(least);
      expect(similarity(again, other), other).toBeLessThan(least);
    }
    for (const [at, [text]] of textTriples.entries()) {
      for (const [other] of textTriples.slice(at + 1)) {
        expect(similarity(text, other), `${text} / ${other}`).toBeLessThan(0.6);
      }
    }
  });

  test("another trouble is never nearer than the same one in other words", () => {
    const similarity = similarityIn(taught());
    for (const [text, again, other] of textTriples) {
      expect(similarity(text, again), text).toBeGreaterThan(similarity(text, other) + 0.1);
    }
  });

  test("numbers, ids and addresses do not count", () => {
    const similarity = similarityIn(new Embedder());
    const text = (n: number, ip: string) => `${n} requests to ${ip}:9100 failed, e.g. req-${n}ab1`;
    expect(similarity(text(12, "10.0.0.1"), text(98_765, "10.7.8.9"))).toBeCloseTo(1);
  });

  test("a word that every text has counts less than a rare one", () => {
    const embedder = new Embedder();
    const similarity = similarityIn(embedder);
    const before = similarity("shop slow", "shop broken");
    for (let each = 0; each < 200; each += 1) embedder.learn(`shop ${"abcdef"[each % 6]}x`, start);
    expect(similarity("shop slow", "shop broken")).toBeLessThan(before);
  });

  test("what was counted long ago fades", () => {
    const embedder = new Embedder();
    const similarity = similarityIn(embedder);
    for (let each = 0; each < 50; each += 1) embedder.learn("shop open", start);
    const then = similarity("shop slow", "shop broken");
    const later = start + 300 * halfLifeMs;
    for (let each = 0; each < 50; each += 1) embedder.learn("bank closed", later);
    expect(similarity("shop slow", "shop broken")).toBeGreaterThan(then + 0.05);
    expect(Number.isFinite(similarity("shop slow", "bank closed"))).toBe(true);
  });

  test("a text without words is like nothing", () => {
    const embedder = new Embedder();
    expect(embedder.embed("").every((each) => each === 0)).toBe(true);
    expect(similarityIn(embedder)("", "disk full")).toBe(0);
    expect(embedder.embed("disk full")).toHaveLength(dimensions);
  });

  test("replay and a snapshot in between give the same numbers", () => {
    const texts = fc.array(fc.tuple(fc.constantFrom(...textTriples.flat()), fc.nat(1e11)));
    fc.assert(
      fc.property(texts, texts, (before, after) => {
        const whole = new Embedder();
        for (const [text, ms] of [...before, ...after]) whole.learn(text, start + ms);
        const first = new Embedder();
        for (const [text, ms] of before) first.learn(text, start + ms);
        const second = Embedder.restore(structuredClone(first.snapshot()));
        for (const [text, ms] of after) second.learn(text, start + ms);
        expect(second.snapshot()).toEqual(whole.snapshot());
        expect(second.embed("disk of kafka full")).toEqual(whole.embed("disk of kafka full"));
      }),
      { numRuns: 50 },
    );
  });
});
