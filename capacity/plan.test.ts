/** Plans as stories with round numbers, and what must hold for any calibration and demand. */
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { loadHash32 } from "../streams/domain-partition.ts";
import { busiestShareBy } from "./busiest-share.ts";
import { type Calibration, type CpuCost, readCalibration } from "./calibration.ts";
import { contentionAssumed, coreCounts, coreScaling, effectiveCores } from "./core-scaling.ts";
import type { Demand } from "./disk-plan.ts";
import { type BusiestShare, plan as planWith } from "./plan.ts";
import { speedup } from "./usl.ts";

const gib = 1024 ** 3;
const hourMs = 3_600_000;
let byHash: BusiestShare;
beforeAll(async () => {
  byHash = busiestShareBy(await loadHash32());
});

const cost = (door: number, shards: number): CpuCost => ({
  ...{ door, shards, helpers: 0, nats: 0, sink: 0, clickhouse: 0 },
});

/** A repeat costs 2 + 2 µs, a new alert 10 + 90 µs; measured on 4 cores. */
function calibration(over: Partial<Calibration> = {}): Calibration {
  return {
    format: 1,
    measuredAt: "2026-01-01T00:00:00.000Z",
    tocsinVersion: "0.1.0",
    machine: { platform: "linux", cpu: "test", cores: 4, memoryBytes: 16 * gib },
    settings: { secondsPerPoint: 2, repeatShare: 0.9, alertsPerRequest: 64, population: 10_240 },
    points: [],
    cpu: { byThread: true, repeated: cost(2e-6, 2e-6), fresh: cost(10e-6, 90e-6) },
    memory: {
      ...{ idleBytes: gib / 4, perFingerprintBytes: 2_000, burstBytes: 0 },
      ...{ enginesBytes: gib / 4, fingerprints: 100_000 },
    },
    disk: {
      inputBytes: { repeated: 20, fresh: 500 },
      perFresh: { work: 300, steps: 1_000, incidents: 1_000, clickhouse: 100 },
      perRollup: { work: 100, steps: 200, incidents: 0, clickhouse: 50 },
      bucketBytesPerFingerprint: 600,
    },
    limits: {
      ...{ inputBytesMax: 8 * gib, stepsBytesMax: 16 * gib, stepsKeptMs: 168 * hourMs },
      ...{ incidentsKeptMs: 720 * hourMs, rollupMaxMs: 300_000, partitions: 8 },
    },
    coreCounts: [],
    ...over,
  };
}

const demand = (over: Partial<Demand> = {}): Demand => ({
  ...{ alertsPerSecond: 1_000, fingerprints: 30_000, retentionMs: 24 * hourMs },
  ...{ repeatShare: 0.9, utilisation: 0.5, coresPerNode: 4, nodesMax: null },
  ...over,
});

const plan = (over: Partial<Demand> = {}, of = calibration()) => planWith(of, demand(over), byHash);
const perSecond = (found: ReturnType<typeof plan>, name: string): number =>
  found.limits.find((limit) => limit.name === name)?.perSecond ?? Number.NaN;

describe("cores and nodes", () => {
  test("0.9 x 4 + 0.1 x 100 µs: four cores half busy take 147,059 alerts/s", () => {
    const found = plan({ alertsPerSecond: 147_000 });
    expect(perSecond(found, "cores")).toBeCloseTo(147_059, 0);
    expect(found).toMatchObject({ cores: 4, nodes: 1, nodesWithSpare: 2 });
    expect(found.busyCores).toBeCloseTo(2, 2);
    expect(plan({ alertsPerSecond: 147_100 })).toMatchObject({ cores: 5, nodes: 2 });
    expect(plan({ alertsPerSecond: 30_000 }).cores).toBe(1);
  });

  test("the door is one thread: with cores enough, it is what binds", () => {
    const found = plan({ alertsPerSecond: 400_000, coresPerNode: 64, repeatShare: 1 });
    expect(perSecond(found, "door")).toBeCloseTo(250_000, 6);
    expect(found.nodes).toBe(2);
    expect(found.limits.filter(({ name }) => name === "door")[0]?.load).toBeCloseTo(0.8, 9);
  });

  test("another core count is extrapolated and says so; the measured one is not", () => {
    const basis = (cores: number, of = calibration()) =>
      plan({ coresPerNode: cores }, of).limits.find(({ name }) => name === "cores")?.basis;
    expect([basis(4), basis(16)]).toEqual(["measured", "assumed"]);
    const counts = [1, 2, 4].map((cores) => ({ cores, perSecond: 1_000 * cores ** 0.8 }));
    expect(basis(16, calibration({ coreCounts: counts }))).toBe("fitted");
  });

  test("--nodes-max does not hide what is needed", () => {
    const found = plan({ alertsPerSecond: 1_000_000, nodesMax: 2 });
    expect(found.nodes).toBe(7);
    expect(found.limits.find(({ name }) => name === "cores")).toMatchObject({ fits: false });
  });
});

describe("shards and partitions", () => {
  test("as many as keep the busiest one within the utilisation, by the real hashing", () => {
    const found = plan({ alertsPerSecond: 100_000, coresPerNode: 8 });
    const busy = 100_000 * (0.9 * 2e-6 + 0.1 * 90e-6) * found.busiestShardShare;
    expect(busy).toBeLessThanOrEqual(0.5);
    expect(found.shardsPerNode).toBeGreaterThanOrEqual(3);
    expect(found.busiestShardShare).toBe(byHash(found.shardsPerNode, found.partitionsPerNode));
  });

  test("more partitions where the default is too few", () => {
    expect(plan({ alertsPerSecond: 1_000 }).partitionsPerNode).toBe(8);
    const wide = { alertsPerSecond: 450_000, coresPerNode: 64, repeatShare: 0.95 };
    const cpu = { byThread: true, repeated: cost(0, 2e-6), fresh: cost(0, 200e-6) };
    expect(plan(wide, calibration({ cpu })).partitionsPerNode).toBeGreaterThan(8);
  });
});

describe("memory and disk", () => {
  test("memory: the engines, the program and its fingerprints, and a fifth left free", () => {
    const bytes = plan({ fingerprints: 1_000_000 }).memoryBytesPerNode;
    expect(bytes).toBeCloseTo((gib / 2 + 2e9) / 0.8, 0);
  });

  test("100 new alerts a second and 100 roll-ups, for as long as each is kept", () => {
    const { disk } = plan({ alertsPerSecond: 1_000 });
    const daySeconds = 86_400;
    expect(disk.clickhouse).toBeCloseTo((100 * 100 + 100 * 50) * daySeconds, 0);
    expect(disk.incidents).toBeCloseTo(100 * 1_000 * 30 * daySeconds, 0);
    expect(disk.buckets).toBeCloseTo(30_000 * 600 * 2, 0);
  });

  test("a step log that is half full before its time reaches back less far", () => {
    const { disk, binding } = plan({ alertsPerSecond: 1_000 });
    expect(disk.stepsKeptMs).toBeCloseTo((8 * gib * 1_000) / 120_000, -1);
    expect(disk.steps).toBeCloseTo(8 * gib, -3);
    expect(binding.fits).toBe(true);
    const calm = plan({ alertsPerSecond: 10, fingerprints: 300 });
    expect(calm.disk.stepsKeptMs).toBe(7 * 86_400_000);
  });

  test("a roll-up that was never seen is taken for as large as a new alert", () => {
    const { disk } = calibration();
    const unseen = calibration({ disk: { ...disk, perRollup: null } });
    expect(plan({}, unseen).disk.incidents).toBeGreaterThan(plan().disk.incidents);
  });
});

test("more of anything never needs less of anything", () => {
  const anyDemand = fc.record({
    alertsPerSecond: fc.integer({ min: 1, max: 2_000_000 }),
    fingerprints: fc.integer({ min: 1, max: 10_000_000 }),
    retentionMs: fc.integer({ min: hourMs, max: 8_760 * hourMs }),
    repeatShare: fc.double({ min: 0, max: 1, noNaN: true }),
    utilisation: fc.double({ min: 0.1, max: 1, noNaN: true }),
    coresPerNode: fc.integer({ min: 1, max: 32 }),
  });
  const more = fc.constantFrom("alertsPerSecond", "fingerprints", "retentionMs");
  fc.assert(
    fc.property(anyDemand, more, fc.double({ min: 1, max: 4, noNaN: true }), (less, key, by) => {
      const [a, b] = [plan(less), plan({ ...less, [key]: less[key] * by })];
      expect(b.cores).toBeGreaterThanOrEqual(a.cores);
      expect(b.nodes).toBeGreaterThanOrEqual(a.nodes);
      const all = ({ nodes, memoryBytesPerNode, disk }: typeof a): number[] => [
        nodes * memoryBytesPerNode,
        nodes * disk.bytesPerNode,
      ];
      for (const [i, need] of all(a).entries()) {
        expect(all(b)[i]).toBeGreaterThanOrEqual(need * (1 - 1e-9));
      }
    }),
    { numRuns: 60 },
  );
});

describe("scaling over cores", () => {
  test("three counts are fitted, two are not", () => {
    const usl = { lambda: 1_000, sigma: 0.05, kappa: 0.001 };
    const points = [1, 2, 4, 7].map((cores) => ({ cores, perSecond: 1_000 * speedup(usl, cores) }));
    const fitted = coreScaling(points);
    expect(fitted.kind).toBe("fitted");
    expect(fitted.usl.sigma).toBeCloseTo(0.05, 6);
    expect(effectiveCores(fitted, 7, 7)).toBeCloseTo(7, 9);
    expect(effectiveCores(fitted, 14, 7)).toBeLessThan(14);
    // Past the peak more cores are not used.
    expect(effectiveCores(fitted, 500, 7)).toBe(effectiveCores(fitted, 200, 7));
    const assumed = coreScaling(points.slice(0, 2));
    expect(assumed).toMatchObject({ kind: "assumed", usl: { sigma: contentionAssumed } });
  });

  test("one core is left to the load generator", () => {
    expect([2, 3, 4, 8, 16].map(coreCounts)).toEqual([
      [],
      [],
      [1, 2, 3],
      [1, 2, 4, 7],
      [1, 2, 4, 8, 15],
    ]);
  });
});

test("a saved calibration is read back, or refused by the first thing that is wrong", () => {
  const { points: _points, ...rest } = calibration();
  const text = JSON.stringify(calibration());
  expect(readCalibration(text)).toEqual(calibration());
  expect(() => readCalibration("{")).toThrow("it is no JSON");
  expect(() => readCalibration("[]")).toThrow("its format is undefined, expected 1");
  expect(() => readCalibration(JSON.stringify(rest))).toThrow("points: expected a list");
  const wrong = text.replace('"cores":4', '"cores":"four"');
  expect(() => readCalibration(wrong)).toThrow(
    'machine.cores: got "four", expected a number of 0 or more',
  );
});
