import { describe, test } from "vitest";
import { happened } from "../../testing/scenario-expectations.ts";
import {
  alertFired,
  alertResolved,
  command,
  configured,
  fingerprintOf,
  nothing,
  together,
} from "../../testing/scenario-happenings.ts";
import { scenario } from "../../testing/scenario.ts";
import { storyConfig } from "../../testing/story-config.ts";

const checkout = { service: "checkout" };
const by = { windowMs: 300_000, agree: [], weights: {}, topology: null };

describe("where an alert belongs", () => {
  test("the first alert opens an incident and says why", () => {
    scenario("opening")
      .at("00:00").when(alertFired("db-down", { labels: { ...checkout, severity: "page" } }))
      .then(happened("opened", {
        by: "alerts",
        because: "no open incident has its grouping key or is related to it",
        detail: { fingerprint: fingerprintOf("db-down", ""), received: 1 },
        incident: {
          id: "inc-0-1",
          group_key: "alertname=db-down,service=checkout",
          title: "db-down on checkout",
          status: "triggered",
          severity: "critical",
          alert_count: 1,
          firing_count: 1,
          version: 1,
          escalation: null,
        },
      }))
      .thenNothing();
  });

  test("alerts of one grouping key join, whenever they come", () => {
    scenario("grouping", { config: storyConfig({ rules: [] }) })
      .at("00:00").when(alertFired("db-down", { instance: "a", labels: checkout }))
      .at("20:00").when(alertFired("db-down", { instance: "b", labels: checkout }))
      .then(happened("alertJoined", {
        because: 'same grouping key "alertname=db-down,service=checkout"',
        incident: { id: "inc-0-1", alert_count: 2, fingerprint_count: 2, firing_count: 2 },
      }))
      .thenNothing();
  });

  test("a dedup key groups what labels would not, and wins over labels", () => {
    scenario("dedup keys", { config: storyConfig({ rules: [] }) })
      .at("00:00").when(alertFired("a", { dedupKey: "k1" }))
      .then(happened("opened", { incident: { dedup_key: "k1", group_key: "dedup:k1" } }))
      .at("20:00").when(alertFired("b", { dedupKey: "k1" }))
      .then(happened("alertJoined", { because: 'same dedup key "k1"' }))
      .at("40:00").when(alertFired("a", { instance: "2", dedupKey: "k2" }))
      .then(happened("opened"));
  });

  test("alerts of one service within the window are one incident, and later ones another", () => {
    scenario("co-occurrence")
      .at("00:00").when(alertFired("db-down", { labels: checkout }))
      .at("05:00").when(alertFired("slow", { labels: checkout }))
      .then(happened("alertJoined", {
        because: 'same service "checkout" within 5 min of inc-0-1',
      }))
      .at("10:01").when(alertFired("errors", { labels: checkout }))
      .then(happened("opened"));
  });

  test("a shared model relates alerts of different services", () => {
    scenario("co-occurrence by model")
      .at("00:00").when(alertFired("gpu", { labels: { service: "infer", model_id: "m7" } }))
      .at("01:00").when(alertFired("slow", { labels: { service: "chat", model_id: "m7" } }))
      .then(happened("alertJoined", { because: 'same model_id "m7"' }))
      .at("02:00").when(alertFired("errors", { labels: { service: "chat" } }))
      .then(happened("alertJoined", { because: 'same service "chat"' }));
  });

  test("the grouping key of a correlated alert leads to the same incident from then on", () => {
    scenario("a group is not torn apart")
      .at("00:00").when(alertFired("db-down", { labels: checkout }))
      .at("01:00").when(alertFired("slow", { instance: "a", labels: checkout }))
      .at("30:00").when(alertFired("slow", { instance: "b", labels: checkout }))
      .then(happened("alertJoined", { because: "same grouping key", incident: { id: "inc-0-1" } }));
  });

  test("tenants and environments are worlds of their own", () => {
    scenario("domains")
      .at("00:00").when(alertFired("db-down", { labels: { ...checkout, tenant_id: "a" } }))
      .at("00:01").when(
        alertFired("db-down", { instance: "2", labels: { ...checkout, tenant_id: "b" } }),
      )
      .then(happened("opened", { incident: { tenant: "b" } }))
      .at("00:02").when(
        alertFired("db-down", {
          instance: "3",
          labels: { ...checkout, tenant_id: "a", env: "staging" },
        }),
      )
      .then(happened("opened", { incident: { tenant: "a", environment: "staging" } }));
  });

  test("a taken incident still gathers its alerts; switched off, nothing correlates", () => {
    const correlation = { ...by, enabled: false, labels: ["service"] };
    scenario("acknowledged incidents")
      .at("00:00").when(alertFired("db-down", { labels: checkout }))
      .at("00:30").when(command({ kind: "acknowledge" }, { on: "db-down" }))
      .at("01:00").when(alertFired("slow", { labels: checkout }))
      .then(happened("alertJoined", { incident: { status: "acknowledged" } }));
    scenario("no correlation", { config: storyConfig({ correlation }) })
      .at("00:00").when(alertFired("db-down", { labels: checkout }))
      .at("01:00").when(alertFired("slow", { labels: checkout }))
      .then(happened("opened"));
  });

  test("a resolved incident attracts no related alerts until it is reopened", () => {
    scenario("correlation knows the open ones", { config: storyConfig({ rules: [] }) })
      .at("00:00").when(alertFired("db-down", { labels: checkout }))
      .at("01:00").when(alertResolved("db-down"))
      .at("02:00").when(alertFired("slow", { labels: checkout }))
      .then(happened("opened", { incident: { id: "inc-0-3" } }))
      .at("03:00").when(alertResolved("slow"), alertFired("db-down", { labels: checkout }))
      .then(happened("resolved"), happened("reopened", { incident: { id: "inc-0-1" } }))
      .at("04:00").when(alertFired("errors", { labels: checkout }))
      .then(happened("alertJoined", { because: "within 5 min of inc-0-1" }));
  });

  test("a new configuration correlates by its own labels, the open incidents included", () => {
    const correlation = { ...by, enabled: true, labels: ["region"] };
    scenario("other labels", { config: storyConfig({ rules: [] }) })
      .at("00:00").when(alertFired("db-down", { labels: { ...checkout, region: "eu" } }))
      .at("00:30").when(configured(storyConfig({ rules: [], hash: "next", correlation })))
      .at("01:00").when(alertFired("slow", { labels: { service: "search", region: "eu" } }))
      .then(happened("alertJoined", { because: 'same region "eu"' }));
  });

  test("an incident reopened by hand takes its group back from one that is over", () => {
    scenario("heirs", { config: storyConfig({ rules: [] }) })
      .at("00:00").when(alertFired("db-down", { instance: "a", labels: checkout }))
      .at("01:00").when(alertResolved("db-down", "a"))
      .at("01:30").when(command({ kind: "close" }, { on: "inc-0-1" }))
      .at("02:00").when(alertFired("db-down", { instance: "b", labels: checkout }))
      .then(happened("opened"))
      .at("03:00").when(alertResolved("db-down", "b"))
      .at("04:00").when(command({ kind: "reopen", reason: "" }, { on: "inc-0-1" }))
      .at("20:00").when(alertFired("db-down", { instance: "c", labels: checkout }))
      .then(happened("alertJoined", { incident: { id: "inc-0-1" } }));
  });

  test("one record that opens several incidents gives each an id of its own", () => {
    scenario("ids", { partition: 3 })
      .at("00:00").when(nothing(), together(alertFired("a"), alertFired("b"), alertFired("c")))
      .then(
        happened("opened", { incident: { id: "inc-3-2" } }),
        happened("opened", { incident: { id: "inc-3-2-2" } }),
        happened("opened", { incident: { id: "inc-3-2-3" } }),
      );
  });
});
