import { expect, test } from "vitest";
import { collectWhenIdle, IdleCollector } from "./idle-collector.ts";

const mb = 1024 * 1024;

/** A heap of which a collection leaves `liveMb`. */
class Heap {
  heldMb = 20;
  liveMb = 20;
  collections = 0;
  collector = new IdleCollector({
    heldBytes: () => this.heldMb * mb,
    collect: () => {
      this.collections += 1;
      this.heldMb = this.liveMb;
    },
  });

  look(heldMb: number, busyShare: number): number {
    this.heldMb = heldMb;
    this.collector.look(busyShare);
    return this.collections;
  }
}

test("a thread that works is left alone, and cleaned up after once it rests", () => {
  const heap = new Heap();
  expect(heap.look(200, 0.9)).toBe(0);
  expect(heap.look(300, 0.3)).toBe(0);
  expect(heap.look(300, 0.1)).toBe(1);
  expect(heap.heldMb).toBe(20);
});

test("little garbage is no reason, and neither is what stays alive", () => {
  const heap = new Heap();
  expect(heap.look(51, 0)).toBe(0);
  heap.liveMb = 100;
  expect(heap.look(110, 0)).toBe(1);
  expect(heap.look(131, 0)).toBe(1);
  expect(heap.look(133, 0)).toBe(2);
});

test("what the engine collected by itself counts as the new ground", () => {
  const heap = new Heap();
  heap.liveMb = 100;
  heap.look(120, 0);
  heap.liveMb = 30;
  expect(heap.look(30, 0)).toBe(1);
  expect(heap.look(63, 0)).toBe(2);
});

test("the real collector frees what is dropped while the thread rests", async () => {
  const freed = { count: 0 };
  const registry = new FinalizationRegistry(() => (freed.count += 1));
  const stop = collectWhenIdle();
  let dropped: Uint8Array[] = Array.from({ length: 10 }, () => new Uint8Array(4 * mb).fill(1));
  for (const bytes of dropped) registry.register(bytes, null);
  dropped = [];
  const deadlineMs = performance.now() + 10_000;
  while (freed.count === 0 && performance.now() < deadlineMs) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  stop();
  expect(freed.count).toBeGreaterThan(0);
});
