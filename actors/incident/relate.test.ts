import { describe, expect, test } from "vitest";
import {
  happened,
  notified,
  replied,
  timerSet,
} from "../../testing/scenario-expectations.ts";
import { alertFired, alertResolved, command, related } from "../../testing/scenario-happenings.ts";
import { scenario } from "../../testing/scenario.ts";
import { storyConfig } from "../../testing/story-config.ts";

const config = storyConfig();
const old = { labels: { service: "gateway", severity: "critical", tenant: "acme" } };
const young = { labels: { service: "checkout", severity: "critical", tenant: "acme" } };

describe("an incident whose text reads like an older one's", () => {
  test("becomes part of it, with the score and the sentence, and pages nobody again", () => {
    scenario("related", { config })
      .at("00:00").when(alertFired("old", old), alertFired("young", young))
      .then(notified("primary", "opened"))
      .at("00:05").when(related("young", "old"))
      .then(
        happened("merged", {
          by: "correlation",
          because: "correlation merged it into inc-0-1: both say that payments time out",
          detail: { into: "inc-0-1", alerts: 1, evidence: "embedding", score: 0.91 },
          incident: { status: "merged", merged_into: "inc-0-1" },
        }),
        happened("merged", {
          because: "correlation merged inc-0-2 into it: both say that payments time out",
          detail: { from: "inc-0-2", alerts: 1, evidence: "embedding", score: 0.91 },
          incident: { status: "triggered", firing_count: 2 },
        }),
        replied("done"),
        timerSet("01:00:05"),
      )
      .thenNo(notified("primary"))
      .at("20:00").when(alertResolved("old"), alertResolved("young"))
      .then(happened("resolved", { incident: { id: "inc-0-1" } }), notified("primary", "resolved"));
  });

  test("is related once, under one id or another, however often that is proposed", () => {
    scenario("related twice", { config })
      .at("00:00").when(alertFired("old", old), alertFired("young", young))
      .at("00:05").when(related("young", "old"), related("young", "old"))
      .at("00:06").when(related("young", "old"), related("young", "old", { id: "another" }))
      .then(replied("done"))
      .thenNo(happened("merged"))
      .thenNo(happened("commandRefused"));
  });

  test("stays what it is once somebody has taken it", () => {
    scenario("taken", { config })
      .at("00:00").when(alertFired("old", old), alertFired("young", young))
      .at("00:04").when(command({ kind: "acknowledge" }, { on: "young" }))
      .at("00:05").when(related("young", "old"))
      .then(
        happened("commandRefused", {
          because: "cannot relate an incident that is acknowledged: only one that nobody has taken",
          incident: { id: "inc-0-2", status: "acknowledged" },
        }),
        replied("conflict", "nobody has taken"),
      )
      .thenNo(happened("merged"));
  });

  test("may become part of one that somebody works on, never of one that has ended", () => {
    scenario("older is taken", { config })
      .at("00:00").when(alertFired("old", old), alertFired("young", young))
      .at("00:04").when(command({ kind: "acknowledge" }, { on: "old" }))
      .at("00:05").when(related("young", "old"))
      .then(happened("merged", { incident: { id: "inc-0-1", status: "acknowledged" } }));
    scenario("older has ended", { config })
      .at("00:00").when(alertFired("old", old), alertFired("young", young))
      .at("00:04").when(alertResolved("old"))
      .at("00:05").when(related("young", "old"))
      .then(replied("conflict", "it is resolved; only an open incident takes others"))
      .thenNo(happened("merged"));
  });

  const strangers: [string, string, Record<string, string>][] = [
    ["another tenant", "it is another tenant's", { tenant: "other" }],
    ["another environment", "it is of another environment", { environment: "staging" }],
  ];
  test.each(strangers)("stays apart from one of %s", (_, reason, labels) => {
    scenario("strangers", { config })
      .at("00:00").when(
        alertFired("old", old),
        alertFired("young", { labels: { ...young.labels, ...labels } }),
      )
      .at("00:05").when(related("young", "old"))
      .then(replied("conflict", `cannot relate it to inc-0-1: ${reason}`))
      .thenNo(happened("merged"));
  });

  test("the older one is never merged into the younger, nor one into itself or nothing", () => {
    scenario("wrong way", { config })
      .at("00:00").when(alertFired("old", old), alertFired("young", young))
      .at("00:05").when(related("old", "young"))
      .then(replied("conflict", "it is the younger one of the two"))
      .at("00:06").when(related("old", "old"))
      .then(replied("conflict", "cannot merge an incident into itself"))
      .at("00:07").when(command(
        {
          kind: "relate",
          to: "inc-0-99",
          evidence: { kind: "classifier", score: 1, because: "" },
        },
        { on: "old" },
      ))
      .then(replied("conflict", "no such incident in memory"))
      .check((stage) => expect(stage.get("inc-0-1")?.status).toBe("triggered"));
  });
});
