/** The fit finds what made the points, keeps its bounds, and is honest about its error. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fitUsl, relativeError, type UslPoint } from "./usl-fit.ts";
import { ceiling, peakAt, speedup, throughput, type Usl } from "./usl.ts";

const loads = [1, 2, 4, 8, 16, 32, 64];

const curve = (usl: Usl, noise: (n: number) => number = () => 0): UslPoint[] =>
  loads.map((n) => ({ n, perSecond: throughput(usl, n) * (1 + noise(n)) }));

const anyUsl = fc.record({
  lambda: fc.double({ min: 1, max: 1e6, noNaN: true }),
  sigma: fc.double({ min: 0, max: 1, noNaN: true }),
  kappa: fc.double({ min: 0, max: 0.1, noNaN: true }),
});

describe("without noise", () => {
  test("the parameters that made the points are found again", () => {
    fc.assert(
      fc.property(anyUsl, (usl) => {
        const fit = fitUsl(curve(usl));
        expect(fit.lambda / usl.lambda).toBeCloseTo(1, 5);
        expect(fit.sigma).toBeCloseTo(usl.sigma, 5);
        expect(fit.kappa).toBeCloseTo(usl.kappa, 5);
        expect(fit.relativeRms).toBeLessThan(1e-6);
      }),
    );
  });

  test("a straight line has neither contention nor coherency, and no peak", () => {
    const fit = fitUsl(curve({ lambda: 1000, sigma: 0, kappa: 0 }));
    expect([fit.sigma, fit.kappa]).toEqual([0, 0]);
    expect(peakAt(fit)).toBe(null);
    expect(ceiling(fit)).toBe(Number.POSITIVE_INFINITY);
  });

  test("Gunther's peak: the best N is sqrt((1 - sigma) / kappa)", () => {
    const usl = { lambda: 100, sigma: 0.19, kappa: 0.0025 };
    expect(peakAt(fitUsl(curve(usl)))).toBeCloseTo(18, 6);
    expect(ceiling(usl)).toBeCloseTo(throughput(usl, 18), 9);
    expect(throughput(usl, 17)).toBeLessThan(ceiling(usl));
    expect(throughput(usl, 19)).toBeLessThan(ceiling(usl));
    expect(ceiling({ lambda: 100, sigma: 0.2, kappa: 0 })).toBe(500);
    expect(speedup(usl, 1)).toBe(1);
  });
});

describe("with noise", () => {
  const noise = fc.array(fc.double({ min: -0.3, max: 0.3, noNaN: true }), {
    minLength: loads.length,
    maxLength: loads.length,
  });

  test("bounds hold, and no nearby curve fits better", () => {
    fc.assert(
      fc.property(anyUsl, noise, (usl, noises) => {
        const points = curve(usl, (n) => noises[loads.indexOf(n)] ?? 0);
        const fit = fitUsl(points);
        expect(fit.lambda).toBeGreaterThan(0);
        expect(fit.sigma).toBeGreaterThanOrEqual(0);
        expect(fit.sigma).toBeLessThanOrEqual(1);
        expect(fit.kappa).toBeGreaterThanOrEqual(0);
        const loss = (each: Usl) => points.reduce((sum, p) => sum + relativeError(each, p) ** 2, 0);
        const best = loss(fit);
        for (const factor of [0.99, 1.01]) {
          expect(loss({ ...fit, lambda: fit.lambda * factor })).toBeGreaterThanOrEqual(best - 1e-9);
          const sigma = Math.min(1, fit.sigma * factor);
          expect(loss({ ...fit, sigma })).toBeGreaterThanOrEqual(best - 1e-9);
          expect(loss({ ...fit, kappa: fit.kappa * factor })).toBeGreaterThanOrEqual(best - 1e-9);
        }
      }),
    );
  });

  test("standard errors grow with the noise, and the truth lies within a few of them", () => {
    const usl = { lambda: 20_000, sigma: 0.15, kappa: 0.0004 };
    const errorOf = (size: number) =>
      fitUsl(curve(usl, (n) => (Math.log2(n) % 2 === 0 ? size : -size)));
    const [calm, rough] = [errorOf(0.01), errorOf(0.05)];
    expect(calm.errors.lambda ?? 0).toBeLessThan(rough.errors.lambda ?? 0);
    expect(Math.abs(rough.lambda - usl.lambda)).toBeLessThan(4 * (rough.errors.lambda ?? 0));
    expect(calm.relativeRms).toBeLessThan(0.011);
    expect(calm.r2).toBeGreaterThan(0.99);
  });
});

test("three points are met exactly and leave no error to tell; fewer are refused", () => {
  const usl = { lambda: 500, sigma: 0.1, kappa: 0.001 };
  const fit = fitUsl(curve(usl).slice(0, 3));
  expect(fit.errors).toEqual({ lambda: null, sigma: null, kappa: null });
  expect(fit.relativeRms).toBeLessThan(1e-6);
  expect(() => fitUsl(curve(usl).slice(0, 2))).toThrow(RangeError);
  const twice = { n: 1, perSecond: 1 };
  expect(() => fitUsl([twice, twice, twice])).toThrow(RangeError);
  expect(() => fitUsl(loads.map((n) => ({ n, perSecond: 0 })))).toThrow(RangeError);
});
