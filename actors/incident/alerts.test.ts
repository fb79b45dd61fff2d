import { describe, expect, test } from "vitest";
import { happened, timerSet } from "../../testing/scenario-expectations.ts";
import {
  alertChanged,
  alertFired,
  alertRepeated,
  alertResolved,
  command,
  nothing,
  recorded,
  together,
} from "../../testing/scenario-happenings.ts";
import { scenario } from "../../testing/scenario.ts";

const checkout = { service: "checkout" };

describe("while it lasts", () => {
  test("repeats are counted once per record and incident", () => {
    scenario("repeats")
      .at("00:00").when(alertFired("db-down"))
      .at("01:00").when(together(alertRepeated("db-down", 5), alertRepeated("db-down", 7)))
      .then(happened("counted", {
        detail: { received: 12 },
        incident: { alert_count: 13, fingerprint_count: 1 },
      }))
      .thenNothing()
      .at("02:00").when(alertRepeated("db-down", 1))
      .check((stage) => {
        const entries = stage.timeline("inc-0-1") ?? [];
        expect(entries.map(({ event }) => event)).toEqual(["opened", "counted"]);
        expect(entries[1]?.detail).toEqual({ received: 13 });
      });
  });

  test("severity rises with any of its alerts and does not fall again", () => {
    scenario("severity")
      .at("00:00").when(alertFired("slow", { labels: { ...checkout, severity: "warning" } }))
      .at("01:00").when(
        alertFired("slow", { instance: "b", labels: { ...checkout, severity: "critical" } }),
      )
      .then(
        happened("alertJoined"),
        happened("severityRaised", {
          because: 'alert "slow" is critical, the incident was medium',
          detail: { from: "medium", to: "critical" },
          incident: { severity: "critical" },
        }),
      )
      .at("02:00").when(
        alertFired("slow", { instance: "c", labels: { ...checkout, severity: "info" } }),
      )
      .then(happened("alertJoined", { incident: { severity: "critical" } }))
      .thenNothing();
  });

  test("a change shows the founding alert's new labels under the known title", () => {
    scenario("changes")
      .at("00:00").when(alertFired("slow", { annotations: { summary: "5 s" }, dedupKey: "k" }))
      .at("01:00").when(alertChanged("slow", {
        annotations: { summary: "30 s" },
        labels: { severity: "p1" },
        dedupKey: "k",
      }))
      .then(
        happened("alertChanged", { incident: { title: "5 s", alert_count: 2 } }),
        happened("severityRaised", { incident: { severity: "critical" } }),
      )
      .thenNothing()
      .check((stage) => expect(stage.get("inc-0-1")?.annotations).toEqual({ summary: "30 s" }));
  });

  test("a change of labels moves the incident to where correlation finds it", () => {
    scenario("changed service")
      .at("00:00").when(alertFired("slow", { labels: { service: "a" }, dedupKey: "k" }))
      .at("01:00").when(alertChanged("slow", { labels: { service: "b" }, dedupKey: "k" }))
      .at("02:00").when(alertFired("x", { labels: { service: "a" } }))
      .then(happened("opened"))
      .at("02:01").when(alertFired("y", { labels: { service: "b" } }))
      .then(happened("alertJoined", { because: 'same service "b"' }));
  });
});

describe("the end, and what may follow", () => {
  test("the last firing alert resolves the incident", () => {
    scenario("resolution")
      .at("00:00").when(alertFired("db-down", { instance: "a", labels: checkout }))
      .at("00:01").when(alertFired("db-down", { instance: "b", labels: checkout }))
      .at("03:00").when(alertResolved("db-down", "a"))
      .then(happened("alertResolved", {
        because: "its sender resolved it; 1 of 2 alerts still firing",
        incident: { firing_count: 1, status: "triggered" },
      }))
      .thenNothing()
      .at("04:00").when(alertResolved("db-down", "b", "end time"))
      .then(
        happened("alertResolved", { because: "its end time passed" }),
        happened("resolved", { by: "alerts", because: "the last firing alert was resolved" }),
        timerSet("01:04:00"),
      );
  });

  test("an alert that returns to an incident that is still open joins again", () => {
    scenario("flapping inside an incident")
      .at("00:00").when(together(
        alertFired("db-down", { instance: "a" }),
        alertFired("db-down", { instance: "b" }),
      ))
      .at("01:00").when(alertResolved("db-down", "a"))
      .at("02:00").when(alertFired("db-down", { instance: "a" }))
      .then(happened("alertJoined", {
        because: "fires again",
        incident: { fingerprint_count: 2, firing_count: 2 },
      }));
  });

  test("an alert that returns within the window reopens, one later opens anew", () => {
    scenario("reopening")
      .at("00:00").when(alertFired("db-down"))
      .at("01:00").when(alertResolved("db-down"))
      .at("11:00").when(alertFired("db-down"))
      .then(
        happened("reopened", {
          by: "alerts",
          because: "fires again, within 10 min of its resolution",
          incident: { id: "inc-0-1", status: "triggered", resolved_at: null },
        }),
        timerSet(null),
      )
      .at("12:00").when(alertResolved("db-down"))
      .at("22:01").when(alertFired("db-down"))
      .then(happened("opened", { incident: { firing_count: 1 } }));
  });

  test("another alert of the same group reopens it too", () => {
    scenario("reopening by group")
      .at("00:00").when(alertFired("db-down", { instance: "a" }))
      .at("01:00").when(alertResolved("db-down", "a"))
      .at("02:00").when(alertFired("db-down", { instance: "b" }))
      .then(happened("reopened", { because: "same grouping key" }));
  });

  test("a resolved incident closes, a closed one leaves memory, and nothing waits any more", () => {
    scenario("retirement")
      .at("00:00").when(alertFired("db-down"))
      .at("01:00").when(alertResolved("db-down"))
      .at("01:01:00").when(nothing())
      .then(happened("closed", { by: "timer", because: "resolved for 1 h" }))
      .thenNothing()
      .at("02:01:01").when(nothing())
      .then(happened("retired", { by: "timer", incident: { status: "closed" } }), timerSet(null))
      .thenNothing()
      .check((stage) => {
        expect([stage.size, stage.nextWakeAtMs(), stage.get("inc-0-1")]).toEqual([0, null, null]);
      });
  });

  test("an alert that goes on does not undo what a person resolved; one that returns does", () => {
    scenario("resolved while firing")
      .at("00:00").when(alertFired("db-down"))
      .at("01:00").when(command({ kind: "resolve", note: "" }, { on: "db-down" }))
      .at("02:00").when(alertRepeated("db-down", 4), alertChanged("db-down"))
      .then(
        happened("counted", { incident: { status: "resolved", firing_count: 1 } }),
        happened("alertChanged", { incident: { status: "resolved" } }),
      )
      .thenNothing()
      .at("03:00").when(alertResolved("db-down"))
      .then(happened("alertResolved", { incident: { status: "resolved", firing_count: 0 } }))
      .thenNothing()
      .at("04:00").when(alertFired("db-down"))
      .then(happened("reopened"));
  });

  test("an alert that outlived its incident in memory is news when it changes", () => {
    scenario("forgotten while firing")
      .at("00:00").when(alertFired("db-down"))
      .at("01:00").when(command({ kind: "resolve", note: "" }, { on: "db-down" }))
      .at("01:02:00").when(nothing())
      .at("02:03:00").when(nothing())
      .then(happened("retired"))
      .at("02:04:00").when(alertRepeated("db-down", 2))
      .thenNothing()
      .at("02:05:00").when(alertChanged("db-down"))
      .then(happened("opened"));
  });
});

describe("what changes nothing", () => {
  test("resolves without an alert, refusals and strangers", () => {
    scenario("strangers")
      .at("00:00").when(
        alertResolved("never-seen"),
        alertResolved("never-seen", "", "unmatched"),
        alertRepeated("never-seen", 3),
        recorded({
          kind: "alerts",
          partition: 7,
          items: [{
            stepSeq: 1,
            index: 0,
            event: { kind: "rejected", atMs: 0, received: 2, reason: "bad", detail: "" },
          }],
        }),
      )
      .thenNothing();
  });
});
