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

test("without labels it is FNV's own offset, and texts are hashed as UTF-8", () => {
  expect(labelFingerprint({})).toBe("cbf29ce484222325");
  expect(labelFingerprint({ a: "ä" })).not.toBe(labelFingerprint({ a: "Ã¤" }));
});
