import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PayloadArena } from "./payload-arena.ts";

const slabBytes = 256 * 1024;
const bytesOf = (length: number, fill: number): Uint8Array => new Uint8Array(length).fill(fill);
const contentOf = (arena: PayloadArena, block: number): number[] => [...arena.view(block)];

describe("payload arena", () => {
  test("gives back what was put in, of any size, and nothing is left when all is freed", () => {
    const arena = new PayloadArena();
    const lengths = [0, 1, 63, 64, 65, 72, 73, 500, 32_767, 32_768, 32_769, slabBytes + 1];
    const blocks = lengths.map((length, at) => arena.put(bytesOf(length, at + 1)));
    expect(arena.payloadBytes).toBe(lengths.reduce((sum, length) => sum + length, 0));
    blocks.forEach((block, at) => {
      expect(Buffer.compare(arena.view(block), bytesOf(lengths[at] ?? 0, at + 1))).toBe(0);
    });
    for (const block of blocks) arena.free(block);
    expect([arena.payloadBytes, arena.reservedBytes]).toEqual([0, 0]);
  });

  test("copies: neither the source nor a neighbour changes a payload", () => {
    const arena = new PayloadArena();
    const source = bytesOf(64, 1);
    const block = arena.put(source);
    source.fill(9);
    arena.put(bytesOf(64, 2));
    expect(contentOf(arena, block)).toEqual(contentOf(arena, arena.put(bytesOf(64, 1))));
  });

  test("a freed block is the next one of its size to be used, in its old slab", () => {
    const arena = new PayloadArena();
    const [, second] = [1, 2, 3].map((fill) => arena.put(bytesOf(500, fill)));
    arena.free(second ?? -1);
    expect(arena.put(bytesOf(490, 4))).toBe(second);
    expect(arena.reservedBytes).toBeLessThanOrEqual(slabBytes);
  });

  test("wastes at most an eighth and the ends of slabs", () => {
    const arena = new PayloadArena();
    for (let at = 0; at < 5_000; at += 1) arena.put(bytesOf(400 + (at % 200), 1));
    const classesInUse = 6;
    const boundBytes = arena.payloadBytes * 1.14 + classesInUse * slabBytes;
    expect(arena.reservedBytes).toBeLessThan(boundBytes);
  });

  test("a block that is free, or never was taken, is refused", () => {
    const arena = new PayloadArena();
    const [first, second] = [arena.put(bytesOf(8, 1)), arena.put(bytesOf(8, 2))];
    arena.free(first);
    expect(() => arena.view(first)).toThrow("free");
    expect(() => arena.free(first)).toThrow("free");
    expect(() => arena.view(second + 1)).toThrow("free");
    arena.free(second);
    expect(() => arena.view(second)).toThrow("free");
  });

  test("any history holds what a map would hold", () => {
    const length = fc.oneof(
      fc.integer({ min: 0, max: 140 }),
      fc.constantFrom(32_768, 32_769, 20_000, slabBytes),
    );
    const operation = fc.record({
      kind: fc.constantFrom("put", "put", "free", "replace"),
      length,
      fill: fc.nat({ max: 255 }),
      at: fc.nat(),
    });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
        const arena = new PayloadArena();
        const model = new Map<number, Uint8Array>();
        for (const { kind, length: bytes, fill, at } of operations) {
          const payload = bytesOf(bytes, fill);
          const chosen = [...model.keys()][at % Math.max(1, model.size)];
          if (kind === "put" || chosen === undefined) {
            const block = arena.put(payload);
            expect(model.has(block)).toBe(false);
            model.set(block, payload);
          } else {
            model.delete(chosen);
            if (kind === "free") arena.free(chosen);
            else model.set(arena.replace(chosen, payload), payload);
          }
          const payloadBytes = [...model.values()].reduce((sum, one) => sum + one.length, 0);
          expect(arena.payloadBytes).toBe(payloadBytes);
          expect(arena.reservedBytes).toBeGreaterThanOrEqual(payloadBytes);
        }
        for (const [block, payload] of model) {
          expect(Buffer.compare(arena.view(block), payload)).toBe(0);
        }
        for (const block of model.keys()) arena.free(block);
        expect([arena.payloadBytes, arena.reservedBytes]).toEqual([0, 0]);
      }),
      { seed: 4711, numRuns: 300 },
    );
  });
});
