import fc from "fast-check";
import { describe, expect, test } from "vitest";
import xxhash from "xxhash-wasm";
import { Confirmations } from "./confirmations.ts";
import { FingerprintCache, foreseenMax } from "./fingerprint-cache.ts";
import { fingerprintOf, partitionOf } from "./fingerprint.ts";
import { AlertScanner, columns } from "./json-scan.ts";

const hasher = await xxhash();
const seeded = { numRuns: 500, seed: 20261123 };

function hex(labels: Record<string, string>, dedupKey: string | null = null): string {
  const { high, low } = fingerprintOf(labels, dedupKey);
  return high.toString(16).padStart(8, "0") + low.toString(16).padStart(8, "0");
}

function hashOf(...parts: (string | number)[]): string {
  const bytes = parts.map((part) =>
    typeof part === "string" ? Buffer.from(part) : Buffer.from([part]),
  );
  return hasher.h64Raw(Buffer.concat(bytes)).toString(16).padStart(16, "0");
}

describe("identity", () => {
  test("labels: sorted, 0xFF between names and values, empty values dropped", () => {
    const expected = hashOf("l", 0xff, "a", 0xff, "1", 0xff, "é", 0xff, "😀");
    expect(hex({ é: "😀", a: "1" })).toBe(expected);
    expect(hex({ a: "1", é: "😀", none: "" })).toBe(expected);
  });

  test("a dedup key stands for the labels, within its tenant", () => {
    const expected = hashOf("k", 0xff, "acme", 0xff, "disk-1");
    expect(hex({ a: "1", tenant_id: "acme" }, "disk-1")).toBe(expected);
    expect(hex({ b: "2", tenant: "acme" }, "disk-1")).toBe(expected);
    expect(hex({ b: "2" }, "disk-1")).toBe(hashOf("k", 0xff, "default", 0xff, "disk-1"));
  });

  /** Golden: these numbers are in logs and must never change. */
  test.each([
    [{ alertname: "HighLatency", service: "gateway" }, null, "861406bd97652b20"],
    [{ alertname: "HighLatency", service: "gateway" }, "k-1", "d97edcbac6b7b655"],
    [{ __proto__x: "1", constructor: "2" }, null, "1a82fde9042dd702"],
  ])("%o with key %s is %s", (labels, dedupKey, expected) => {
    expect(hex(labels as Record<string, string>, dedupKey)).toBe(expected);
  });

  test("no two label sets share their bytes", () => {
    expect(hex({ a: "b", c: "d" })).not.toBe(hex({ a: "bcd" }));
    expect(hex({ ab: "c" })).not.toBe(hex({ a: "bc" }));
    expect(hex({ k: "default" })).not.toBe(hex({ x: "y" }, "default"));
  });

  test("a label named __proto__ is a label", () => {
    const labels = JSON.parse('{"__proto__":"1","a":"2"}') as Record<string, string>;
    expect(hex(labels)).toBe(hashOf("l", 0xff, "__proto__", 0xff, "1", 0xff, "a", 0xff, "2"));
  });

  test("a partition is the whole 64 bits modulo the count", () => {
    const word = fc.nat({ max: 0xffff_ffff });
    const counts = fc.oneof(fc.integer({ min: 1, max: 1 << 20 }), fc.nat(20).map((n) => 1 << n));
    fc.assert(
      fc.property(word, word, counts, (high, low, count) => {
        const expected = Number(((BigInt(high) << 32n) | BigInt(low)) % BigInt(count));
        expect(partitionOf(high, low, count)).toBe(expected);
      }),
      seeded,
    );
  });
});

const scanner = new AlertScanner(7);

/** A column of the only alert in this JSON, which starts at an odd place. */
function scannedColumn(json: string, column: number, scan = scanner): number {
  expect(scan.scan(Buffer.from(` ${json}`))).toBeNull();
  return scan.rows[column] as number;
}

test("the content hash is XXH32 of the annotations; with a dedup key, then of the labels", () => {
  const text = fc.string({ maxLength: 300, unit: "grapheme" });
  fc.assert(
    fc.property(text, text, fc.boolean(), (annotation, label, hasKey) => {
      const labels = JSON.stringify({ a: label });
      const annotations = JSON.stringify({ s: annotation });
      const key = hasKey ? ',"dedup_key":"k"' : ',"dedup_key":""';
      const json = `{"labels":${labels},"annotations":${annotations}${key}}`;
      let expected = hasher.h32Raw(Buffer.from(annotations), 0);
      if (hasKey) expected = hasher.h32Raw(Buffer.from(labels), expected);
      expect(scannedColumn(json, columns.contentHash) >>> 0).toBe(expected >>> 0);
    }),
    seeded,
  );
});

describe("the cache", () => {
  type Key = { first: number; second: number; length: number };

  /** What a scan makes of these labels and this dedup key. */
  const keyOf = (labels: string, dedupKey = "", scan = scanner): Key => {
    const first = scannedColumn(
      `{"labels":{"n":"${labels}"},"dedup_key":"${dedupKey}"}`, columns.keyHash, scan,
    );
    const second = scan.rows[columns.keyHash + 1] as number;
    return { first, second, length: Buffer.byteLength(labels) };
  };

  const find = (cache: FingerprintCache, { first, second, length }: Key): boolean => {
    cache.foresee(0, first);
    cache.bringIn(1);
    return cache.find(first, second, length);
  };

  test("finds what was added, and the boundary between the slices counts", () => {
    const cache = new FingerprintCache(10);
    expect(find(cache, keyOf("1"))).toBe(false);
    cache.add(11, 12);
    expect(find(cache, keyOf("1", "key"))).toBe(false);
    cache.add(21, 22);
    expect(find(cache, keyOf("1"))).toBe(true);
    expect([cache.high, cache.low]).toEqual([11, 12]);
    expect(find(cache, keyOf("1", "key"))).toBe(true);
    expect([cache.high, cache.low]).toEqual([21, 22]);
    expect(find(cache, keyOf("1k", "ey"))).toBe(false);
    expect(find(cache, keyOf("2"))).toBe(false);
  });

  test("agrees with a map, or has forgotten; and keeps the most recent generation", () => {
    const entriesMax = 300;
    const cache = new FingerprintCache(entriesMax);
    let known = 0;
    for (let n = 0; n < 20_000; n += 1) {
      const value = (n * 7919) % 5000;
      const key = keyOf(`${value}`);
      if (find(cache, key)) {
        expect(cache.low).toBe(value);
        known += 1;
      } else {
        cache.add(0, value);
      }
      const again = keyOf(`${value}`);
      expect(find(cache, again)).toBe(true);
    }
    expect(known).toBeLessThan(20_000);
    for (let round = 0; round < 5; round += 1) {
      let hits = 0;
      for (let value = 0; value < entriesMax; value += 1) {
        const key = keyOf(`steady-${value}`);
        if (find(cache, key)) hits += 1;
        else cache.add(0, value);
      }
      if (round > 0) expect(hits).toBeGreaterThan(entriesMax * 0.95);
    }
  });

  test("confirms what a frame carried, but not an entry that took its place since", () => {
    const cache = new FingerprintCache(1);
    const frame = new Confirmations();
    expect(find(cache, keyOf("one"))).toBe(false);
    cache.add(1, 1);
    cache.noteSent(frame, 77, 5);
    expect(cache.holds(77, 1)).toBe(false);
    frame.confirm();
    expect(find(cache, keyOf("one"))).toBe(true);
    expect(cache.holds(77, 5)).toBe(true);
    expect(cache.holds(77, 6)).toBe(false);
    expect(cache.holds(78, 1)).toBe(false);
    for (const other of ["two", "three"]) {
      expect(find(cache, keyOf(other))).toBe(false);
      cache.add(1, 2);
    }
    frame.confirm();
    expect(find(cache, keyOf("three"))).toBe(true);
    expect(cache.holds(77, 1)).toBe(false);
  });

  test("answers for many keys foreseen together, equal ones among them", () => {
    const cache = new FingerprintCache(10_000);
    const keys = Array.from({ length: foreseenMax }, (_, n) => keyOf(`${n >> 1}`));
    const ask = (): boolean[] => {
      keys.forEach((key, nth) => cache.foresee(nth, key.first));
      cache.bringIn(keys.length);
      return keys.map((key, nth) => {
        const known = cache.find(key.first, key.second, key.length);
        if (!known) cache.add(1, nth >> 1);
        else expect(cache.low).toBe(nth >> 1);
        return known;
      });
    };
    expect(ask()).toEqual(keys.map((_, nth) => nth % 2 === 1));
    expect(ask()).toEqual(keys.map(() => true));
  });

  test("is bounded in entries, and a generation grows as it fills", () => {
    const cache = new FingerprintCache(5_000);
    for (let n = 0; n < 20_000; n += 1) {
      expect(find(cache, keyOf(`${n}`))).toBe(false);
      cache.add(1, n);
    }
    const found = Array.from({ length: 20_000 }, (_, n) => find(cache, keyOf(`${n}`)));
    const kept = found.filter(Boolean).length;
    expect(kept).toBeGreaterThan(4_900);
    expect(kept).toBeLessThanOrEqual(10_000);
  });

  test("tells keys apart that differ in one byte, or in what lies sixteen bytes apart", () => {
    const seen = new Set<string>();
    const bytes = Buffer.alloc(70, "a");
    const note = (): void => {
      const { first, second } = keyOf(bytes.toString());
      seen.add(`${first} ${second}`);
    };
    note();
    for (let at = 0; at < bytes.length; at += 1) {
      for (let other = at; other < bytes.length; other += 16) {
        for (const value of [0x61, 0x62, 0x7a]) {
          bytes[at] = value === 0x61 ? 0x63 : value;
          bytes[other] = (bytes[other] as number) + (other === at ? 0 : 1);
          note();
          bytes[at] = bytes[other] = 0x61;
        }
      }
    }
    let pairs = 1;
    for (let at = 0; at < bytes.length; at += 1) {
      for (let other = at; other < bytes.length; other += 16) pairs += 3;
    }
    expect(seen.size).toBe(pairs);
  });

  test("of every length, keys are told apart from each other and by the seed", () => {
    const seen = new Set<string>();
    for (let length = 0; length < 100; length += 1) {
      for (const scan of [scanner, new AlertScanner(8), new AlertScanner(7 + 2 ** 40)]) {
        const { first, second } = keyOf("a".repeat(length), "", scan);
        seen.add(`first ${first}`).add(`second ${second}`);
      }
    }
    // The first half knows 32 bits of the seed, the second one the upper 32 of 48.
    expect(seen.size).toBe(100 * (2 + 2));
  });
});
