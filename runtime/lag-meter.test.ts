import { describe, expect, test } from "vitest";
import { LagMeter } from "./lag-meter.ts";

/** Works off `records` from `fromMs` on, each of which takes `eachMs`. @returns when it is done. */
function work(meter: LagMeter, fromMs: number, records: number, eachMs: number): number {
  meter.began(fromMs, fromMs);
  for (let n = 0; n < records; n += 1) meter.applied(fromMs);
  return fromMs + records * eachMs;
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

  test("is what waits by the speed of work, at the first reading of a flood", () => {
    const meter = new LagMeter();
    work(meter, 0, 100, 2);
    expect(meter.read(200, 2_500)).toBe(5_000);
    work(meter, 200, 100, 2);
    expect(meter.read(400, 500)).toBe(1_000);
  });

  test("follows a change of speed", () => {
    const meter = new LagMeter();
    let nowMs = work(meter, 0, 200, 1);
    expect(meter.read(nowMs, 1_000)).toBe(1_000);
    for (let reading = 0; reading < 5; reading += 1) {
      nowMs = work(meter, nowMs, 20, 10);
      meter.read(nowMs, 1_000);
    }
    nowMs = work(meter, nowMs, 20, 10);
    expect(meter.read(nowMs, 1_000)).toBeGreaterThan(8_000);
  });

  test("grows with time where nothing is done", () => {
    const meter = new LagMeter();
    meter.began(1_000, 1_000);
    expect(meter.read(1_500, 3)).toBe(500);
    expect(meter.read(9_000, 3)).toBe(8_000);
  });
});
