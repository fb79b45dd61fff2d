import { beforeEach, expect, test } from "vitest";
import { RetryableError } from "./errors.ts";
import type { Timer, Timers, TimerWatcher } from "./ports.ts";
import { TimerMirror } from "./timer-mirror.ts";

/** A bucket that shows what is written at once, and counts writes. */
class Bucket implements Timers {
  shown = new Map<string, Timer>();
  writes = 0;
  refuses = false;
  private watcher: TimerWatcher | null = null;

  async put(_partition: number, timer: Timer): Promise<void> {
    this.written();
    this.appear(timer);
  }

  async delete(_partition: number, id: string): Promise<void> {
    this.written();
    this.vanish(id);
  }

  async watch(_partition: number, watcher: TimerWatcher): Promise<{ stop(): void }> {
    this.watcher = watcher;
    watcher.ready();
    return { stop: () => (this.watcher = null) };
  }

  appear(timer: Timer): void {
    this.shown.set(timer.id, timer);
    this.watcher?.put(timer);
  }

  vanish(id: string): void {
    this.shown.delete(id);
    this.watcher?.deleted(id);
  }

  private written(): void {
    if (this.refuses) throw new RetryableError("not now");
    this.writes += 1;
  }
}

const timer = (id: string, generation = 1): Timer => ({ id, generation, fireAtMs: 1_000 });
let bucket: Bucket;
let mirror: TimerMirror;
let isOwner: boolean;

beforeEach(async () => {
  bucket = new Bucket();
  mirror = new TimerMirror(bucket, 0);
  isOwner = true;
  await mirror.start([timer("a", 3)], async () => isOwner);
});

async function look(times: number): Promise<void> {
  for (let n = 0; n < times; n += 1) mirror.nextWakeAtMs(null);
  await new Promise((resolve) => setImmediate(resolve));
}

test("a timer that a former owner wrote late is deleted again", async () => {
  bucket.appear(timer("late"));
  await look(39);
  expect([...bucket.shown.keys()]).toEqual(["a", "late"]);
  await look(1);
  expect([...bucket.shown.keys()]).toEqual(["a"]);
});

test("one that it deleted or put back late is written again", async () => {
  bucket.vanish("a");
  await look(40);
  expect(bucket.shown.get("a")?.generation).toBe(3);
  bucket.appear(timer("a", 2));
  await look(40);
  expect(bucket.shown.get("a")?.generation).toBe(3);
});

test("what is shown in time is not written twice", async () => {
  bucket.vanish("a");
  await look(20);
  bucket.appear(timer("a", 3));
  const { writes } = bucket;
  await look(100);
  await mirror.apply("a", timer("a", 4));
  await look(100);
  await mirror.apply("a", null);
  await look(100);
  expect([bucket.writes - writes, bucket.shown.size]).toEqual([2, 0]);
});

test("who no longer owns the partition puts nothing right", async () => {
  isOwner = false;
  bucket.appear(timer("of the new owner"));
  await look(200);
  expect(bucket.shown.has("of the new owner")).toBe(true);
});

test("what could not be written is tried again", async () => {
  bucket.appear(timer("late"));
  bucket.refuses = true;
  await look(60);
  expect(bucket.shown.has("late")).toBe(true);
  bucket.refuses = false;
  await look(1);
  expect(bucket.shown.has("late")).toBe(false);
});
