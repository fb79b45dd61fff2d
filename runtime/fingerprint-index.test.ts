import fc from "fast-check";
import { expect, test } from "vitest";
import { absent, FingerprintIndex } from "./fingerprint-index.ts";
import { fingerprintText } from "./fingerprint-text.ts";

test("behaves as a map by both halves, also where halves are equal", () => {
  const operation = fc.record({
    kind: fc.constantFrom("add", "delete", "find"),
    high: fc.integer({ min: -3, max: 3 }),
    low: fc.integer({ min: -20, max: 20 }),
  });
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 400 }), (operations) => {
      const highs: number[] = [];
      const lows: number[] = [];
      const index = new FingerprintIndex({
        high: (row) => highs[row] as number,
        low: (row) => lows[row] as number,
      });
      const model = new Map<string, number>();
      for (const { kind, high, low } of operations) {
        const key = `${high} ${low}`;
        const known = model.get(key);
        expect(index.find(high, low)).toBe(known ?? absent);
        if (kind === "add" && known === undefined) {
          const row = highs.push(high) - 1;
          lows.push(low);
          index.add(row);
          model.set(key, row);
        } else if (kind === "delete" && known !== undefined) {
          index.delete(known);
          model.delete(key);
        }
      }
      for (const row of model.values()) {
        expect(index.find(highs[row] as number, lows[row] as number)).toBe(row);
      }
    }),
    { seed: 4711, numRuns: 300 },
  );
});

test("spells a fingerprint with all its digits", () => {
  expect(fingerprintText(0, 10)).toBe("000000000000000a");
  expect(fingerprintText(-1, 0x80000000 | 0)).toBe("ffffffff80000000");
});
