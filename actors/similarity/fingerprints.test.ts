import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fingerprintOf } from "../../ingress/fingerprint.ts";
import { severities } from "../incident/types.ts";
import {
  correlationFingerprint,
  customersNamedMax,
  fuzzyFingerprint,
  severityRangeOf,
  strictFingerprint,
} from "./fingerprints.ts";
import { serviceFamilyOf } from "./service-family.ts";

const minute = 60_000;

describe("strict", () => {
  test("is the fingerprint of ingress, by labels or by the sender's key", () => {
    const labels = { alertname: "Down", service: "checkout" };
    expect(strictFingerprint(labels, null, fingerprintOf)).toBe("f0746fe02e1f8a94");
    const shuffled = { service: "checkout", alertname: "Down", empty: "" };
    expect(strictFingerprint(shuffled, null, fingerprintOf)).toBe("f0746fe02e1f8a94");
    expect(strictFingerprint(labels, "key", fingerprintOf)).not.toBe("f0746fe02e1f8a94");
  });
});

describe("fuzzy", () => {
  const input = { service: "checkout-v2", category: "latency", severity: "high" } as const;

  test("the family, the category, the range of severities and the time", () => {
    const atMs = 7.5 * minute;
    expect(fuzzyFingerprint({ ...input, atMs }, 5 * minute)).toEqual({
      key: "checkout|latency|urgent|1",
      previous: "checkout|latency|urgent|0",
    });
  });

  test("what is no further apart than a bucket is alike, wherever the bucket ends", () => {
    fc.assert(
      fc.property(fc.nat(1e12), fc.nat(5 * minute), (atMs, laterMs) => {
        const first = fuzzyFingerprint({ ...input, atMs }, 5 * minute);
        const then = fuzzyFingerprint({ ...input, atMs: atMs + laterMs }, 5 * minute);
        expect([then.key, then.previous]).toContain(first.key);
      }),
    );
  });

  test("ranges of severities", () => {
    expect(severities.map(severityRangeOf)).toEqual(["urgent", "urgent", "soon", "note", "note"]);
  });

  test("no name imitates another key", () => {
    const of = (service: string) => fuzzyFingerprint({ ...input, service, atMs: 0 }, minute).key;
    expect(of("a|latency")).toBe("a-latency|latency|urgent|0");
  });
});

describe("correlation", () => {
  test("the way, the pattern and the customers, in any order", () => {
    const path = ["postgres-0", "checkout-v2"];
    const once = correlationFingerprint({
      ...{ path, categories: ["latency", "errors", "latency"], customers: ["globex", "acme"] },
    });
    expect(once).toBe("postgres>checkout|errors+latency|acme,globex");
    const again = correlationFingerprint({
      ...{ path, categories: ["errors", "latency"], customers: ["acme", "globex", "acme", ""] },
    });
    expect(again).toBe(once);
  });

  test("many customers are counted; separators in names are escaped", () => {
    const customers = Array.from({ length: customersNamedMax + 1 }, (_, each) => `c${each}`);
    expect(correlationFingerprint({ path: [], categories: [], customers })).toBe("||9 customers");
    expect(correlationFingerprint({ path: [], categories: [], customers: ["a,b"] })).toBe(
      "||a\\,b",
    );
  });
});

describe("the family of a service", () => {
  test.each([
    ["checkout", "checkout"],
    ["checkout-7f9c-2", "checkout"],
    ["checkout-v2", "checkout"],
    ["eu-checkout-03", "checkout"],
    ["checkout-us-east-1a", "checkout"],
    ["checkout-euw1", "checkout"],
    ["checkout-7d9f8b6c5-xkq2z", "checkout"],
    ["checkout.prod.svc.cluster.local", "checkout"],
    ["Checkout_Canary", "checkout"],
    ["kafka3", "kafka"],
    ["postgres-users-shard-12", "postgres-users"],
    ["provider-north", "provider-north"],
    ["provider-east", "provider-east"],
    ["cpu-node-pool", "cpu-node-pool"],
    ["inference-chat", "inference-chat"],
    ["me-service", "me-service"],
    ["s3", "s3"],
    ["ec2-metadata", "ec2-metadata"],
    ["worker", "worker"],
    ["42", "42"],
    ["v2", "v2"],
    ["数据库-2", "数据库"],
    ["", ""],
  ])("%s: %s", (service, family) => {
    expect(serviceFamilyOf(service)).toBe(family);
  });

  test("a family of letters is its own family", () => {
    const letters = fc.constantFrom("checkout", "search", "api", "chat", "eu", "east", "queue");
    fc.assert(
      fc.property(fc.array(letters, { minLength: 1, maxLength: 4 }), (parts) => {
        const family = serviceFamilyOf(parts.join("-"));
        expect(serviceFamilyOf(family)).toBe(family);
      }),
    );
  });
});
