import { describe, expect, test } from "vitest";
import { happened, notified, replied, timerSet } from "../../testing/scenario-expectations.ts";
import {
  alertFired,
  alertRepeated,
  alertResolved,
  command,
  configured,
  created,
  merged,
  nothing,
} from "../../testing/scenario-happenings.ts";
import { scenario } from "../../testing/scenario.ts";
import { storyConfig, storyPolicy } from "../../testing/story-config.ts";

const config = storyConfig();
const isCritical = { label: "severity", op: "=", value: "critical" } as const;
const isOf = (value: string) => ({ label: "service", op: "=", value }) as const;
const tell = {
  ...{ name: "tell", repeats: 0, repeatAfterMs: 60_000 },
  levels: [{ afterMs: 0, receivers: ["channel"] }],
};
const paged = storyConfig({
  policies: { "on-call": storyPolicy, tell },
  rules: [{ matchers: [isCritical], policy: "on-call" }, { matchers: [], policy: "tell" }],
});
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

  test("tells nobody twice of what the target becomes by it", () => {
    scenario("merge raises", { config: paged })
      .at("00:00").when(alertFired("target", a)).then(notified("channel", "opened"))
      .at("00:10").when(alertFired("source", b)).then(notified("primary", "opened"))
      .at("01:00").when(merged("source", "target"))
      .then(happened("severityRaised", { incident: { id: "inc-0-1" } }))
      .thenNo(happened("notified"))
      // The ladder of the source goes on where it was.
      .at("05:10").when(nothing()).then(notified("secondary", "escalated"))
      .thenNo(notified("primary"));
  });

  test("tells of another policy those who do not know yet", () => {
    const levels = [{ afterMs: 0, receivers: ["primary", "chat"] }];
    const chat = { ...tell, name: "chat", levels };
    const rules = [{ matchers: [isCritical], policy: "chat" }];
    const policies = { "on-call": storyPolicy, tell, chat };
    scenario("another policy", { config: paged })
      .at("00:00").when(alertFired("target", a)).then(notified("channel", "opened"))
      .at("00:10").when(alertFired("source", b)).then(notified("primary", "opened"))
      .at("01:00").when(configured(storyConfig({ hash: "new", policies, rules })))
      .at("01:10").when(merged("source", "target")).then(notified("chat", "opened"))
      .thenNo(notified("primary"));
  });

  test("ends nobody's wait: what the source was on goes on where the target tells nobody", () => {
    const config = storyConfig({ rules: [{ matchers: [isOf("b")], policy: "on-call" }] });
    const grave = { labels: { service: "a", severity: "critical" } };
    scenario("silent target", { config })
      .at("00:00").when(alertFired("target", grave)).thenNo(happened("notified"))
      .at("00:10").when(alertFired("source", b)).then(notified("primary", "opened"))
      .at("01:00").when(merged("source", "target"))
      .then(
        happened("merged", { incident: { id: "inc-0-2" } }),
        happened("merged", { incident: { id: "inc-0-1" } }),
        replied("done"),
        timerSet("05:10"),
      )
      .thenNo(happened("notified"))
      .at("05:10").when(nothing())
      .then(notified("secondary", "escalated"))
      .at("05:20").when(command({ kind: "acknowledge" }, { on: "target" })).then(timerSet(null));
    // Somebody who works on the target works on both.
    scenario("taken target", { config })
      .at("00:00").when(alertFired("target", grave), alertFired("source", b))
      .at("00:10").when(command({ kind: "acknowledge" }, { on: "target" }))
      .at("01:00").when(merged("source", "target"))
      .at("05:10").when(nothing()).thenNothing();
  });

  test("a dedup key leads to the target, whatever else the alert says", () => {
    const own = { service: "b", severity: "info", region: "us" };
    scenario("merge and dedup key", { config: storyConfig({ rules: [] }) })
      .at("00:00").when(alertFired("target", { labels: { service: "a", region: "eu" } }))
      .at("00:10").when(created("by hand", { service: "b", dedupKey: "k" }))
      .at("00:20").when(merged("by hand", "target"))
      .at("00:30").when(alertFired("said", { dedupKey: "k", labels: own }))
      .then(
        happened("alertJoined", { because: 'same dedup key "k"', incident: { id: "inc-0-1" } }),
      );
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
