import { describe, expect, test } from "vitest";
import {
  correlator,
  incident,
  type Labels,
  minute,
  sighting,
} from "../../testing/correlation-world.ts";
import type { Candidate } from "./evidence.ts";

describe("one trouble or two", () => {
  const db = incident(1, { service: "db", alertname: "PrimaryFailover", region: "eu" });

  function explained(other: Candidate, by = db): Candidate[] {
    const found = correlator();
    for (const one of [by, other]) found.add(one);
    const any = { accepts: () => true, most: 20 };
    return found.explainedBy(by, sighting({ service: "db" }), null, any);
  }

  test("an incident of symptoms is a part of what explains all of it", () => {
    const symptoms = incident(2, { service: "checkout", region: "eu" }, { service: "gateway" });
    expect(explained(symptoms)).toEqual([symptoms]);
  });

  test("not if it began long before or after", () => {
    const { signs, ...symptoms } = incident(2, { service: "checkout", region: "eu" });
    for (const laterMs of [-8 * minute, 8 * minute]) {
      const at = signs.map((sign) => ({ ...sign, atMs: sign.atMs + laterMs }));
      expect(explained({ ...symptoms, signs: at })).toEqual([]);
    }
  });

  test("not if it has a cause of its own, or more that is not explained", () => {
    const rollout = { service: "checkout", alertname: "RolloutFailed" };
    const causes: Labels[] = [{ service: "checkout" }, rollout];
    expect(explained(incident(2, ...causes))).toEqual([]);
    expect(explained(incident(3, { service: "search" }, { service: "reports" }))).toEqual([]);
    expect(explained(incident(4, { service: "checkout", severity: "low" }))).toEqual([]);
  });

  test("in another region only where the graph leaves little doubt", () => {
    const elsewhere = { service: "checkout", alertname: "CpuHigh", region: "us" };
    expect(explained(incident(2, elsewhere))).toEqual([]);
  });
});
