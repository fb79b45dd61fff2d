import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { WakeHeap } from "./wake-heap.ts";

const asScheduled = (deadlines: Map<string, number>) => (id: string) => deadlines.get(id) ?? null;

function drain(heap: WakeHeap, beforeMs: number, deadlines: Map<string, number>): string[] {
  const order: string[] = [];
  for (;;) {
    const id = heap.popDue(beforeMs, asScheduled(deadlines));
    if (id === null) return order;
    order.push(`${id}@${deadlines.get(id)}`);
    deadlines.delete(id);
  }
}

describe("wake heap", () => {
  test("pops strictly before the limit, by deadline, then by id", () => {
    const deadlines = new Map([["b", 10], ["a", 10], ["c", 5], ["d", 20]]);
    const heap = new WakeHeap();
    for (const [id, deadlineMs] of deadlines) heap.schedule(id, deadlineMs);
    expect(drain(heap, 5, deadlines)).toEqual([]);
    expect(drain(heap, 20, deadlines)).toEqual(["c@5", "a@10", "b@10"]);
    expect(heap.peekMs()).toBe(20);
    expect(heap.size).toBe(1);
  });

  test("a deadline that moved later costs nothing until its entry comes up", () => {
    const heap = new WakeHeap();
    heap.schedule("a", 10);
    heap.schedule("a", 30);
    expect(heap.peekMs()).toBe(10);
    const deadlines = new Map([["a", 30]]);
    expect(heap.peekMs(asScheduled(deadlines))).toBe(30);
    expect(drain(heap, 30, deadlines)).toEqual([]);
    expect(drain(heap, 31, deadlines)).toEqual(["a@30"]);
    expect(heap.peekMs()).toBeNull();
  });

  test("a deadline that moved earlier is heard", () => {
    const heap = new WakeHeap();
    heap.schedule("a", 10);
    heap.schedule("b", 20);
    heap.schedule("b", 5);
    expect(drain(heap, 100, new Map([["a", 10], ["b", 5]]))).toEqual(["b@5", "a@10"]);
  });

  test("an actor that is gone or waits for nothing is dropped", () => {
    const heap = new WakeHeap();
    heap.schedule("gone", 1);
    heap.schedule("removed", 2);
    heap.schedule("stays", 3);
    heap.remove("removed");
    heap.remove("never there");
    expect(heap.size).toBe(2);
    const deadlines = new Map([["stays", 3]]);
    expect(heap.peekMs(asScheduled(deadlines))).toBe(3);
    expect(heap.size).toBe(1);
  });

  test("what fills a removed place rises above later deadlines", () => {
    // In heap order: the removed 30 stands below 20 and 10, and the last one, 8, takes its place.
    const inHeap = [1, 10, 2, 20, 21, 50, 3, 30, 31, 32, 33, 60, 61, 62, 8];
    const deadlines = new Map(inHeap.map((deadlineMs) => [`t${deadlineMs}`, deadlineMs]));
    const heap = new WakeHeap();
    for (const [id, deadlineMs] of deadlines) heap.schedule(id, deadlineMs);
    deadlines.delete("t30");
    heap.remove("t30");
    const order = inHeap.filter((ms) => ms !== 30).toSorted((a, b) => a - b);
    expect(drain(heap, 100, deadlines)).toEqual(order.map((ms) => `t${ms}@${ms}`));
  });

  test("any history pops the order of the true deadlines, as a rebuilt heap does", () => {
    const operation = fc.record({
      id: fc.constantFrom(..."abcdefghij"),
      kind: fc.constantFrom("move", "remove", "peek", "pop"),
      ms: fc.integer({ min: 0, max: 40 }),
    });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 120 }), (operations) => {
        const heap = new WakeHeap();
        const model = new Map<string, number>();
        const least = () =>
          [...model].sort(([a, x], [b, y]) => x - y || (a < b ? -1 : 1)).at(0) ?? null;
        for (const { id, kind, ms } of operations) {
          if (kind === "move") {
            const before = model.get(id);
            model.set(id, ms);
            if (before === undefined || ms < before) heap.schedule(id, ms);
          } else if (kind === "remove") {
            model.delete(id);
            heap.remove(id);
          } else if (kind === "peek") {
            expect(heap.peekMs(asScheduled(model))).toBe(least()?.[1] ?? null);
          } else {
            const expected = least();
            const due = expected !== null && expected[1] < ms ? expected[0] : null;
            expect(heap.popDue(ms, asScheduled(model))).toBe(due);
            if (due !== null) model.delete(due);
          }
        }
        const rebuilt = new WakeHeap();
        for (const [id, deadlineMs] of model) rebuilt.schedule(id, deadlineMs);
        expect(drain(heap, 100, new Map(model))).toEqual(drain(rebuilt, 100, new Map(model)));
      }),
      { seed: 4711, numRuns: 500 },
    );
  });
});
