import fc from "fast-check";
import { expect, test } from "vitest";
import { FingerprintMap, fingerprintText } from "./fingerprint-map.ts";

test("behaves as a map by both halves, also where upper halves are equal", () => {
  const operation = fc.record({
    kind: fc.constantFrom("add", "delete", "get"),
    high: fc.integer({ min: -2, max: 1 }),
    low: fc.integer({ min: -2, max: 1 }),
  });
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 80 }), (operations) => {
      const map = new FingerprintMap<{ high: number; low: number }>();
      const model = new Map<string, { high: number; low: number }>();
      for (const { kind, high, low } of operations) {
        const key = `${high} ${low}`;
        const known = model.get(key);
        expect(map.get(high, low)).toBe(known);
        if (kind === "add" && known === undefined) {
          const item = { high, low };
          map.add(item);
          model.set(key, item);
        } else if (kind === "delete" && known !== undefined) {
          map.delete(known);
          model.delete(key);
        }
        expect(map.size).toBe(model.size);
      }
      expect(new Set(map.values())).toEqual(new Set(model.values()));
    }),
    { seed: 4711, numRuns: 500 },
  );
});

test("spells a fingerprint with all its digits", () => {
  expect(fingerprintText(0, 10)).toBe("000000000000000a");
  expect(fingerprintText(-1, 0x80000000 | 0)).toBe("ffffffff80000000");
});
