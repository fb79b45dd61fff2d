import fc from "fast-check";
import { expect, test } from "vitest";
import type { FiringAlert } from "../actors/alert/alert.ts";
import { codec } from "../streams/codec.ts";
import { AlertRows, type RowsSnapshot, blankState, pageRows } from "./alert-rows.ts";

const policies = [
  { firstMs: 1, maxMs: 2 },
  { firstMs: 3, maxMs: 86_400_000 },
];
const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const timeMs = fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 });
const state: fc.Arbitrary<FiringAlert> = fc.record({
  kind: fc.constant("firing" as const),
  startsAtMs: timeMs,
  endsAtMs: timeMs,
  endsByTimeout: fc.boolean(),
  contentHash: int32,
  updatedAtMs: timeMs,
  total: fc.integer({ min: 1, max: 2 ** 40 }),
  pending: fc.nat({ max: 2 ** 31 - 1 }),
  pendingFromMs: timeMs,
  rollupMs: fc.nat({ max: 86_400_000 }),
  rollupAtMs: timeMs,
  policy: fc.constantFrom(...policies),
});
const step = fc.oneof(
  fc.record({
    kind: fc.constant("add" as const),
    high: int32,
    low: int32,
    domain: fc.constantFrom("acme/prod", "", "日本"),
    payload: fc.nat(),
    state,
  }),
  fc.record({ kind: fc.constant("free" as const), at: fc.nat() }),
  fc.record({ kind: fc.constant("restore" as const) }),
);

const reRead = (rows: AlertRows): RowsSnapshot =>
  codec.decode(codec.encode(rows.snapshot())) as RowsSnapshot;

test("each row holds what was put into it, also after a restore", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      let rows = new AlertRows();
      const model = new Map<number, Extract<(typeof steps)[number], { kind: "add" }>>();
      for (const one of steps) {
        if (one.kind === "add") {
          model.set(rows.add(one.high, one.low, one.domain, one.payload, one.state), one);
        } else if (one.kind === "restore") {
          const restored = new AlertRows();
          restored.restore(reRead(rows));
          rows = restored;
        } else if (model.size > 0) {
          const row = [...model.keys()][one.at % model.size] as number;
          rows.free(row);
          model.delete(row);
        }
      }
      expect([...rows.used()]).toEqual([...model.keys()].toSorted((a, b) => a - b));
      expect(rows.size).toBe(model.size);
      for (const [row, { high, low, domain, payload, state }] of model) {
        const loaded = blankState();
        rows.load(row, loaded);
        expect(loaded).toEqual(state);
        expect([rows.high(row), rows.low(row), rows.domain(row), rows.payload(row)]).toEqual([
          high,
          low,
          domain,
          payload,
        ]);
      }
    }),
    { seed: 4711, numRuns: 300 },
  );
});

test("grows by pages, and uses freed rows again", () => {
  const rows = new AlertRows();
  const alert = { ...blankState(), policy: { firstMs: 1, maxMs: 2 } };
  for (let n = 0; n < pageRows * 2 + 1; n += 1) expect(rows.add(n, -n, "d", n, alert)).toBe(n);
  expect(rows.snapshot().pages).toHaveLength(3);
  rows.free(5);
  rows.free(pageRows + 5);
  expect(rows.add(1, 1, "d", 1, alert)).toBe(pageRows + 5);
  expect(rows.add(1, 1, "d", 1, alert)).toBe(5);
  expect(rows.low(pageRows * 2)).toBe(-pageRows * 2);
});
