/** A person says that some alerts are another trouble, and is listened to. */
import { describe, test } from "vitest";
import { happened, notified, replied } from "../../testing/scenario-expectations.ts";
import {
  alertFired,
  alertResolved,
  command,
  fingerprintOf,
  related,
} from "../../testing/scenario-happenings.ts";
import { scenario } from "../../testing/scenario.ts";
import { storyConfig } from "../../testing/story-config.ts";

const topology = {
  dependencies: { gateway: ["checkout", "search"], checkout: ["db"], search: ["db"] },
  windowMs: 600_000,
  depthMax: 4,
};
const by = { enabled: true, windowMs: 300_000, labels: ["service"], agree: ["region"] };
const config = storyConfig({ correlation: { ...by, weights: {}, topology } });
const of = (service: string) => ({ labels: { service, severity: "critical" } });
const split = (...names: string[]) =>
  command(
    { kind: "split", alerts: names.map((name) => fingerprintOf(name, "")), reason: "not ours" },
    { on: "inc-0-1" },
  );

describe("splitting", () => {
  test("gives alerts an incident of their own, which tells people, and says why", () => {
    scenario("split", { config })
      .at("00:00").when(alertFired("db-down", of("db"))).then(notified("primary", "opened"))
      .at("00:30").when(alertFired("errors", of("checkout"))).then(happened("alertJoined"))
      .at("01:00").when(split("errors"))
      .then(
        happened("opened", {
          because: "ada split it off inc-0-1: not ours",
          detail: { from: "inc-0-1", alerts: 1 },
          incident: { title: "errors on checkout", service: "checkout", fingerprint_count: 1 },
        }),
        notified("primary", "opened"),
        happened("splitOff", {
          detail: { into: "inc-0-3", alerts: 1 },
          incident: { id: "inc-0-1", fingerprint_count: 1, alert_count: 1 },
        }),
        replied("done"),
      )
      .thenNothing();
  });

  test("is respected: neither alerts nor causes bring the two together again", () => {
    scenario("apart", { config })
      .at("00:00").when(alertFired("slow", of("checkout"))).then(happened("opened"))
      .at("00:30").when(alertFired("errors", of("gateway"))).then(happened("alertJoined"))
      .at("01:00").when(split("errors")).then(happened("opened"), happened("splitOff"))
      // Its own grouping key leads to the new incident; the old one's to the old one.
      .at("01:10").when(alertFired("errors", { instance: "2", ...of("gateway") }))
      .then(happened("alertJoined", { incident: { id: "inc-0-3" } }))
      .at("01:20").when(alertFired("slow", { instance: "2", ...of("checkout") }))
      .then(happened("alertJoined", { incident: { id: "inc-0-1" } }))
      // A cause of both would gather them; it joins one and leaves the other alone.
      .at("01:30").when(alertFired("db-down", of("db")))
      .then(happened("alertJoined", { incident: { id: "inc-0-1" } }), happened("rootMoved"))
      .thenNothing();
  });

  test("is respected when the alerts come back after theirs is over", () => {
    scenario("back again", { config: storyConfig({ rules: [] }) })
      .at("00:00").when(alertFired("slow", of("checkout"))).then(happened("opened"))
      .at("00:10").when(alertFired("errors", of("checkout"))).then(happened("alertJoined"))
      .at("00:20").when(split("errors")).then(happened("splitOff"))
      .at("00:30").when(alertResolved("errors")).then(happened("resolved"))
      .at("14:00").when(alertFired("slow", { instance: "2", ...of("checkout") }))
      .then(happened("alertJoined", { incident: { id: "inc-0-1" } }))
      .at("14:10").when(alertFired("errors", of("checkout"))).then(happened("opened"))
      .at("14:20").when(alertFired("errors", { instance: "2", ...of("checkout") }))
      .then(happened("alertJoined", { incident: { id: "inc-0-6" } }))
      .at("14:30").when(alertFired("timeouts", of("checkout")))
      .then(happened("alertJoined", { incident: { id: "inc-0-1" } }));
  });

  test("is taken back by merging them by hand", () => {
    scenario("merged again", { config })
      .at("00:00").when(alertFired("slow", of("checkout"))).then(happened("opened"))
      .at("00:30").when(alertFired("errors", of("gateway"))).then(happened("alertJoined"))
      .at("01:00").when(split("errors")).then(happened("opened"))
      .at("01:30").when(command({ kind: "merge", into: "inc-0-1" }, { on: "inc-0-3" }))
      .then(happened("merged"), happened("merged"), replied("done"))
      .at("02:00").when(split("errors"))
      .then(happened("opened", { incident: { id: "inc-0-5" } }), happened("splitOff"));
  });

  test("outlives merges: what either became a part of stays apart from the other", () => {
    const unrelated = { ...config.correlation, enabled: false };
    const plain = storyConfig({ rules: [], correlation: unrelated });
    const into = (id: string, on: string) => command({ kind: "merge", into: id }, { on });
    scenario("apart for good", { config: plain })
      .at("00:00").when(alertFired("slow", of("checkout")))
      .at("00:10").when(alertFired("errors", of("gateway")), into("inc-0-1", "errors"))
      .at("00:20").when(split("errors")).then(happened("opened", { incident: { id: "inc-0-4" } }))
      .at("00:30").when(alertFired("c", of("c")), alertFired("d", of("d")))
      .at("00:40").when(into("inc-0-5", "inc-0-1"), into("inc-0-6", "inc-0-4"))
      .then(happened("merged"), happened("merged"))
      .at("00:50").when(related("inc-0-6", "inc-0-5"))
      .then(replied("conflict", "a person split the two"))
      // What is split off later was a part of the one that was kept apart.
      .at("01:00").when(
        command({ kind: "split", alerts: [fingerprintOf("d", "")], reason: "" }, { on: "inc-0-6" }),
      )
      .then(happened("opened", { incident: { id: "inc-0-a" } }))
      .at("01:10").when(related("inc-0-a", "inc-0-5"))
      .then(replied("conflict", "a person split the two"));
  });

  test("undoes a merge, by the id of the incident that was merged", () => {
    const undo = { kind: "split" as const, alerts: ["inc-0-2"], reason: "" };
    scenario("undo", { config: storyConfig({ rules: [] }) })
      .at("00:00").when(alertFired("a", of("checkout"))).then(happened("opened"))
      .at("06:00").when(alertFired("b", { dedupKey: "k", ...of("billing") }))
      .then(happened("opened"))
      .at("06:10").when(command({ kind: "merge", into: "inc-0-1" }, { on: "inc-0-2" }))
      .then(happened("merged"), happened("merged"))
      .at("06:20").when(command(undo, { on: "inc-0-1" }))
      .then(happened("opened", { incident: { fingerprint_count: 1 } }), happened("splitOff"))
      // Its key is its own again, although no alert tells of it.
      .at("06:25").when(alertFired("b", { instance: "2", dedupKey: "k", ...of("elsewhere") }))
      .then(happened("alertJoined", { incident: { id: "inc-0-4" } }))
      .at("06:30").when(alertResolved("a"))
      .then(happened("alertResolved"), happened("resolved", { incident: { id: "inc-0-1" } }));
  });

  test("an incident whose firing alerts all left is over", () => {
    scenario("nothing left", { config: storyConfig({ rules: [] }) })
      .at("00:00").when(alertFired("a", of("checkout"))).then(happened("opened"))
      .at("00:10").when(alertFired("b", of("checkout"))).then(happened("alertJoined"))
      .at("00:20").when(alertResolved("a")).then(happened("alertResolved"))
      .at("00:30").when(split("b"))
      .then(happened("opened"), happened("splitOff"), happened("resolved"));
  });

  test("alerts that fire no more are over in their own incident as well", () => {
    scenario("nothing fires", { config: storyConfig({ rules: [] }) })
      .at("00:00").when(alertFired("a", of("checkout"))).then(happened("opened"))
      .at("00:10").when(alertFired("b", of("checkout"))).then(happened("alertJoined"))
      .at("00:20").when(alertResolved("b")).then(happened("alertResolved"))
      .at("00:30").when(split("b"))
      .then(happened("splitOff"), happened("resolved", { incident: { id: "inc-0-4" } }));
  });

  test("an alert that comes back to where it was split off leaves the key with the others", () => {
    const [one, two, three] = ["1", "2", "3"].map((instance) => ({ instance, ...of("checkout") }));
    const second = { kind: "split" as const, alerts: [fingerprintOf("slow", "2")], reason: "" };
    scenario("the key stays", { config: storyConfig({ rules: [] }) })
      .at("00:00").when(alertFired("slow", one)).then(happened("opened"))
      .at("00:10").when(alertFired("slow", two)).then(happened("alertJoined"))
      .at("00:20").when(command(second, { on: "inc-0-1" })).then(happened("splitOff"))
      .at("00:30").when(alertResolved("slow", "2")).then(happened("resolved"))
      .at("00:40").when(alertFired("slow", two))
      .then(happened("reopened", { incident: { id: "inc-0-3" } }))
      .at("00:50").when(alertFired("slow", three))
      .then(
        happened("alertJoined", { because: "same grouping key", incident: { id: "inc-0-1" } }),
      );
  });

  test("refuses what is not there, and all of it", () => {
    scenario("refusals", { config })
      .at("00:00").when(alertFired("a", of("checkout"))).then(happened("opened"))
      .at("00:10").when(split("a"))
      .then(happened("commandRefused", { because: "these are all of its alerts" }))
      .at("00:20").when(split("unknown"))
      .then(happened("commandRefused", { because: "neither an alert of this incident nor" }))
      .at("00:30").when(alertResolved("a")).then(happened("resolved"))
      .at("00:40").when(split("a"))
      .then(happened("commandRefused", { because: "cannot split an incident that is resolved" }));
  });
});
