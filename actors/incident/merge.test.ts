import { describe, expect, test } from "vitest";
import { happened, notified, replied, timerSet } from "../../testing/scenario-expectations.ts";
import {
  alertFired,
  alertRepeated,
  alertResolved,
  command,
  merged,
  nothing,
} from "../../testing/scenario-happenings.ts";
import { scenario } from "../../testing/scenario.ts";
import { storyConfig } from "../../testing/story-config.ts";

const config = storyConfig();
const a = { labels: { service: "a", severity: "warning" } };
const b = { labels: { service: "b", severity: "critical" } };

describe("merging", () => {
  test("ends the source, and the target answers for both", () => {
    scenario("merge", { config })
      .at("00:00").when(alertFired("target", a), alertFired("source", b))
      .at("05:00").when(alertRepeated("source", 4))
      .at("06:00").when(merged("source", "target", { by: "ada" }))
      .then(
        happened("merged", {
          by: "ada",
          because: "ada merged it into inc-0-1",
          detail: { into: "inc-0-1", alerts: 5 },
          incident: { status: "merged", merged_into: "inc-0-1", alert_count: 0, firing_count: 0 },
        }),
        happened("merged", {
          because: "ada merged inc-0-2 into it",
          detail: { from: "inc-0-2" },
          incident: { status: "triggered", alert_count: 6, firing_count: 2, fingerprint_count: 2 },
        }),
        happened("severityRaised", { incident: { id: "inc-0-1", severity: "critical" } }),
        replied("done"),
        timerSet("01:06:00"),
      )
      .check((stage) => {
        expect(stage.get("inc-0-2")?.escalation?.stopped_because).toContain("merged into inc-0-1");
      });
  });

  test("leads the source's alerts, old and new, to the target", () => {
    scenario("merge moves alerts", { config: storyConfig({ rules: [] }) })
      .at("00:00").when(alertFired("target", a), alertFired("source", { ...b, instance: "1" }))
      .at("06:00").when(merged("source", "target"))
      .at("20:00").when(alertFired("source", { ...b, instance: "2" }))
      .then(happened("alertJoined", { because: "same grouping key", incident: { id: "inc-0-1" } }))
      .at("21:00").when(alertResolved("source", "1"), alertResolved("source", "2"))
      .then(happened("alertResolved", { incident: { id: "inc-0-1", firing_count: 1 } }))
      .thenNo(happened("resolved"))
      .at("22:00").when(alertResolved("target"))
      .then(happened("resolved", { incident: { id: "inc-0-1" } }));
  });

  test("tells those who knew of the source of the target's end, each once", () => {
    scenario("merge moves receivers", { config })
      .at("00:00").when(alertFired("target", a))
      .at("01:00").when(alertFired("source", b))
      .at("05:30").when(command({ kind: "acknowledge" }, { on: "target" }))
      .at("06:00").when(nothing())
      .then(notified("secondary"))
      .at("07:00").when(merged("source", "target"))
      .thenNo(notified("primary"))
      .at("08:00").when(command({ kind: "resolve", note: "" }, { on: "target" }))
      .then(notified("primary", "resolved"), notified("secondary", "resolved"), replied("done"))
      .thenNothing();
  });

  test("the target knows what the source knew, for related alerts", () => {
    scenario("merge and correlation", { config: storyConfig({ rules: [] }) })
      .at("00:00").when(alertFired("target", a))
      .at("06:00").when(alertFired("other", a)).then(happened("opened"))
      .at("07:00").when(alertResolved("other"))
      .at("09:00").when(alertFired("source", b))
      .at("09:30").when(merged("source", "target"))
      .at("10:00").when(alertFired("late", b))
      .then(happened("alertJoined", { because: "within 5 min of inc-0-1" }))
      .at("10:30").when(alertFired("later", a)).then(happened("opened"));
  });

  test("leaves nothing behind once the source is retired", () => {
    scenario("merged and gone", { config: storyConfig({ rules: [] }) })
      .at("00:00").when(alertFired("target", a), alertFired("source", b))
      .at("06:00").when(merged("source", "target"))
      .at("01:06:00").when(nothing())
      .then(happened("retired", { incident: { id: "inc-0-2" } }), timerSet(null))
      .check((stage) => expect(stage.size).toBe(1))
      .at("01:07:00").when(alertRepeated("source", 1))
      .then(happened("counted", { incident: { id: "inc-0-1" } }));
  });
});

describe("merges that cannot be", () => {
  const into = (id: string) => command({ kind: "merge", into: id }, { on: "source" });

  test("say why", () => {
    scenario("refused merges", { config: storyConfig({ rules: [] }) })
      .at("00:00").when(alertFired("target", a), alertFired("source", b))
      .at("01:00").when(into("inc-0-2")).then(replied("conflict", "into itself"))
      .at("02:00").when(into("inc-0-zzz")).then(replied("conflict", "no such incident"))
      .at("03:00").when(into("inc-5-1"))
      .then(replied("conflict", "it lives in partition 5, this incident in 0"))
      .at("04:00").when(alertResolved("target"), into("inc-0-1"))
      .then(replied("conflict", "it is resolved; only an open incident takes others"));
  });

  test("a merged incident stays merged, and says where to", () => {
    scenario("merged twice", { config: storyConfig({ rules: [] }) })
      .at("00:00").when(alertFired("target", a), alertFired("source", b))
      .at("01:00").when(merged("source", "target", { id: "m1" }))
      .at("02:00").when(merged("source", "target", { id: "m2" }))
      .then(replied("done"))
      .thenNothing()
      .thenNo(happened("merged"))
      .at("03:00").when(into("inc-0-9"))
      .then(replied("conflict", "was merged into inc-0-1 before"))
      .at("04:00").when(command({ kind: "acknowledge" }, { on: "source" }))
      .then(replied("conflict", "an incident that is merged"));
  });
});
