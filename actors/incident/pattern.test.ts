import { expect, test } from "vitest";
import { storyConfig } from "../../testing/story-config.ts";
import type { Sign } from "../correlation/evidence.ts";
import { Desk } from "./desk.ts";
import { blankIncident } from "./incident.ts";
import { patternOf } from "./pattern.ts";

const dependencies = {
  ...{ gateway: ["checkout-v2"], "checkout-v2": ["postgres-0"] },
  ...{ a: ["b"], b: ["a"] },
};
const topology = { dependencies, windowMs: 600_000, depthMax: 4 };
const { correlation } = storyConfig();
const desk = new Desk(0, storyConfig({ correlation: { ...correlation, topology } }), 0);

function pattern(service: string, root: string | null, labels = {}): string {
  const incident = blankIncident("inc-0-1", 1, 0);
  const signs = ["latency", "errors", "latency"].map(
    (category) => ({ service, category, fingerprint: category }) as Sign,
  );
  const from = root === null ? null : { service: root, fingerprint: "", because: "" };
  Object.assign(incident, { service, signs, labels, root: from, tenant: "acme" });
  return patternOf(desk, incident);
}

test("the way from the root, the kinds of alerts, the tenant and the customer", () => {
  expect(pattern("gateway", "postgres-0", { customer: "globex" })).toBe(
    "postgres>checkout>gateway|errors+latency|acme,globex",
  );
  expect(pattern("gateway", null)).toBe("gateway|errors+latency|acme");
});

test("the root alone where no way leads there, and in a cycle", () => {
  expect(pattern("gateway", "mail")).toBe("mail|errors+latency|acme");
  expect(pattern("a", "b")).toBe("b>a|errors+latency|acme");
});
