/** Held-out points take no part in the fit; what is off is said to be off. */
import { expect, test } from "vitest";
import type { LoadPoint } from "./calibration.ts";
import { curveOf, heldOut, mix, total } from "./self-check.ts";
import { throughput } from "./usl.ts";

const usl = { lambda: 50_000, sigma: 0.2, kappa: 0 };
const processed = (point: LoadPoint): number => point.processedPerSecond;

const point = (inFlight: number, factor = 1): LoadPoint => {
  const perSecond = throughput(usl, inFlight) * factor;
  return {
    ...{ inFlight, accepted: 1, acceptedPerSecond: perSecond, processedPerSecond: perSecond },
    ...{ p50Ms: 1, p99Ms: 2, cpuSecondsPerAlert: 0, generatorCores: 0 },
  };
};

test("one of four points is held out, two of six or more; never the outermost", () => {
  expect([...heldOut([1, 2, 3])]).toEqual([]);
  expect([...heldOut([64, 1, 16, 4])]).toEqual([16]);
  expect([...heldOut([1, 2, 4, 8, 16, 32, 64])].sort((a, b) => a - b)).toEqual([4, 32]);
});

test("a held-out point does not move the curve, however wrong it is", () => {
  const right = curveOf([1, 4, 16, 64].map((n) => point(n)), processed);
  const wrong = curveOf([point(1), point(4), point(16, 0.5), point(64)], processed);
  expect(wrong.fit).toEqual(right.fit);
  expect(wrong.fit.points).toBe(3);
  const held = wrong.points.find((each) => each.heldOut);
  expect(held?.inFlight).toBe(16);
  expect((held?.fitted ?? 0) / (held?.measured ?? 1)).toBeCloseTo(2, 6);
});

test("the cost of a mix lies between its ends", () => {
  const none = { door: 0, helpers: 0, shards: 0, nats: 0, sink: 0, clickhouse: 0 };
  const repeated = { ...none, door: 2 };
  const fresh = { ...none, door: 10, shards: 40 };
  expect(total(mix(repeated, fresh, 1))).toBe(2);
  expect(total(mix(repeated, fresh, 0))).toBe(50);
  expect(mix(repeated, fresh, 0.75)).toEqual({ ...none, door: 4, shards: 10 });
});
