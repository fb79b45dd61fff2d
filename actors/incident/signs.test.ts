/** What an incident knows of its alerts, when that or the labels that are asked for change. */
import { describe, expect, test } from "vitest";
import { happened } from "../../testing/scenario-expectations.ts";
import { alertFired, configured } from "../../testing/scenario-happenings.ts";
import { scenario } from "../../testing/scenario.ts";
import { storyConfig } from "../../testing/story-config.ts";
import type { CorrelationConfig } from "../correlation/correlator.ts";
import type { Sign } from "../correlation/evidence.ts";
import { isKnown, withChanged, withSign } from "./signs.ts";
import type { IncidentConfig } from "./types.ts";

const by = { enabled: true, windowMs: 300_000, labels: ["service"], weights: {}, topology: null };
const asking = (hash: string, ...agree: string[]): IncidentConfig => {
  return storyConfig({ hash, rules: [], correlation: { ...by, agree } });
};
const of = (region: string, model: string) => ({
  labels: { service: "chat", region, model_id: model },
});

describe("other labels that speak for or against", () => {
  test("are compared with themselves, in incidents that were open before as well", () => {
    scenario("fewer", { config: asking("two", "region", "model_id") })
      .at("00:00").when(alertFired("slow", of("eu", "m"))).then(happened("opened"))
      .at("00:10").when(configured(asking("one", "model_id")))
      .at("00:20").when(alertFired("errors", of("us", "m")))
      .then(
        happened("alertJoined", {
          detail: { evidence: "service 1.3, time -0.02, agreement 0.2" },
        }),
      )
      .at("00:30").when(alertFired("timeouts", of("eu", "n"))).then(happened("opened"));
  });

  test("are unknown of alerts that came before anybody asked", () => {
    scenario("more", { config: asking("one", "model_id") })
      .at("00:00").when(alertFired("slow", of("eu", "m"))).then(happened("opened"))
      .at("00:10").when(configured(asking("two", "region", "model_id")))
      .at("00:20").when(alertFired("errors", of("us", "m"))).then(happened("alertJoined"))
      .at("00:30").when(alertFired("timeouts", of("eu", "n"))).then(happened("opened"));
  });

  test("a configuration from before there were any asks for none", () => {
    const { enabled, windowMs, labels } = asking("old").correlation;
    const correlation = { enabled, windowMs, labels } as CorrelationConfig;
    const old = { ...asking("old"), correlation };
    scenario("old", { config: old })
      .at("00:00").when(alertFired("slow", of("eu", "m"))).then(happened("opened"))
      .at("00:10").when(alertFired("errors", of("us", "m"))).then(happened("alertJoined"))
      .at("00:20").when(configured({ ...old, hash: "old too" }))
      .at("00:30").when(alertFired("timeouts", of("eu", "n"))).then(happened("alertJoined"));
  });
});

describe("signs", () => {
  const sign: Sign = {
    ...{ service: "db", alertname: "Slow", category: "latency", role: "symptom", rank: 60 },
    ...{ severity: "high", agree: ["eu"], fingerprint: "1", atMs: 0 },
  };
  const other: Sign = { ...sign, service: "api", fingerprint: "2" };

  test("of an alert that changes are changed themselves, and began when they began", () => {
    const changed: Sign = { ...other, category: "errors", atMs: 60_000 };
    expect(withChanged([sign, other], changed)).toEqual([sign, { ...changed, atMs: 0 }]);
    expect(withChanged([sign], changed)).toEqual([sign]);
    expect(withChanged([], changed)).toEqual([changed]);
  });

  test("are as grave as the gravest alert of the kind", () => {
    const small: Sign = { ...sign, severity: "info", fingerprint: "3" };
    expect(withSign([small], sign)).toEqual([{ ...small, severity: "high" }]);
    expect(isKnown([small], sign)).toBe(false);
    const known = [sign];
    expect(withSign(known, small)).toBe(known);
    expect(isKnown(known, small)).toBe(true);
  });
});
