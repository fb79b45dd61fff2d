import { expect, test } from "vitest";
import fc from "fast-check";
import { Lanes } from "./lanes.ts";

const limits = { activeMax: 3, activePerLaneMax: 2, parkedMax: 4, parkedPerLaneMax: 3 };

test("a slow lane holds up only itself", () => {
  const lanes = new Lanes<string>(limits);
  expect(lanes.offer("slow", "s1")).toBe("start");
  expect(lanes.offer("slow", "s2")).toBe("start");
  expect(lanes.offer("slow", "s3")).toBe("parked");
  expect(lanes.offer("quick", "q1")).toBe("start");
  expect(lanes.offer("quick", "q2")).toBe("parked");
  expect(lanes.release("quick")).toBe("q2");
  expect(lanes.release("slow")).toBe("s3");
});

test("lanes that wait take turns", () => {
  const lanes = new Lanes<string>({ ...limits, activeMax: 1, activePerLaneMax: 1 });
  lanes.offer("a", "a1");
  for (const item of ["a2", "a3"]) lanes.offer("a", item);
  for (const item of ["b1", "b2"]) lanes.offer("b", item);
  expect(lanes.release("a")).toBe("a2");
  expect(lanes.release("a")).toBe("b1");
  expect(lanes.release("b")).toBe("a3");
  expect(lanes.release("a")).toBe("b2");
  expect(lanes.release("b")).toBeNull();
  expect(lanes.active).toBe(0);
});

test("what finds no place is refused, and drained items never start", () => {
  const lanes = new Lanes<number>({ ...limits, activeMax: 1, parkedMax: 2 });
  expect(["x", "x", "y", "z"].map((lane, i) => lanes.offer(lane, i))).toEqual([
    "start",
    "parked",
    "parked",
    "full",
  ]);
  expect(lanes.drainParked()).toEqual([1, 2]);
  expect(lanes.release("x")).toBeNull();
  expect(() => lanes.release("x")).toThrow();
});

test("whatever happens, the limits hold and nothing that could run waits", () => {
  const action = fc.record({ offer: fc.boolean(), lane: fc.constantFrom("a", "b", "c", "d") });
  fc.assert(
    fc.property(fc.array(action, { maxLength: 200 }), (actions) => {
      const lanes = new Lanes<string>(limits);
      const active = new Map<string, number>();
      const parked = new Map<string, number>();
      const add = (map: Map<string, number>, lane: string, n: number): void =>
        void map.set(lane, (map.get(lane) ?? 0) + n);
      const sum = (map: Map<string, number>): number =>
        [...map.values()].reduce((total, n) => total + n, 0);
      for (const { offer, lane } of actions) {
        if (offer) {
          const place = lanes.offer(lane, lane);
          if (place === "start") add(active, lane, 1);
          if (place === "parked") add(parked, lane, 1);
        } else if ((active.get(lane) ?? 0) > 0) {
          add(active, lane, -1);
          const next = lanes.release(lane);
          if (next !== null) {
            add(parked, next, -1);
            add(active, next, 1);
          }
        }
        expect(lanes.active).toBe(sum(active));
        expect(lanes.parked).toBe(sum(parked));
        expect(lanes.active).toBeLessThanOrEqual(limits.activeMax);
        expect(lanes.parked).toBeLessThanOrEqual(limits.parkedMax);
        for (const [name, n] of parked) {
          const running = active.get(name) ?? 0;
          expect(running).toBeLessThanOrEqual(limits.activePerLaneMax);
          const couldRun = lanes.active < limits.activeMax && running < limits.activePerLaneMax;
          expect(n > 0 && couldRun).toBe(false);
        }
      }
    }),
  );
});
