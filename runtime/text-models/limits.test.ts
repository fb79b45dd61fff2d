/** Budget, breaker and time limit of one model, and what is remembered of its answers. */
import { beforeEach, describe, expect, test } from "vitest";
import { RetryableError, TerminalError } from "../errors.ts";
import { Breaker } from "./breaker.ts";
import { CallBudget } from "./call-budget.ts";
import { LimitedModel } from "./limited-model.ts";
import type { Embedded } from "./ports.ts";
import { TextVectors } from "./text-vectors.ts";
import { Verdicts } from "./verdicts.ts";

const minute = 60_000;
const hour = 60 * minute;
const never = new AbortController().signal;

let nowMs = 0;
let lines: string[] = [];
beforeEach(() => {
  nowMs = 1_000 * hour;
  lines = [];
});
const clock = { nowMs: () => nowMs, sleep: async () => {} };
const say = (fields: object, text: string): void =>
  void lines.push(`${text} ${JSON.stringify(fields)}`);
const log = { debug: say, info: say, warn: say, error: say };
const limits = { callsPerHour: 10, tokensPerHour: 1_000, timeoutMs: 1_000 };
const model = (more: Partial<typeof limits> = {}) =>
  new LimitedModel("embeddings", { ...limits, ...more }, clock, log);

describe("a budget", () => {
  test("of calls comes back an hour after they were made", () => {
    const budget = new CallBudget({ callsPerHour: 2, tokensPerHour: 100 });
    expect(budget.take(1, 0)).toBe(true);
    expect(budget.take(1, 30 * minute)).toBe(true);
    expect(budget.take(1, 59 * minute)).toBe(false);
    expect(budget.left(60 * minute)).toEqual({ calls: 1, tokens: 99 });
    expect(budget.take(1, 60 * minute)).toBe(true);
    expect(budget.take(1, 61 * minute)).toBe(false);
  });

  test("of tokens is what calls used, once they have said so", () => {
    const budget = new CallBudget({ callsPerHour: 10, tokensPerHour: 100 });
    expect(budget.take(101, 0)).toBe(false);
    expect(budget.take(60, 0)).toBe(true);
    expect(budget.take(60, 0)).toBe(false);
    budget.settle(60, 20, 0);
    expect(budget.left(0)).toEqual({ calls: 9, tokens: 80 });
    budget.settle(20, 500, 0);
    expect(budget.left(0).tokens).toBe(0);
  });
});

describe("a breaker", () => {
  test("opens after three failures in a row, for longer and longer, ten minutes at most", () => {
    const breaker = new Breaker();
    const waits = Array.from({ length: 12 }, () => breaker.failed(0, null));
    expect(waits.slice(0, 5)).toEqual([0, 0, 10_000, 20_000, 40_000]);
    expect(waits.at(-1)).toBe(600_000);
    expect([breaker.allows(599_999), breaker.allows(600_000)]).toEqual([false, true]);
    breaker.succeeded();
    expect([breaker.allows(0), breaker.failed(0, null)]).toEqual([true, 0]);
  });

  test("leaves a peer alone for as long as it wishes, an hour at most", () => {
    const breaker = new Breaker();
    expect(breaker.failed(0, 90_000)).toBe(90_000);
    expect([breaker.allows(89_999), breaker.allows(90_000)]).toEqual([false, true]);
    expect(breaker.failed(0, 1e12)).toBe(3_600_000);
  });
});

describe("a limited model", () => {
  test("that fails is left alone, and is asked again when its time has come", async () => {
    const limited = model();
    let isWell = false;
    const ask = () =>
      limited.call(1, never, async () => {
        if (!isWell) throw new TerminalError("HTTP 500");
        return { answer: "well", tokens: null };
      });
    const first = [await ask(), await ask(), await ask(), await ask()];
    expect(first).toEqual([null, null, null, null]);
    expect(limited.readings()).toMatchObject({ requests: 3, failures: 3, leftAlone: 1 });
    expect(lines[2]).toContain('"why":"HTTP 500","leftAloneMs":10000');
    expect(lines).toHaveLength(3);
    isWell = true;
    nowMs += 10_000;
    expect(await ask()).toBe("well");
  });

  test("that is slow is given up", async () => {
    const limited = model({ timeoutMs: 20 });
    const answer = await limited.call(1, never, (signal) => {
      const { promise, reject } = Promise.withResolvers<never>();
      signal.addEventListener("abort", () => reject(new RetryableError("ended")));
      return promise;
    });
    expect(answer).toBeNull();
    expect(lines).toEqual([expect.stringContaining("no answer within 20 ms")]);
  });

  test("over its budget is not asked, which is said once until there is some again", async () => {
    const limited = model({ callsPerHour: 2 });
    const ask = () => limited.call(10, never, async () => ({ answer: 1, tokens: 4 }));
    expect([await ask(), await ask(), await ask(), await ask()]).toEqual([1, 1, null, null]);
    expect(limited.readings()).toMatchObject({
      ...{ model: "embeddings", requests: 2, failures: 0, overBudget: 2 },
      ...{ callsLeft: 0, tokensLeft: 992 },
    });
    expect(lines).toEqual([expect.stringContaining("budget of this hour is used up")]);
    nowMs += hour;
    expect([await ask(), await ask(), await ask()]).toEqual([1, 1, null]);
    expect(lines).toHaveLength(2);
  });
});

describe("what is remembered", () => {
  const asked: string[][] = [];
  let size = 2;
  const embedder = {
    async embed(texts: string[]): Promise<Embedded> {
      asked.push(texts);
      const vector = (text: string) => Float32Array.from({ length: size }, () => text.length);
      return { vectors: texts.map(vector), tokens: null };
    },
    async close() {},
  };
  beforeEach(() => {
    asked.length = 0;
    size = 2;
  });

  test("vectors: a text is asked about once, the least used are forgotten", async () => {
    const limited = model();
    const vectors = new TextVectors(embedder, limited, 4);
    expect([...(await vectors.of(["a", "b", "a"], never)).keys()]).toEqual(["a", "b"]);
    await vectors.of(["b", "c"], never);
    expect(asked).toEqual([["a", "b"], ["c"]]);
    expect(limited.readings().cacheHits).toBe(1);
    await vectors.of(["d", "e", "f"], never);
    await vectors.of(["a"], never);
    expect(asked.at(-1)).toEqual(["a"]);
  });

  test("many texts are asked about in several calls; when one fails, the others stay", async () => {
    const vectors = new TextVectors(embedder, model({ callsPerHour: 1 }), 100);
    const texts = Array.from({ length: 40 }, (_, i) => `text ${i}`);
    expect((await vectors.of(texts, never)).size).toBe(32);
    expect(asked.map((some) => some.length)).toEqual([32]);
  });

  test("vectors of another length are another model's: nothing of the former stays", async () => {
    const vectors = new TextVectors(embedder, model(), 100);
    await vectors.of(["a"], never);
    size = 3;
    expect((await vectors.of(["b"], never)).size).toBe(0);
    expect(lines[0]).toContain("vectors of 3 numbers came, those before had 2");
    expect((await vectors.of(["a", "b"], never)).get("a")).toHaveLength(3);
  });

  test("verdicts: by both incidents as they were read", async () => {
    let count = 0;
    const classifier = {
      async judge() {
        count += 1;
        return { verdict: { same: true, confidence: 1, sentence: "s" }, tokens: 50 };
      },
    };
    const verdicts = new Verdicts(classifier, model(), 10);
    const one = { severity: "high", text: "x" };
    const other = { ...one, text: "y" };
    await verdicts.on(one, other, never);
    await verdicts.on(one, other, never);
    expect(count).toBe(1);
    await verdicts.on(other, one, never);
    expect(count).toBe(2);
  });
});
