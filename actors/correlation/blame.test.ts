import { describe, expect, test } from "vitest";
import { correlator, incident, type Labels, onVault } from "../../testing/correlation-world.ts";
import { categoryOf } from "../similarity/metric-category.ts";
import { agreementOf, disagreements } from "./blame.ts";
import type { Sign } from "./evidence.ts";

function signIn(region: string): Sign {
  const alertname = "ErrorsHigh";
  const category = categoryOf({ alertname, labels: {}, summary: "" });
  const of = { agree: [region], fingerprint: "1", atMs: 0 };
  return { service: "api", alertname, ...category, ...of, severity: "high" };
}
const signsIn = (regions: Record<string, number>): Sign[] =>
  Object.entries(regions).flatMap(([region, count]) => Array(count).fill(signIn(region)));

test("a value agrees with what one in twelve or more have; fewer are strangers that got in", () => {
  const inEu = signIn("eu");
  expect(agreementOf(inEu, signsIn({ us: 10, eu: 1 }), 0)).toBe("same");
  expect(agreementOf(inEu, signsIn({ us: 11, eu: 1 }), 0)).toBe("other");
  expect(agreementOf(inEu, signsIn({ us: 22, eu: 2 }), 0)).toBe("other");
  expect(agreementOf(inEu, signsIn({ us: 21, eu: 2 }), 0)).toBe("same");
  expect(disagreements(inEu, signsIn({ us: 40, eu: 1 }))).toBe(1);
});

test("without a value on either side nothing agrees or disagrees", () => {
  expect(agreementOf(signIn(""), signsIn({ us: 3 }), 0)).toBe("unknown");
  expect(agreementOf(signIn("eu"), signsIn({ "": 3 }), 0)).toBe("unknown");
  expect(agreementOf(signIn("eu"), [], 0)).toBe("unknown");
  expect(agreementOf(signIn("eu"), signsIn({ "": 3, us: 1 }), 0)).toBe("other");
});

describe("the root", () => {
  function rootOf(...alerts: Labels[]) {
    const root = correlator().betterRoot(incident(1, ...alerts));
    return root === null ? null : `${root.service}/${root.sign?.alertname ?? ""}`;
  }

  test("is what explains most with least", () => {
    expect(rootOf({ service: "gateway" }, { service: "checkout" })).toBe("checkout/Trouble");
    expect(rootOf({ service: "db" }, { service: "checkout" }, { service: "gateway" })).toBeNull();
    expect(rootOf({ service: "gateway" })).toBeNull();
  });

  test("may have no alert of its own", () => {
    const symptoms = Object.keys(onVault).map((service) => ({ service }));
    expect(rootOf(...symptoms)).toBe("vault/");
    expect(rootOf(...symptoms.slice(0, 3))).toBeNull();
  });

  test("is the alert that looks like a cause, of several at one service", () => {
    const errors = { service: "checkout", alertname: "ErrorsHigh" };
    const rollout = { service: "checkout", alertname: "RolloutFailed" };
    expect(rootOf(errors, rollout)).toBe("checkout/RolloutFailed");
    expect(rootOf(rollout, errors)).toBeNull();
  });

  test("of a flood is where it arrives, not what it wears out", () => {
    const flood = { service: "checkout", alertname: "TrafficSurge" };
    expect(rootOf({ service: "db" }, { service: "cache" }, flood)).toBe("checkout/TrafficSurge");
  });
});
