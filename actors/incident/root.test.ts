/** A cause and its symptoms become one incident, whichever of them comes first. */
import { describe, test } from "vitest";
import { happened, notified } from "../../testing/scenario-expectations.ts";
import { alertFired, command, nothing } from "../../testing/scenario-happenings.ts";
import { scenario } from "../../testing/scenario.ts";
import { storyConfig } from "../../testing/story-config.ts";

const topology = {
  dependencies: { gateway: ["checkout", "search"], checkout: ["db"], search: ["db"] },
  windowMs: 600_000,
  depthMax: 4,
};
const by = { enabled: true, windowMs: 300_000, agree: ["region"], weights: {}, topology };
const config = storyConfig({ correlation: { ...by, labels: ["service"] } });
const of = (service: string) => ({ labels: { service, severity: "critical" } });

describe("topology", () => {
  test("symptoms join their cause, and page nobody again", () => {
    scenario("cause first", { config })
      .at("00:00").when(alertFired("db-down", of("db"))).then(notified("primary", "opened"))
      .at("01:00").when(alertFired("errors", of("gateway")))
      .then(
        happened("alertJoined", {
          because: '"gateway" depends on "db" through "checkout"',
        }),
      )
      .thenNothing();
  });

  test("a cause that comes last becomes the root and gathers its symptoms", () => {
    scenario("symptoms first", { config })
      .at("00:00").when(alertFired("slow", of("checkout"))).then(notified("primary", "opened"))
      .at("00:30").when(alertFired("timeouts", of("search"))).then(notified("primary", "opened"))
      .at("01:00").when(alertFired("db-down", of("db")))
      .then(
        happened("alertJoined", { because: "the cause showed after its symptoms" }),
        happened("rootMoved", { detail: { from: "checkout", to: "db" } }),
        happened("merged"),
        happened("merged", { detail: { alerts: 1 } }),
      )
      .thenNothing()
      // What depends on the root, or on another of its symptoms, is related from now on.
      .at("02:00").when(alertFired("errors", of("gateway")))
      .then(happened("alertJoined", { because: '"gateway" depends on "checkout"' }))
      .thenNothing();
  });

  test("an incident that somebody took is left to them", () => {
    scenario("taken", { config })
      .at("00:00").when(alertFired("slow", of("checkout"))).then(happened("opened"))
      .at("00:10").when(alertFired("timeouts", of("search"))).then(happened("opened"))
      .at("00:20").when(command({ kind: "acknowledge" }, { on: "timeouts" }))
      .then(happened("acknowledged"))
      .at("01:00").when(alertFired("db-down", of("db")))
      .then(happened("alertJoined"), happened("rootMoved"))
      .thenNothing();
  });

  test("those that are taken stand in nobody's way, however many there are", () => {
    const many = Array.from({ length: 24 }, (_, n) => `s${n}`);
    const dependencies = Object.fromEntries([...many, "last"].map((one) => [one, ["db"]]));
    const correlation = { ...by, labels: ["service"], topology: { ...topology, dependencies } };
    const told = scenario("many", { config: storyConfig({ correlation }) });
    for (const one of many) {
      told.at("00:00").when(alertFired(`slow-${one}`, of(one))).then(happened("opened"));
      told.at("00:00").when(command({ kind: "acknowledge" }, { on: `slow-${one}` }))
        .then(happened("acknowledged"));
    }
    told.at("00:10").when(alertFired("slow", of("last"))).then(happened("opened"))
      .at("00:20").when(alertFired("primary-failover", of("db")))
      .then(happened("alertJoined"), happened("rootMoved"), happened("merged"))
      .then(happened("merged", { because: "inc-0-1d" }));
  });

  test("a small alert of the kind that came first hides nothing", () => {
    const small = { labels: { service: "db", severity: "info" } };
    scenario("small first", { config })
      .at("00:00").when(alertFired("slow", small)).then(happened("opened"))
      .at("00:10").when(alertFired("slow", { instance: "2", ...of("db") }))
      .then(happened("alertJoined"))
      .at("00:20").when(alertFired("errors", of("checkout")))
      .then(happened("alertJoined", { because: '"checkout" depends on "db"' }));
    scenario("small cause", { config })
      .at("00:00").when(alertFired("slow", small)).then(happened("opened"))
      .at("00:10").when(alertFired("errors", of("checkout"))).then(happened("opened"))
      .at("00:20").when(alertFired("slow", { instance: "2", ...of("db") }))
      .then(happened("alertJoined"), happened("merged"));
  });

  test("alerts that name no service explain each other as little as they are related", () => {
    const labels = { severity: "critical" };
    const nameless = { ...config, groupBy: ["team"] };
    scenario("nameless", { config: nameless })
      .at("00:00").when(alertFired("latency-high", { labels: { ...labels, team: "a" } }))
      .at("00:10").when(alertFired("errors", { labels: { ...labels, team: "b" } }))
      .then(happened("opened"))
      .at("00:20").when(alertFired("memory-low", { labels: { ...labels, team: "a" } }))
      .then(happened("alertJoined", { incident: { id: "inc-0-1" } }))
      .thenNo(happened("merged"));
  });

  test("beyond the window each trouble is its own", () => {
    scenario("late", { config })
      .at("00:00").when(alertFired("db-down", of("db"))).then(happened("opened"))
      .at("10:01").when(nothing())
      .at("10:02").when(alertFired("errors", of("gateway"))).then(happened("opened"));
  });

  test("a trouble of several regions is known by each of them", () => {
    const from = (service: string, region: string) => ({
      labels: { service, severity: "critical", region },
    });
    scenario("regions", { config })
      .at("00:00").when(alertFired("db-down", from("db", "eu")))
      .at("00:10").when(alertFired("slow", from("checkout", "us")))
      .then(happened("opened"), notified("primary", "opened"))
      // Its grouping key leads to the incident, whatever the region.
      .at("00:20").when(alertFired("db-down", { instance: "2", ...from("db", "us") }))
      .then(happened("alertJoined", { because: "same grouping key" }), happened("merged"))
      .at("00:30").when(alertFired("timeouts", from("search", "us")))
      .then(happened("alertJoined", { because: '"search" depends on "db"' }))
      .thenNothing();
  });
});
