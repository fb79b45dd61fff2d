import { describe, expect, test } from "vitest";
import type { EscalationPolicy, EscalationState } from "./escalation.ts";
import { nextWakeAtMs, roundWaitMinMs, start, transition } from "./escalation.ts";

const minute = 60_000;

const ladder: EscalationPolicy = {
  name: "payments",
  levels: [
    { afterMs: 0, receivers: ["primary"] },
    { afterMs: 5 * minute, receivers: ["secondary", "lead"] },
  ],
  repeats: 1,
  repeatAfterMs: 10 * minute,
};

/** Wakes it at each deadline until none is left; what was told, and when. */
function history(policy: EscalationPolicy, lateByMs = 0): string[] {
  const told: string[] = [];
  let nowMs = 0;
  let step = start(policy, nowMs);
  for (let turns = 0; turns < 100; turns += 1) {
    for (const effect of step.effects) {
      const what = effect.kind === "tell" ? `${effect.round}.${effect.level}` : effect.kind;
      told.push(`${nowMs / minute} ${what}`);
    }
    const next = nextWakeAtMs(step.state);
    if (next === null) return told;
    nowMs = next + lateByMs;
    step = transition(policy, step.state, { kind: "wake" }, nowMs);
  }
  throw new Error("the ladder has no end");
}

describe("a policy's ladder", () => {
  test("climbs level by level, round by round, and is exhausted at its end", () => {
    expect(history(ladder)).toEqual(["0 1.1", "5 1.2", "15 2.1", "20 2.2", "30 exhausted"]);
  });

  test("a first level with a wait counts from the opening", () => {
    const late = { ...ladder, repeats: 0, levels: [{ afterMs: 3 * minute, receivers: ["a"] }] };
    expect(history(late)).toEqual(["3 1.1", "13 exhausted"]);
  });

  test("a late wake delays the rest instead of telling everybody at once", () => {
    expect(history(ladder, minute)).toEqual(
      ["0 1.1", "6 1.2", "17 2.1", "23 2.2", "34 exhausted"],
    );
  });

  test("a wake before its time does nothing", () => {
    const { state } = start(ladder, 0);
    const early = transition(ladder, state, { kind: "wake" }, 5 * minute - 1);
    expect(early).toEqual({ state, effects: [] });
  });

  test("levels without a wait are told together", () => {
    const both = { ...ladder, repeats: 0, levels: ladder.levels.map((level) => ({
      ...level,
      afterMs: 0,
    })) };
    const { effects } = start(both, 0);
    expect(effects.map((effect) => effect.kind === "tell" && effect.level)).toEqual([1, 2]);
  });

  test("a policy that repeats without any wait still leaves a second between rounds", () => {
    const frantic = { ...ladder, levels: [{ afterMs: 0, receivers: ["a"] }], repeatAfterMs: 0 };
    const { state, effects } = start(frantic, 0);
    expect(effects).toHaveLength(1);
    expect(nextWakeAtMs(state)).toBe(roundWaitMinMs);
  });

  test("a policy without levels is exhausted from the start and tells nobody", () => {
    expect(start({ ...ladder, levels: [] }, 0)).toEqual({
      state: { kind: "exhausted", level: 0, round: 1 },
      effects: [],
    });
  });
});

describe("stopping and restarting", () => {
  test("a stop ends all waiting and keeps its first reason", () => {
    const { state } = start(ladder, 0);
    const stopped = transition(ladder, state, { kind: "stop", because: "ada has it" }, 1);
    expect(stopped.state).toEqual({ kind: "stopped", level: 1, round: 1, because: "ada has it" });
    expect(nextWakeAtMs(stopped.state)).toBeNull();
    const again = transition(ladder, stopped.state, { kind: "stop", because: "resolved" }, 2);
    expect(again.state).toEqual(stopped.state);
    const woken = transition(ladder, stopped.state, { kind: "wake" }, 60 * minute);
    expect(woken).toEqual({ state: stopped.state, effects: [] });
  });

  test("a restart begins at the first level", () => {
    const stopped: EscalationState = { kind: "stopped", level: 2, round: 2, because: "x" };
    const { state, effects } = transition(ladder, stopped, { kind: "restart" }, minute);
    expect(effects).toMatchObject([{ kind: "tell", level: 1, round: 1 }]);
    expect(nextWakeAtMs(state)).toBe(6 * minute);
  });
});
