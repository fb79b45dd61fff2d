import { describe, expect, test } from "vitest";
import { NewestStored, type ShardReading, lagMsOf } from "./lag.ts";
import type { PartitionStats } from "./shard-task.ts";

const idle: PartitionStats = {
  ...{ stage: "dedup", partition: 0, ready: true, stopped: null, inputSeq: 0, lagMs: 0 },
  ...{ positionSeq: 0, recordMs: 0, relayBacklog: 0, snapshotStepSeq: -1, actors: 0 },
  counters: null,
};

const shard = (...stats: Partial<PartitionStats>[]): ShardReading => ({
  heardAtMs: 10_000,
  stats: stats.map((one) => ({ ...idle, ...one })),
});

const nowMs = 10_200;

describe("how late an alert would be processed", () => {
  test("is nothing where nothing waits, whatever was stored before this process", () => {
    const newest = new NewestStored(1);
    expect(lagMsOf([shard({ positionSeq: 900, recordMs: 5 })], newest, nowMs)).toBe(0);
    expect(lagMsOf([], newest, nowMs)).toBe(0);
  });

  test("grows with every message stored, before its partition has heard of it", () => {
    const newest = new NewestStored(1);
    const shards = [shard({ positionSeq: 100, recordMs: 5, lagMs: 40 })];
    newest.note(0, 104);
    expect(lagMsOf(shards, newest, nowMs)).toBe(40);
    newest.note(0, 1_100);
    expect(lagMsOf(shards, newest, nowMs)).toBe(5_000);
    newest.note(0, 1_000);
    expect(lagMsOf(shards, newest, nowMs)).toBe(5_000);
  });

  test("takes each lane's own messages, of which the log's sequence counts all", () => {
    const newest = new NewestStored(2);
    newest.note(0, 2_000);
    newest.note(1, 999);
    const behind = { positionSeq: 1_000, recordMs: 5 };
    expect(lagMsOf([shard({ ...behind, partition: 3 })], newest, nowMs)).toBe(0);
    expect(lagMsOf([shard({ ...behind, partition: 2 })], newest, nowMs)).toBe(2_500);
  });

  test("is the wait of one stage after the other, each in its slowest partition", () => {
    const first = shard({ lagMs: 300 }, { stage: "incident", lagMs: 2_000 });
    const second = shard({ lagMs: 700 }, { stage: "incident", lagMs: 100 });
    expect(lagMsOf([first, second], new NewestStored(1), nowMs)).toBe(2_700);
  });

  test("counts the silence of a thread beyond a second", () => {
    const shards = [shard({ lagMs: 200 }, { stage: "incident", lagMs: 100 })];
    expect(lagMsOf(shards, new NewestStored(1), 10_900)).toBe(300);
    expect(lagMsOf(shards, new NewestStored(1), 14_000)).toBe(3_300);
  });

  test("threads note into the same memory", () => {
    const newest = new NewestStored(2);
    new NewestStored(2, newest.memory).note(1, 7);
    expect([newest.lanes, newest.of(0), newest.of(1)]).toEqual([2, 0, 7]);
  });
});
