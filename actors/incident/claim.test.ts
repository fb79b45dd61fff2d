/** Alerts that joined another trouble before their cause was known go to it. */
import { describe, test } from "vitest";
import { happened, notified } from "../../testing/scenario-expectations.ts";
import { alertFired, alertResolved, command } from "../../testing/scenario-happenings.ts";
import { scenario } from "../../testing/scenario.ts";
import { storyConfig } from "../../testing/story-config.ts";

const dependencies = {
  ...{ api: ["cache"], edge: ["api"], web: ["api"], mail: ["cache"] },
  ...{ jobs: ["cache"], search: ["cache"], billing: ["cache"], ads: ["cache"] },
};
const topology = { dependencies, windowMs: 300_000, depthMax: 4 };
const by = { enabled: true, windowMs: 300_000, agree: ["region"], weights: {}, topology };
const config = storyConfig({ correlation: { ...by, labels: ["service"] } });
const of = (service: string) => ({ labels: { service, severity: "critical" } });
const opens = [happened("opened"), notified("primary", "opened")] as const;
const joins = (id: string) => happened("alertJoined", { incident: { id } });

function mistaken(name: string) {
  return scenario(name, { config })
    .at("00:00").when(alertFired("disk-full", of("cache"))).then(...opens)
    .at("00:20").when(alertFired("latency", of("api"))).then(joins("inc-0-1"))
    .at("00:30").when(alertFired("errors", of("edge"))).then(joins("inc-0-1"))
    .at("00:35").when(alertFired("timeouts", of("web"))).then(joins("inc-0-1"));
}

describe("a cause that shows after its symptoms", () => {
  test("takes them from the incident that they joined, and nobody is told for that", () => {
    mistaken("a rollout beside a full disk")
      .at("00:40").when(alertFired("rollout-failed", of("api")))
      .then(
        ...opens,
        happened("alertsMoved", {
          because: 'trouble of "api" explains them better',
          detail: { into: "inc-0-5", alerts: 3 },
          incident: { id: "inc-0-1", fingerprint_count: 1, firing_count: 1, alert_count: 1 },
        }),
        happened("alertsMoved", {
          detail: { from: "inc-0-1", alerts: 3 },
          incident: { id: "inc-0-5", fingerprint_count: 4, firing_count: 4, alert_count: 4 },
        }),
      )
      .thenNothing()
      // Their keys went with them.
      .at("00:50").when(alertFired("errors", { instance: "2", ...of("edge") }))
      .then(joins("inc-0-5"));
  });

  test("leaves alone what somebody works on", () => {
    mistaken("taken").at("00:38")
      .when(command({ kind: "acknowledge" }, { on: "inc-0-1" })).then(happened("acknowledged"))
      .at("00:40").when(alertFired("rollout-failed", of("api"))).then(...opens)
      .thenNo(happened("alertsMoved"));
  });

  test("leaves alone what shows in all of the other one's cone", () => {
    scenario("a disk that brings down everything", { config })
      .at("00:00").when(alertFired("disk-full", of("cache"))).then(...opens)
      .at("00:20").when(alertFired("errors", of("mail"))).then(joins("inc-0-1"))
      .at("00:22").when(alertFired("timeouts", of("jobs"))).then(joins("inc-0-1"))
      .at("00:24").when(alertFired("failures", of("search"))).then(joins("inc-0-1"))
      .at("00:26").when(alertFired("latency", of("api"))).then(joins("inc-0-1"))
      .at("00:40").when(alertFired("rollout-failed", of("api"))).then(...opens)
      .thenNo(happened("alertsMoved"));
  });
});

describe("what is rarely a symptom and comes back by itself", () => {
  const beside = (name: string) =>
    scenario(name, { config })
      .at("00:00").when(alertFired("traffic-surge", of("api"))).then(...opens)
      .at("00:20").when(alertFired("host-unreachable", of("cache"))).then(joins("inc-0-1"));

  test("has an incident of its own, long after the trouble that it joined began", () => {
    beside("a host that flaps")
      .at("01:00").when(alertResolved("host-unreachable"))
      .then(happened("alertResolved"))
      .at("06:00").when(alertFired("host-unreachable", of("cache")))
      .then(
        happened("opened", {
          because: "it comes back by itself, long after the trouble of inc-0-1 began",
        }),
        notified("primary", "opened"),
      );
  });

  test("stays where it was within the window", () => {
    beside("a host that the flood brings down twice")
      .at("01:00").when(alertResolved("host-unreachable"))
      .then(happened("alertResolved"))
      .at("03:00").when(alertFired("host-unreachable", of("cache"))).then(joins("inc-0-1"));
  });
});
