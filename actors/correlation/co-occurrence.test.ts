import { describe, expect, test } from "vitest";
import { CoOccurrence } from "./co-occurrence.ts";
import type { Candidate } from "./rule.ts";

const minute = 60_000;

function rule(): CoOccurrence<Candidate> {
  return new CoOccurrence({ windowMs: 5 * minute, labels: ["service", "model_id"] });
}

const more = { root: null, seen: null, severity: "high" } as const;

function candidate(serial: number, labels: Record<string, string>, lastOpenedMs = 0): Candidate {
  const of = { tenant: "t", environment: "e", ...more };
  return { id: `inc-0-${serial}`, serial, ...of, labels, lastOpenedMs };
}

function sighting(labels: Record<string, string>, atMs = 0, tenant = "t") {
  return { tenant, environment: "e", labels, atMs };
}

describe("co-occurrence", () => {
  test("relates by a shared label value and says which", () => {
    const found = rule();
    found.add(candidate(1, { service: "checkout" }));
    expect(found.find(sighting({ service: "checkout" }, minute))).toMatchObject({
      candidate: { id: "inc-0-1" },
      because: 'same service "checkout" within 5 min of inc-0-1',
    });
    expect(found.find(sighting({ service: "search" }))).toBeNull();
    expect(found.find(sighting({ model_id: "checkout" }))).toBeNull();
  });

  test("the window's end belongs to it; a millisecond later does not", () => {
    const found = rule();
    found.add(candidate(1, { service: "a" }));
    expect(found.find(sighting({ service: "a" }, 5 * minute))).not.toBeNull();
    expect(found.find(sighting({ service: "a" }, 5 * minute + 1))).toBeNull();
  });

  test("an entry that was met too late is found again once alerts joined it", () => {
    const found = rule();
    const old = candidate(1, { service: "a" });
    found.add(old);
    expect(found.find(sighting({ service: "a" }, 60 * minute))).toBeNull();
    old.lastOpenedMs = 60 * minute;
    found.add(old);
    expect(found.find(sighting({ service: "a" }, 61 * minute))).toMatchObject({ candidate: old });
  });

  test("the oldest incident wins, whatever label it shares and when it was added", () => {
    const found = rule();
    const [first, second, third] = [1, 2, 3].map((serial) =>
      candidate(serial, serial === 1 ? { model_id: "m" } : { service: "a" }),
    );
    if (!first || !second || !third) throw new Error("unreachable");
    found.add(third);
    found.add(second);
    found.add(first);
    const both = sighting({ service: "a", model_id: "m" });
    expect(found.find(both)).toMatchObject({ candidate: first, because: /model_id/ });
    found.remove(first);
    expect(found.find(both)).toMatchObject({ candidate: second });
    found.remove(second);
    found.remove(second);
    expect(found.find(both)).toMatchObject({ candidate: third });
  });

  test("tenants never mix, and absent labels relate nothing", () => {
    const found = rule();
    found.add(candidate(1, { service: "a", model_id: "" }));
    expect(found.find(sighting({ service: "a" }, 0, "other"))).toBeNull();
    expect(found.find(sighting({ model_id: "" }))).toBeNull();
    expect(found.find(sighting({}))).toBeNull();
  });

  test("adding twice is adding once", () => {
    const found = rule();
    const [one, two] = [candidate(1, { service: "a" }), candidate(2, { service: "a" })];
    for (const each of [one, two, one, two]) found.add(each);
    found.remove(one);
    found.remove(two);
    expect(found.find(sighting({ service: "a" }))).toBeNull();
  });

  test("what fell out of the window is looked at once, not at every search", () => {
    const found = rule();
    const entries = 5_000;
    let looks = 0;
    for (let serial = 1; serial <= entries; serial += 1) {
      found.add({
        ...candidate(serial, { service: "a" }),
        get lastOpenedMs() {
          looks += 1;
          return serial;
        },
      });
    }
    const late = sighting({ service: "a" }, 5 * minute + entries);
    for (let times = 0; times < 100; times += 1) {
      expect(found.find(late)?.candidate.serial).toBe(entries);
    }
    expect(looks).toBeLessThan(entries + 1_000);
  });
});
