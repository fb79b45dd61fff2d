import { describe, expect, test } from "vitest";
import { Worker } from "node:worker_threads";
import { formatRate, parseRate } from "./config/rates.ts";
import { RateTable, bucketTag, bucketsMax, rateMemory } from "./rate-limits.ts";

const burstMs = 1_000;
const start = 1_000_000;

/** Takes one unit whenever it may, every `stepMs`; @returns how many it got. */
function drain(table: RateTable, tag: bigint, rate: number, fromMs: number, forMs: number): number {
  let taken = 0;
  for (let ms = fromMs; ms < fromMs + forMs; ms += 1) {
    while (table.waitMs(tag, burstMs, ms) === 0) {
      table.take(tag, 1, rate, ms);
      taken += 1;
    }
  }
  return taken;
}

describe("a bucket", () => {
  test("gives its burst at once, then its rate, and never more", () => {
    const table = new RateTable(rateMemory());
    const tag = bucketTag("a");
    expect(drain(table, tag, 50, start, 1)).toBe(50);
    expect(drain(table, tag, 50, start + 1, 10_000)).toBe(500);
    // Rested for long, it has its burst again, and no more.
    expect(drain(table, tag, 50, start + 3_600_000, 1)).toBe(50);
  });

  test("says when to come back, and keeps that", () => {
    const table = new RateTable(rateMemory());
    const tag = bucketTag("a");
    table.take(tag, 350, 100, start);
    expect(table.waitMs(tag, burstMs, start)).toBeCloseTo(2_500);
    expect(table.waitMs(tag, burstMs, start + 2_500)).toBeGreaterThan(0);
    expect(table.waitMs(tag, burstMs, start + 2_501)).toBe(0);
  });

  test("is its own: another name, another bucket", () => {
    const table = new RateTable(rateMemory());
    table.take(bucketTag("a"), 1_000, 1, start);
    expect(table.waitMs(bucketTag("a"), burstMs, start)).toBeGreaterThan(0);
    expect(table.waitMs(bucketTag("b"), burstMs, start)).toBe(0);
  });

  test("is shared by threads", async () => {
    const memory = rateMemory();
    const tag = bucketTag("a");
    const entry = new URL("rate-limits.ts", import.meta.url).href;
    const code = `
      const { workerData } = require("node:worker_threads");
      import(workerData.entry).then(({ RateTable }) => {
        const table = new RateTable(workerData.memory);
        for (let i = 0; i < 20000; i += 1) table.take(workerData.tag, 1, 1000, workerData.start);
      });`;
    const workerData = { memory, tag, entry, start };
    const workers = [0, 1].map(() => new Worker(code, { eval: true, workerData }));
    await Promise.all(
      workers.map(
        (worker) =>
          new Promise<void>((resolve, reject) => {
            worker.once("error", reject);
            worker.once("exit", () => resolve());
          }),
      ),
    );
    const waitMs = new RateTable(memory).waitMs(tag, burstMs, start);
    expect(waitMs).toBeGreaterThan(38_900);
    expect(waitMs).toBeLessThanOrEqual(39_000);
  });
});

test("many buckets in debt never make one of them forget its own", () => {
  const table = new RateTable(rateMemory());
  const tags = Array.from({ length: bucketsMax }, (_, i) => bucketTag(`key ${i}`));
  for (const tag of tags) table.take(tag, 100, 10, start);
  const early = tags.filter((tag) => table.waitMs(tag, burstMs, start) < 9_000);
  expect(early).toEqual([]);
  // Out of debt, their places are everybody's.
  const later = start + 3_600_000 * 24;
  for (const tag of tags) expect(table.waitMs(tag, burstMs, later)).toBe(0);
});

test("rates: formatted text reads back as the same number", () => {
  for (const text of ["1/s", "500/s", "1/m", "90/h", "1/h"]) {
    const rate = parseRate(text) ?? 0;
    expect(parseRate(formatRate(rate)), text).toBeCloseTo(rate, 9);
  }
  expect(["500/s", "600/m", "7/h"].map(parseRate)).toEqual([500, 10, 7 / 3_600]);
  for (const bad of ["", "5", "5/d", "-1/s", "0/s", "5.5/s", "5/s ", "1e3/s"]) {
    expect(parseRate(bad), bad).toBeNull();
  }
});
