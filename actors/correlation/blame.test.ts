import { expect, test } from "vitest";
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
