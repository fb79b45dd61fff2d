/** An incident that becomes more severe reaches those who are to know of such incidents. */
import { describe, test } from "vitest";
import { happened, notified } from "../../testing/scenario-expectations.ts";
import { alertFired, command, nothing } from "../../testing/scenario-happenings.ts";
import { scenario } from "../../testing/scenario.ts";
import { storyConfig, storyPolicy } from "../../testing/story-config.ts";

const critical = { label: "severity", op: "=", value: "critical" } as const;
const tell = {
  name: "tell",
  levels: [{ afterMs: 0, receivers: ["channel"] }],
  repeats: 0,
  repeatAfterMs: 60_000,
};
const onlyCritical = storyConfig({ rules: [{ matchers: [critical], policy: "on-call" }] });
const both = storyConfig({
  policies: { "on-call": storyPolicy, tell },
  rules: [
    { matchers: [critical], policy: "on-call" },
    { matchers: [], policy: "tell" },
  ],
});
const warning = { labels: { service: "checkout", severity: "warning" } };
const grave = { instance: "b", labels: { service: "checkout", severity: "critical" } };

describe("a risen severity", () => {
  test("pages where the incident had nobody to page", () => {
    scenario("warning first", { config: onlyCritical })
      .at("00:00").when(alertFired("slow", warning)).then(happened("opened"))
      .at("01:00").when(alertFired("slow", grave))
      .then(
        happened("alertJoined"),
        happened("severityRaised"),
        happened("notified", { detail: { receiver: "primary", level: 1 } }),
        notified("primary", "opened"),
      )
      .at("06:01").when(nothing())
      .then(happened("escalated"), notified("secondary", "escalated"));
  });

  test("moves on to the policy of the new severity", () => {
    scenario("from tell to page", { config: both })
      .at("00:00").when(alertFired("slow", warning)).then(notified("channel", "opened"))
      .at("01:00").when(alertFired("slow", grave)).then(notified("primary", "opened"));
  });

  test("leaves alone who has taken the incident", () => {
    scenario("taken", { config: both })
      .at("00:00").when(alertFired("slow", warning)).then(notified("channel", "opened"))
      .at("00:30").when(command({ kind: "acknowledge" }, { on: "slow" }))
      .then(happened("acknowledged"))
      .at("01:00").when(alertFired("slow", grave))
      .then(happened("alertJoined"), happened("severityRaised"))
      .thenNothing();
  });

  test("stays with the policy when that is the same", () => {
    scenario("same policy", { config: storyConfig() })
      .at("00:00").when(alertFired("slow", warning)).then(notified("primary", "opened"))
      .at("01:00").when(alertFired("slow", grave))
      .then(happened("alertJoined"), happened("severityRaised"))
      .thenNothing();
  });
});
