import { describe, expect, test } from "vitest";
import { happened, notified, replied, timerSet } from "../../testing/scenario-expectations.ts";
import {
  alertFired,
  alertResolved,
  command,
  configured,
  delivery,
  nothing,
} from "../../testing/scenario-happenings.ts";
import { scenario } from "../../testing/scenario.ts";
import { storyConfig, storyPolicy } from "../../testing/story-config.ts";

const config = storyConfig();

describe("an incident that nobody takes", () => {
  test("climbs level by level, then round by round, until the ladder is exhausted", () => {
    scenario("climbing", { config })
      .at("00:00").when(alertFired("db-down"))
      .then(
        happened("opened"),
        happened("notified", { by: "escalation", detail: { receiver: "primary", level: 1 } }),
        notified("primary", "opened"),
        timerSet("05:00"),
      )
      .thenNothing()
      .at("04:59").when(nothing()).thenNothing()
      .at("05:00").when(nothing())
      .then(
        happened("escalated", {
          because: 'nobody took it within 5 min; level 2 of policy "on-call" is due',
          detail: { level: 2, round: 1 },
        }),
        notified("secondary", "escalated"),
      )
      .thenNothing()
      .at("15:01").when(nothing())
      .then(notified("lead", "escalated"), notified("primary", "escalated"))
      .at("30:02").when(nothing())
      .then(
        happened("escalated", { because: "nobody took it in round 1", detail: { round: 2 } }),
        notified("primary", "escalated"),
      )
      .at("35:03").when(nothing()).then(notified("secondary"))
      .at("45:04").when(nothing()).then(notified("lead"), notified("primary"))
      .at("59:59").when(nothing()).thenNothing()
      .at("01:00:05").when(nothing())
      .then(happened("escalationExhausted", { incident: { status: "triggered" } }), timerSet(null))
      .thenNothing()
      .at("23:00:00").when(nothing()).thenNothing();
  });

  test("a partition that was away tells the next level, not all that were due meanwhile", () => {
    scenario("late wake", { config })
      .at("00:00").when(alertFired("db-down"))
      .at("02:00:00").when(nothing())
      .then(notified("secondary"))
      .thenNothing()
      .at("02:10:01").when(nothing())
      .then(notified("lead"));
  });
});

describe("somebody who takes it", () => {
  const takes = [
    { kind: "acknowledge" },
    { kind: "investigate" },
    { kind: "identify", cause: "disk full" },
  ] as const;
  for (const action of takes) {
    test(`${action.kind} stops the climbing`, () => {
      scenario("taken", { config })
        .at("00:00").when(alertFired("db-down"))
        .at("01:00").when(command(action, { on: "db-down", by: "ada" }))
        .then(timerSet(null))
        .check((stage) => {
          const { escalation, acknowledged_by } = stage.get("inc-0-1") ?? {};
          expect(escalation).toMatchObject({ level: 1, round: 1, next_at: null });
          expect(escalation?.stopped_because).toMatch(/^(ack|inv|ide)\w+ed by ada$|ing by ada$/);
          expect(acknowledged_by).toBe("ada");
        })
        .at("03:00:00").when(nothing()).thenNothing();
    });
  }
});

describe("the end of an incident", () => {
  test("is told once to everybody who was told of it, and to nobody else", () => {
    scenario("told of the end", { config })
      .at("00:00").when(alertFired("db-down"))
      .at("05:00").when(nothing())
      .at("06:00").when(alertResolved("db-down"))
      .then(
        happened("resolved"),
        notified("primary", "resolved"),
        notified("secondary", "resolved"),
      )
      .thenNothing()
      .thenNo(notified("lead"))
      .at("07:00").when(command({ kind: "close" }, { on: "db-down" }))
      .then(happened("closed"), replied("done"))
      .thenNothing();
  });

  test("a reopened incident climbs from the first level and is told of again", () => {
    scenario("reopened", { config })
      .at("00:00").when(alertFired("db-down"))
      .at("01:00").when(command({ kind: "acknowledge" }, { on: "db-down" }))
      .at("02:00").when(alertResolved("db-down"))
      .then(notified("primary", "resolved"))
      .at("03:00").when(alertFired("db-down"))
      .then(
        happened("reopened", { incident: { acknowledged_at: null } }),
        notified("primary", "reopened"),
        timerSet("08:00"),
      )
      .at("08:00").when(nothing()).then(notified("secondary", "escalated"))
      .at("09:00").when(alertResolved("db-down"))
      .then(notified("primary", "resolved"), notified("secondary", "resolved"))
      .thenNothing();
  });
});

describe("who was told of an earlier end", () => {
  test("is not told of the next one, unless told of the incident again", () => {
    scenario("told anew", { config })
      .at("00:00").when(alertFired("db-down"))
      .at("05:00").when(nothing()).then(notified("secondary"))
      .at("06:00").when(alertResolved("db-down"))
      .then(notified("secondary", "resolved"))
      .at("07:00").when(alertFired("db-down"))
      .at("08:00").when(alertResolved("db-down"))
      .then(notified("primary", "resolved"))
      .thenNothing()
      .thenNo(notified("secondary"));
  });
});

describe("which policy", () => {
  const rules = [
    { matchers: [{ label: "severity", op: "=" as const, value: "critical" }], policy: "on-call" },
    { matchers: [{ label: "team", op: "=~" as const, value: "db|cache" }], policy: "missing" },
  ];

  test("the first rule that matches; labels as sent, else what they were understood as", () => {
    const escalation = { policy: "on-call", level: 1, round: 1 };
    scenario("by sent label", { config: storyConfig({ rules }) })
      .at("00:00").when(alertFired("a", { labels: { severity: "critical" } }))
      .then(notified("primary"))
      .check((stage) => expect(stage.get("inc-0-1")?.escalation).toMatchObject(escalation));
    scenario("no severity label", { config: storyConfig({ rules }) })
      .at("00:00").when(
        command({
          kind: "create",
          title: "by hand",
          description: "",
          severity: "critical",
          service: "",
          labels: {},
          dedupKey: null,
        }),
      )
      .then(notified("primary"));
  });

  test("no match, or a policy that does not exist: nobody is told", () => {
    scenario("nobody", { config: storyConfig({ rules }) })
      .at("00:00").when(alertFired("a"), alertFired("b", { labels: { team: "db" } }))
      .then(happened("opened", { incident: { escalation: null } }), happened("opened"))
      .thenNothing()
      .check((stage) => expect(stage.liveTimers()).toEqual([]));
  });

  test("a new configuration rules what opens later; open incidents keep theirs", () => {
    const quick = {
      ...storyPolicy,
      levels: [{ afterMs: 0, receivers: ["night-shift"] }],
    };
    const next = storyConfig({ hash: "next", policies: { "on-call": quick } });
    scenario("reload", { config })
      .at("00:00").when(alertFired("old"))
      .at("01:00").when(configured(next), configured(next))
      .thenNothing()
      .at("02:00").when(alertFired("new", { labels: { service: "other" } }))
      .then(notified("night-shift"))
      .thenNo(notified("primary"))
      .at("05:00").when(nothing())
      .then(notified("secondary"))
      .thenNothing();
  });
});

describe("delivery reports", () => {
  test("become events, once each", () => {
    const failed = { outcome: "failed", detail: "503", attempt: 1 } as const;
    scenario("deliveries", { config })
      .at("00:00").when(alertFired("db-down"))
      .at("00:01").when(delivery("db-down", failed), delivery("db-down", failed))
      .then(happened("deliveryFailed", {
        by: "delivery",
        because: "did not reach primary by webhook, attempt 1, will be tried again: 503",
      }))
      .thenNothing()
      .at("00:11").when(delivery("db-down", { attempt: 2 }))
      .then(happened("delivered", { detail: { attempt: 2, outcome: "delivered" } }))
      .thenNothing()
      .at("00:12").when(delivery("db-down", { outcome: "gaveUp", detail: "404", attempt: 3 }))
      .then(happened("deliveryFailed", { because: "given up: 404" }));
  });

  test("about incidents that nobody remembers are dropped", () => {
    scenario("late report", { config })
      .at("00:00").when(alertFired("db-down"))
      .at("00:01").when(delivery("db-down", { incidentId: "inc-0-zz" }))
      .thenNothing();
  });
});
