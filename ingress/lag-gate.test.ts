import { describe, expect, test } from "vitest";
import { LagGate } from "./lag-gate.ts";

const refusedOf = (gate: LagGate, requests: number): number =>
  Array.from({ length: requests }, () => gate.admit()).filter((one) => one !== null).length;

describe("the gate", () => {
  test("lets everything in up to half of the limit", () => {
    for (const lagMs of [0, 100, 2_500]) {
      expect(refusedOf(new LagGate(() => lagMs, 5_000), 100)).toBe(0);
    }
  });

  test("refuses a share that grows to all of it at the limit", () => {
    const shares = [3_000, 3_750, 4_500, 5_000, 60_000].map((lagMs) =>
      refusedOf(new LagGate(() => lagMs, 5_000), 1_000),
    );
    expect(shares).toEqual([200, 500, 800, 1_000, 1_000]);
  });

  test("asks to come back when it should be open again, and not in an hour", () => {
    const secondsAt = (lagMs: number) =>
      new LagGate(() => lagMs, 5_000).admit()?.retryAfterSeconds;
    expect([5_000, 7_300, 10_000, 3_600_000].map(secondsAt)).toEqual([3, 5, 8, 8]);
  });

  test("settles where as much is accepted as is worked off", () => {
    const perSecond = 1_000;
    let waiting = 0;
    const gate = new LagGate(() => (waiting / perSecond) * 1_000, 5_000);
    let accepted = 0;
    for (let tick = 0; tick < 60_000; tick += 1) {
      for (let request = 0; request < 2; request += 1) {
        if (gate.admit() !== null) continue;
        waiting += 1;
        if (tick >= 30_000) accepted += 1;
      }
      waiting = Math.max(0, waiting - 1);
    }
    expect(accepted).toBeGreaterThan(29_900);
    expect(accepted).toBeLessThan(30_100);
    expect(waiting).toBeLessThan(4_000);
  });
});
