/** What the system and the program say, read right: it is all that a calibration knows. */
import { expect, test } from "vitest";
import { upAndDown } from "./calibrate.ts";
import { diskCosts } from "./disk-costs.ts";
import { readCoreList } from "./own-cores.ts";
import { costBetween, cpuSeconds, readPs, residentBytes } from "./process-readings.ts";
import type { DiskReading, StreamReading } from "./program-readings.ts";

test("lines of ps, with hours and days of CPU time", () => {
  const text = "    1     0  2048  1-02:03:04\n   17     1   512    00:01.50\n\n";
  expect(readPs(text)).toEqual([
    { pid: 1, parent: 0, residentBytes: 2048 * 1024, seconds: 93_784 },
    { pid: 17, parent: 1, residentBytes: 512 * 1024, seconds: 1.5 },
  ]);
});

test("lists of cores", () => {
  expect(readCoreList("0-3,8")).toEqual([0, 1, 2, 3, 8]);
  expect(readCoreList("5")).toEqual([5]);
  expect(readCoreList("")).toEqual([]);
});

test("our own process uses CPU and memory", () => {
  const pids = { main: process.pid, nats: -1, analytics: -1 };
  const before = cpuSeconds(pids);
  for (const end = Date.now() + 60; Date.now() < end; );
  const cost = costBetween(before, cpuSeconds(pids), 10);
  expect(cost.nats + cost.sink + cost.clickhouse).toBe(0);
  expect(cost.door + cost.helpers + cost.shards).toBeGreaterThan(0);
  expect(residentBytes(process.pid).main).toBeGreaterThan(10 * 1024 ** 2);
});

test("loads go up and come down again", () => {
  expect(upAndDown([64, 1, 2, 4, 8, 16, 32])).toEqual([1, 4, 16, 64, 32, 8, 2]);
});

const stream = (messages: number, bytes: number, bytesPerMessage = 100): StreamReading => ({
  ...{ messages, bytes, bytesPerMessage, bytesMax: 0, keptMs: 0 },
});

function reading(at: { messages: number; bytes: number; rows: number; rollups: number }) {
  const { messages, bytes, rows, rollups } = at;
  const disk: DiskReading = {
    input: stream(messages, 0),
    work: stream(messages, 0),
    steps: stream(messages, bytes),
    incidents: stream(0, 0, 0),
    bucketBytes: 5_000,
    tables: [{ table: "alert_events", rows, bytes: rows * 10 }],
    rollups,
  };
  return disk;
}

test("roll-ups that came while new alerts were measured are not charged to these", () => {
  const zero = reading({ messages: 0, bytes: 0, rows: 0, rollups: 0 });
  const one = reading({ messages: 10, bytes: 20_000, rows: 200, rollups: 200 });
  const two = reading({ messages: 20, bytes: 75_000, rows: 350, rollups: 250 });
  const costs = diskCosts(
    { before: zero, after: one, alerts: 1_000 },
    { before: one, after: two, alerts: 100 },
    { disk: two, fingerprints: 50 },
  );
  // A purged stream is told by its messages: 10 of 100 bytes each.
  expect(costs.inputBytes).toEqual({ repeated: 1, fresh: 10 });
  expect(costs.perRollup).toMatchObject({ steps: 100, clickhouse: 10, incidents: 0 });
  expect(costs.perFresh.steps).toBeCloseTo((55_000 - 50 * 100) / 100, 9);
  expect(costs.perFresh.clickhouse).toBeCloseTo((1_500 - 500) / 100, 9);
  expect(costs.bucketBytesPerFingerprint).toBe(100);
});

test("a run without roll-ups does not know what one takes", () => {
  const zero = reading({ messages: 0, bytes: 0, rows: 0, rollups: 0 });
  const around = { before: zero, after: { ...zero, rollups: 3 }, alerts: 10 };
  expect(diskCosts(around, around, { disk: zero, fingerprints: 1 }).perRollup).toBe(null);
});
