import fc from "fast-check";
import { expect, test } from "vitest";
import { labelFingerprint } from "./label-fingerprint.ts";

/** What Alertmanager 0.25 gave these alerts. */
test.each([
  [{ alertname: "Down", case: "flap", instance: "a" }, "c6e6678c42558891"],
  [{ instance: "a", case: "truncated", alertname: "Down" }, "4abd8b0993fc677e"],
  [{ alertname: "Down", case: "expiry", instance: "a" }, "ad622292cce86241"],
])("%j is %s", (labels, fingerprint) => {
  expect(labelFingerprint(labels)).toBe(fingerprint);
});

/** FNV-1a over 64 bits in one line, for what Alertmanager was not asked. */
function reference(labels: Record<string, string>): string {
  let hash = 0xcbf29ce484222325n;
  const names = Object.keys(labels).sort();
  const parts = names.flatMap((name) => [Buffer.from(name), Buffer.from(labels[name]!)]);
  for (const byte of parts.flatMap((part) => [...part, 0xff])) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  }
  return hash.toString(16).padStart(16, "0");
}

test("any labels", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.string({ unit: "grapheme" })), (labels) => {
      expect(labelFingerprint(labels)).toBe(reference(labels));
    }),
  );
});

test("without labels it is FNV's own offset", () => {
  expect(labelFingerprint({})).toBe("cbf29ce484222325");
});
