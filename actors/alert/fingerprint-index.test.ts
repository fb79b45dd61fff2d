import fc from "fast-check";
import { expect, test } from "vitest";
import { absent, FingerprintIndex } from "./fingerprint-index.ts";
import { halves, readFingerprint } from "./fingerprint.ts";
import { fingerprintText } from "../../runtime/fingerprint-text.ts";

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
      }, 4711);
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

test("reads what it spells, and nothing else", () => {
  const half = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
  fc.assert(
    fc.property(half, half, (high, low) => {
      expect(readFingerprint(fingerprintText(high, low))).toBe(true);
      expect(halves).toEqual({ high, low });
    }),
    { seed: 4711 },
  );
  for (const text of ["", "12", "00000000000000AB", "0x000000000000ab", "00000000000000ab0"]) {
    expect(readFingerprint(text)).toBe(false);
  }
});

test("finds each of many rows, and none of those that were never added", () => {
  const rows = { high: (row: number) => row * 7, low: (row: number) => row % 5 };
  const index = new FingerprintIndex(rows, 4711);
  for (let row = 0; row < 20_000; row += 1) index.add(row);
  const numbers = Array.from({ length: 40_000 }, (_, row) => row);
  const found = numbers.map((row) => index.find(rows.high(row), rows.low(row)));
  expect(found).toEqual(numbers.map((row) => (row < 20_000 ? row : absent)));
  expect(index.size).toBe(20_000);
});

test("one that was emptied with room finds what is added, within that room and beyond it", () => {
  const rows = { high: (row: number) => row * 7, low: (row: number) => row % 5 };
  const index = new FingerprintIndex(rows, 4711);
  index.add(3);
  for (const room of [0, 1, 44, 45, 63, 64, 1_000]) {
    index.clear(room);
    expect(index.size).toBe(0);
    expect(index.find(rows.high(3), rows.low(3))).toBe(absent);
    for (let row = 0; row < 2_000; row += 1) index.add(row);
    const numbers = Array.from({ length: 2_000 }, (_, row) => row);
    expect(numbers.map((row) => index.find(rows.high(row), rows.low(row)))).toEqual(numbers);
  }
});
