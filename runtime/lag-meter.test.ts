import { describe, expect, test } from "vitest";
import { LagMeter } from "./lag-meter.ts";

/**
 * Works off `records` that are `ageMs` old when their turn comes, `eachMs` for each.
 * @returns when it is done.
 */
function work(
  meter: LagMeter,
  fromMs: number,
  records: number,
  eachMs: number,
  ageMs = 5_000,
): number {
  meter.began(fromMs, fromMs - ageMs);
  const doneMs = fromMs + records * eachMs;
  for (let n = 0; n < records; n += 1) meter.applied(doneMs - ageMs);
  return doneMs;
}

describe("the lag of a partition", () => {
  test("is nothing while nothing waits", () => {
    const meter = new LagMeter();
    expect(meter.read(0, 0)).toBe(0);
    meter.idle(work(meter, 1_000, 1, 1));
    expect(meter.read(1_200, 0)).toBe(0);
  });

  test("is not the age of the last record: a rare one does not count as late", () => {
    const meter = new LagMeter();
    meter.idle(work(meter, 0, 1, 2));
    expect(meter.read(200, 0)).toBe(0);
    meter.began(3_600_000, 3_599_999);
    expect(meter.read(3_600_001, 1)).toBeLessThan(20);
  });

  test("is what waits by the speed of work", () => {
    const meter = new LagMeter();
    work(meter, 0, 100, 2);
    expect(meter.read(200, 2_500)).toBe(5_000);
    work(meter, 200, 100, 2, 300);
    expect(meter.read(400, 500)).toBe(1_000);
  });

  test("tells of a flood before its records are old, but not everything at once", () => {
    const meter = new LagMeter();
    const nowMs = work(meter, 0, 100, 2, 100);
    expect(meter.read(nowMs, 10_000)).toBe(700);
    expect(meter.read(work(meter, nowMs, 100, 2, 800), 10_000)).toBe(2_100);
  });

  test("follows a change of speed", () => {
    const meter = new LagMeter();
    let nowMs = work(meter, 0, 200, 1);
    expect(meter.read(nowMs, 1_000)).toBe(5_000);
    for (let reading = 0; reading < 6; reading += 1) {
      nowMs = work(meter, nowMs, 20, 10);
      meter.read(nowMs, 1_000);
    }
    expect(meter.read(work(meter, nowMs, 20, 10), 1_000)).toBeGreaterThan(8_000);
  });

  test("a moment without progress says nothing about the speed", () => {
    const meter = new LagMeter();
    const nowMs = work(meter, 0, 200, 1, 400);
    expect(meter.read(nowMs, 500)).toBe(500);
    for (const ms of [200, 400, 600]) expect(meter.read(nowMs + ms, 500)).toBe(400 + ms);
    expect(meter.read(work(meter, nowMs + 600, 800, 1, 400), 500)).toBeLessThan(1_100);
  });

  test("grows with time where nothing is done", () => {
    const meter = new LagMeter();
    meter.began(1_000, 1_000);
    expect(meter.read(1_500, 3)).toBe(500);
    expect(meter.read(9_000, 3)).toBe(8_000);
  });

  test("a record takes half of the best while code is new, then what it lately took", () => {
    const meter = new LagMeter();
    expect(meter.recordMs).toBe(0);
    let nowMs = work(meter, 0, 10, 40);
    meter.read(nowMs, 1);
    expect(meter.recordMs).toBe(20);
    nowMs = work(meter, nowMs, 100, 8);
    meter.read(nowMs, 1);
    nowMs = work(meter, nowMs, 100, 12);
    meter.read(nowMs, 1);
    expect(meter.recordMs).toBe(4);
    for (let reading = 0; reading < 8; reading += 1) {
      nowMs = work(meter, nowMs, 20, 10);
      meter.read(nowMs, 1);
    }
    expect(meter.recordMs).toBeGreaterThan(9.9);
    expect(meter.recordMs).toBeLessThan(10.2);
  });
});
