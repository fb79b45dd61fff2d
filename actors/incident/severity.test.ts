import { expect, test } from "vitest";
import { isMoreSevere, severityOf } from "./severity.ts";
import type { Severity } from "./types.ts";

const spellings: Record<Severity, string[]> = {
  critical: ["critical", "CRITICAL", " Page ", "fatal", "emergency", "P1", "sev0", "SEV-1"],
  high: ["high", "error", "Major", "p2", "sev2", "sev-2"],
  medium: ["medium", "warning", "warn", "minor", "p3", "sev3", "", "urgent?", "constructor"],
  low: ["low", "notice", "p4", "sev4"],
  info: ["info", "none", "ok", "debug", "p5", "informational"],
};

for (const [severity, words] of Object.entries(spellings)) {
  test(`${words.map((word) => JSON.stringify(word)).join(", ")} mean ${severity}`, () => {
    expect(words.map(severityOf)).toEqual(words.map(() => severity));
  });
}

test("critical is more severe than high, and nothing is more severe than itself", () => {
  expect(isMoreSevere("critical", "high")).toBe(true);
  expect(isMoreSevere("high", "critical")).toBe(false);
  expect(isMoreSevere("info", "info")).toBe(false);
});
