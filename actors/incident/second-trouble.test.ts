/** Two troubles at once are told apart: each has an incident, and somebody is told of it. */
import { describe, test } from "vitest";
import { happened, notified } from "../../testing/scenario-expectations.ts";
import { alertFired, command } from "../../testing/scenario-happenings.ts";
import { scenario } from "../../testing/scenario.ts";
import { storyConfig } from "../../testing/story-config.ts";

const servers = ["s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8"];
const dependencies: Record<string, string[]> = {
  ...Object.fromEntries(servers.map((one) => [one, ["network"]])),
  ...{ dns: ["network"], cache: ["network"], mail: ["dns"], router: ["cache"], api: ["router"] },
};
const topology = { dependencies, windowMs: 300_000, depthMax: 4 };
const by = { enabled: true, windowMs: 300_000, agree: ["region"], weights: {}, topology };
const config = storyConfig({ correlation: { ...by, labels: ["service"] } });
const of = (service: string, severity = "critical") => ({ labels: { service, severity } });
const opens = [happened("opened"), notified("primary", "opened")] as const;
const joins = (id: string) => happened("alertJoined", { incident: { id } });

describe("what is rarely a symptom", () => {
  test("stands apart although something explains it, and draws nothing to it", () => {
    scenario("names fail while the network does", { config })
      .at("00:00").when(alertFired("packet-loss", of("network"))).then(...opens)
      .at("00:10").when(alertFired("errors", of("s1"))).then(joins("inc-0-1"))
      .at("00:20").when(alertFired("dns-errors", of("dns"))).then(...opens)
      .at("00:30").when(alertFired("latency", of("mail"))).then(joins("inc-0-1"))
      .at("00:40").when(alertFired("servfail", of("dns"))).then(joins("inc-0-3"));
  });

  test("a host is a symptom of its network, and everything of a flood", () => {
    scenario("network", { config })
      .at("00:00").when(alertFired("packet-loss", of("network"))).then(...opens)
      .at("00:20").when(alertFired("host-unreachable", of("s1"))).then(joins("inc-0-1"));
    scenario("flood", { config })
      .at("00:00").when(alertFired("traffic-surge", of("api"))).then(...opens)
      .at("00:20").when(alertFired("packet-loss", of("network"))).then(joins("inc-0-1"));
  });

  test("is no part of what is seen later, where nothing else suffered before", () => {
    scenario("a host, then the network", { config })
      .at("00:00").when(alertFired("host-unreachable", of("cache"))).then(...opens)
      .at("02:00").when(alertFired("packet-loss", of("network"))).then(...opens)
      .at("02:10").when(alertFired("errors", of("s1"))).then(joins("inc-0-2"))
      .thenNo(happened("merged"));
  });

  test("is a part of it where its neighbours suffered as well", () => {
    scenario("symptoms first", { config })
      .at("00:00").when(alertFired("errors", of("s1"))).then(...opens)
      .at("00:05").when(alertFired("latency", of("s2"))).then(...opens)
      .at("00:10").when(alertFired("dns-errors", of("dns"))).then(...opens)
      .at("00:15").when(alertFired("packet-loss", of("network")))
      .then(joins("inc-0-1"), happened("merged"), happened("merged"), happened("merged"));
  });
});

describe("what comes late", () => {
  test("after a silence an alert is something new, while trouble spreads it is not", () => {
    scenario("silence", { config })
      .at("00:00").when(alertFired("disk-full", of("cache"))).then(...opens)
      .at("03:30").when(alertFired("errors", of("api"))).then(...opens);
    scenario("a cause that spreads", { config })
      .at("00:00").when(alertFired("disk-full", of("cache"))).then(...opens)
      .at("00:30").when(alertFired("errors", of("router"))).then(joins("inc-0-1"))
      .at("01:30").when(alertFired("latency", of("api"))).then(joins("inc-0-1"));
    scenario("a cause that has spread", { config })
      .at("00:00").when(alertFired("disk-full", of("cache"))).then(...opens)
      .at("00:30").when(alertFired("errors", of("router"))).then(joins("inc-0-1"))
      .at("03:45").when(alertFired("latency", of("api"))).then(...opens);
  });

  test("the next alert of a key that joined joins as well, whatever else relates it", () => {
    scenario("its key", { config })
      .at("00:00").when(alertFired("queue-full", of("cache"))).then(...opens)
      .at("00:30").when(alertFired("errors", of("api"))).then(joins("inc-0-1"))
      .at("04:50").when(alertFired("errors", { instance: "2", ...of("api") }))
      .then(joins("inc-0-1"));
  });

  test("a cause joins its symptoms, but not a crowd of them that a nearer root explains", () => {
    const crowded = scenario("crowd", { config })
      .at("00:00").when(alertFired("queue-full", of("cache"))).then(...opens)
      .at("00:10").when(alertFired("errors", of("router"))).then(joins("inc-0-1"))
      .at("00:10").when(alertFired("latency", of("router"))).then(joins("inc-0-1"))
      .at("00:20").when(alertFired("pod-not-ready", of("api"))).then(joins("inc-0-1"))
      .at("00:20").when(alertFired("timeouts", of("api"))).then(joins("inc-0-1"));
    crowded.at("01:00").when(alertFired("packet-loss", of("network")))
      .then(
        happened("opened", {
          because: "it may explain inc-0-1, but who suffered before does not fit: another trouble",
        }),
        notified("primary", "opened"),
      );
    scenario("few", { config })
      .at("00:00").when(alertFired("queue-full", of("cache"))).then(...opens)
      .at("01:00").when(alertFired("packet-loss", of("network"))).then(joins("inc-0-1"));
  });

  test("once it is part of the incident, by a person's word, its next alerts are as well", () => {
    const crowded = scenario("crowd", { config })
      .at("00:00").when(alertFired("queue-full", of("cache"))).then(...opens);
    for (const name of ["errors", "latency", "timeouts", "pod-not-ready"]) {
      for (const service of ["router", "api"]) {
        crowded.at("00:10").when(alertFired(name, of(service))).then(joins("inc-0-1"));
      }
    }
    crowded.at("01:00").when(alertFired("packet-loss", of("network"))).then(...opens)
      .at("01:10").when(command({ kind: "merge", into: "inc-0-1" }, { on: "packet-loss" }))
      .then(happened("merged"), happened("merged"))
      .at("01:20").when(alertFired("packet-loss", { instance: "2", ...of("network") }))
      .then(joins("inc-0-1"));
  });

  test("what was refused by the crowd goes to the incident of its own kind, not to a third", () => {
    const each = { ...config, groupBy: ["alertname", "service", "instance"] };
    const crowded = scenario("crowd", { config: each })
      .at("00:00").when(alertFired("queue-full", of("cache"))).then(...opens);
    for (const name of ["errors", "latency"]) {
      for (const service of ["router", "api"]) {
        crowded.at("00:10").when(alertFired(name, of(service))).then(joins("inc-0-1"));
      }
    }
    crowded.at("01:00").when(alertFired("packet-loss", of("network"))).then(...opens)
      .at("01:02").when(alertFired("packet-loss", { instance: "2", ...of("network") }))
      .then(joins("inc-0-6"));
  });

  test("a cause takes no old alert of another kind for its symptom, only a new one", () => {
    scenario("old", { config })
      .at("00:00").when(alertFired("cron-missed", of("api"))).then(...opens)
      .at("01:30").when(alertFired("certificate-expired", of("api"))).then(...opens);
    scenario("new", { config })
      .at("00:00").when(alertFired("cron-missed", of("api"))).then(...opens)
      .at("00:30").when(alertFired("certificate-expired", of("api"))).then(joins("inc-0-1"));
  });
});
