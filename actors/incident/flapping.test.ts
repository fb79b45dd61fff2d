import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { happened, notified, timerSet } from "../../testing/scenario-expectations.ts";
import {
  alertFired,
  alertResolved,
  command,
  configured,
  merged,
  nothing,
} from "../../testing/scenario-happenings.ts";
import { type Scenario, scenario } from "../../testing/scenario.ts";
import { storyConfig } from "../../testing/story-config.ts";
import { type FlapState, flappingEndsAtMs, openedAgain, openedOnce } from "./flapping.ts";

const minute = 60_000;
const usual = { enabled: true, threshold: 5, windowMs: 15 * minute, coolDownMs: 10 * minute };
const config = storyConfig();
const critical = { labels: { severity: "critical" } };

/** Opens every two minutes from 00:00, and ends a minute after each: five times until 08:00. */
function flap(name: string, story = scenario(name, { config })): Scenario {
  for (const at of ["00", "02", "04", "06"]) {
    story.at(`${at}:00`).when(alertFired("db-down"));
    story.at(`0${Number(at) + 1}:00`).when(alertResolved("db-down"));
  }
  return story;
}

describe("an alert that opens and ends again and again", () => {
  test("is told to flap instead of to reopen, once", () => {
    flap("begins")
      .at("08:00").when(alertFired("db-down"))
      .then(
        happened("reopened"),
        happened("flappingBegan", {
          because: "5 times within 15 min",
          incident: { flapping: true, status: "triggered" },
        }),
        notified("primary", "flapping"),
        timerSet("18:00"),
      )
      .thenNo(notified("primary", "reopened"))
      .at("09:00").when(alertResolved("db-down"))
      .then(happened("alertResolved", { incident: { firing_count: 0, status: "triggered" } }))
      .then(timerSet("19:00"))
      .thenNothing()
      .at("10:00").when(alertFired("db-down"))
      .then(happened("alertJoined", { incident: { flapping: true } }), timerSet("20:00"))
      .thenNothing();
  });

  test("is resolved once it was quiet for the cool-down", () => {
    flap("ends quiet")
      .at("08:00").when(alertFired("db-down")).then(notified("primary", "flapping"))
      .at("09:00").when(alertResolved("db-down"))
      .at("18:59").when(nothing()).thenNothing()
      .at("19:00").when(nothing())
      .then(
        happened("flappingEnded", { by: "timer", because: "quiet for 10 min" }),
        happened("resolved", { by: "alerts", because: "quiet for 10 min" }),
        notified("primary", "resolved"),
      )
      .thenNothing()
      // The count begins anew: a single opening is told as such.
      .at("21:00").when(alertFired("db-down"))
      .then(happened("reopened", { incident: { flapping: false } }), notified("primary"));
  });

  test("that goes on to fire is told as if it had opened, and escalates", () => {
    flap("ends firing")
      .at("08:00").when(alertFired("db-down"))
      .at("18:00").when(nothing())
      .then(
        happened("flappingEnded", { incident: { status: "triggered" } }),
        notified("primary", "reopened"),
      )
      .at("23:01").when(nothing()).then(notified("secondary", "escalated"));
  });

  test("does not escalate while it flaps", () => {
    flap("rests")
      .at("08:00").when(alertFired("db-down"))
      .at("17:59").when(nothing())
      .thenNothing();
  });

  test("is told of when it gets worse, until nothing fires", () => {
    flap("worse")
      .at("08:00").when(alertFired("db-down"))
      .at("09:00").when(alertResolved("db-down"))
      .at("10:00").when(alertFired("db-down", critical))
      .then(happened("severityRaised", { incident: { flapping: true } }), notified("primary"))
      .at("11:00").when(alertResolved("db-down"))
      .at("16:00").when(nothing()).thenNothing()
      .at("16:30").when(alertFired("db-down", critical)).then(happened("alertJoined"))
      .thenNothing();
  });

  test("stays with whoever took it", () => {
    flap("taken")
      .at("08:00").when(alertFired("db-down"))
      .at("08:30").when(command({ kind: "acknowledge" }, { on: "db-down" }))
      .at("09:00").when(alertResolved("db-down"))
      .at("10:00").when(alertFired("db-down"))
      .then(happened("alertJoined", { incident: { status: "acknowledged" } }))
      .at("20:00").when(nothing())
      .then(happened("flappingEnded", { incident: { status: "acknowledged" } }))
      .thenNothing();
  });

  test("can be merged into another by a person, which ends it", () => {
    flap("merged")
      .at("08:00").when(alertFired("db-down"), alertFired("other", { labels: { service: "x" } }))
      .at("08:30").when(merged("db-down", "other"))
      .then(
        happened("flappingEnded", { by: "ada", incident: { flapping: false } }),
        happened("merged", { incident: { status: "merged" } }),
      )
      .at("30:00").when(nothing())
      .thenNo(happened("flappingEnded"));
  });

  test("can be resolved by a person, and counts anew", () => {
    flap("resolved by hand")
      .at("08:00").when(alertFired("db-down"))
      .at("08:30").when(command({ kind: "resolve", note: "" }, { on: "db-down" }))
      .then(
        happened("flappingEnded", { by: "ada", because: "resolved by ada" }),
        happened("resolved", { incident: { flapping: false } }),
      )
      .at("09:00").when(alertResolved("db-down"))
      .at("10:00").when(alertFired("db-down"))
      .then(happened("reopened", { incident: { flapping: false } }), notified("primary"));
  });

  test("flaps across incidents when none is reopened", () => {
    flap("new ones", scenario("new ones", { config: storyConfig({ reopenWindowMs: 0 }) }))
      .at("08:00").when(alertFired("db-down"))
      .then(
        happened("opened"),
        happened("flappingBegan", { incident: { flapping: true } }),
        notified("primary", "flapping"),
      )
      .thenNo(notified("primary", "opened"))
      .at("09:00").when(alertResolved("db-down"))
      .at("10:00").when(alertFired("db-down")).then(happened("alertJoined"))
      .thenNothing();
  });

  test("keeps the cool-down that it began with when the configuration changes", () => {
    flap("reconfigured")
      .at("08:00").when(alertFired("db-down"))
      .when(configured({ ...config, hash: "other", flapping: { ...usual, coolDownMs: minute } }))
      .at("17:59").when(nothing()).thenNothing()
      .at("18:00").when(nothing()).then(happened("flappingEnded"));
  });
});

describe("is no flapping", () => {
  test("four openings, however close", () => {
    const story = scenario("four", { config });
    for (const at of ["00:00", "00:02", "00:04", "00:06"]) {
      story
        .at(at).when(alertFired("db-down"))
        .then(notified("primary", at === "00:00" ? "opened" : "reopened"))
        .thenNo(happened("flappingBegan"))
        .when(alertResolved("db-down"));
    }
  });

  test("one of several alerts that comes and goes while another fires", () => {
    const story = scenario("others", { config }).at("00:00").when(alertFired("db-down"));
    for (let round = 1; round < 9; round += 1) {
      const other = { instance: "b" };
      story
        .at(`0${round}:00`).when(alertFired("db-down", other)).thenNo(happened("flappingBegan"))
        .at(`0${round}:30`).when(alertResolved("db-down", "b"));
    }
  });

  test("anything when it is switched off, or unknown to the configuration", () => {
    const { flapping: _, ...before } = config;
    for (const off of [{ ...config, flapping: { ...usual, enabled: false } }, before]) {
      flap("off", scenario("off", { config: off }))
        .at("08:00").when(alertFired("db-down"))
        .then(notified("primary", "reopened"))
        .thenNo(happened("flappingBegan"));
    }
  });
});

describe("counting", () => {
  const after = (gapsMs: number[], settings = usual): FlapState => {
    let nowMs = 0;
    let state = openedOnce(nowMs);
    for (const gapMs of gapsMs) {
      nowMs += gapMs;
      state = openedAgain(state, settings, nowMs);
    }
    return state;
  };
  const threshold = fc.integer({ min: 2, max: 50 });

  test("fewer openings than the threshold never begin it (F1)", () => {
    fc.assert(
      fc.property(threshold, fc.array(fc.nat({ max: 10 * minute })), (count, gaps) => {
        const state = after(gaps.slice(0, count - 2), { ...usual, threshold: count });
        expect(state.sinceMs).toBe(null);
      }),
    );
  });

  test("as many, spread evenly over less than the window, always do (F2)", () => {
    fc.assert(
      fc.property(threshold, fc.integer({ min: 1, max: 999 }), (count, share) => {
        const gapMs = ((usual.windowMs / (count - 1)) * share) / 1_000;
        const gaps = Array<number>(count - 1).fill(gapMs);
        expect(after(gaps, { ...usual, threshold: count }).sinceMs).not.toBe(null);
      }),
    );
  });

  test("what is long ago does not count", () => {
    const each = (gapMs: number, count: number) => after(Array<number>(count - 1).fill(gapMs));
    expect(each(5 * minute, 5).sinceMs).toBe(null);
    expect(each(5 * minute, 6).sinceMs).not.toBe(null);
    expect(each(9.4 * minute, 500).sinceMs).toBe(null);
    expect(after([1, 1, 1, 365 * 24 * 60 * minute]).score).toBe(1);
  });

  test("has no end to wait for while it does not flap", () => {
    expect(flappingEndsAtMs(null)).toBe(null);
    expect(flappingEndsAtMs(after([1, 1]))).toBe(null);
    expect(flappingEndsAtMs(after([1, 1, 1, 1]))).toBe(4 + usual.coolDownMs);
  });
});
