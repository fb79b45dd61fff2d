/**
 * Escalation: who is told next when nobody takes an incident. A policy is a ladder of levels;
 * time climbs it, an acknowledgement stops it. The only deadline is `nextWakeAtMs(state)`, so no
 * timer can outlive the state that it belongs to.
 */
import { assertNever } from "../incident/assert-never.ts";

export type EscalationLevel = {
  /** Wait before this level is told, in ms after the level before it (first: after opening). */
  afterMs: number;
  /** Names of receivers; told in this order. */
  receivers: string[];
};

export type EscalationPolicy = {
  name: string;
  levels: EscalationLevel[];
  /** Further rounds through all levels after the first; 0: one round. */
  repeats: number;
  /** Wait between the last level and the next round's first, in ms. */
  repeatAfterMs: number;
};

/**
 * `level` counts the levels told in this round (0: nobody yet), `round` counts from 1.
 * The policy is not part of the state; whoever holds the state holds the policy beside it.
 */
export type EscalationState =
  | { kind: "climbing"; level: number; round: number; nextAtMs: number }
  | { kind: "stopped"; level: number; round: number; because: string }
  | { kind: "exhausted"; level: number; round: number };

export type EscalationInput =
  | { kind: "wake" }
  /** Somebody took the incident, or it is over. The first reason stays. */
  | { kind: "stop"; because: string }
  /** From the first level again, as if the incident had just opened. */
  | { kind: "restart" };

export type EscalationEffect =
  | { kind: "tell"; level: number; round: number; receivers: string[] }
  | { kind: "exhausted" };

export type EscalationStep = { state: EscalationState; effects: EscalationEffect[] };

/**
 * Shortest wait after a round's last level, in ms: a policy that repeats without any wait must
 * not tell its receivers a thousand times in one instant.
 */
export const roundWaitMinMs = 1_000;

/** The first level's wait counts from now; with no wait it is told by this very step. */
export function start(policy: EscalationPolicy, nowMs: number): EscalationStep {
  const first = policy.levels[0];
  if (first === undefined) {
    return { state: { kind: "exhausted", level: 0, round: 1 }, effects: [] };
  }
  return climb(policy, 0, 1, nowMs + first.afterMs, nowMs);
}

/** A wake that comes early, late or twice is harmless: only the deadline counts. */
export function transition(
  policy: EscalationPolicy,
  state: EscalationState,
  input: EscalationInput,
  nowMs: number,
): EscalationStep {
  switch (input.kind) {
    case "wake":
      if (state.kind !== "climbing") return { state, effects: [] };
      return climb(policy, state.level, state.round, state.nextAtMs, nowMs);
    case "stop": {
      if (state.kind !== "climbing") return { state, effects: [] };
      const { level, round } = state;
      return { state: { kind: "stopped", level, round, because: input.because }, effects: [] };
    }
    case "restart":
      return start(policy, nowMs);
    default:
      return assertNever(input);
  }
}

export function nextWakeAtMs(state: EscalationState): number | null {
  return state.kind === "climbing" ? state.nextAtMs : null;
}

/**
 * Tells every level whose wait is over. Each wait counts from the moment that the level before
 * was really told, so that a machine that was down pages one level late, not all at once.
 */
function climb(
  policy: EscalationPolicy,
  level: number,
  round: number,
  nextAtMs: number,
  nowMs: number,
): EscalationStep {
  const effects: EscalationEffect[] = [];
  while (nextAtMs <= nowMs) {
    if (level === policy.levels.length) {
      // The last level of the last round had its time to answer as well.
      if (round > policy.repeats) {
        effects.push({ kind: "exhausted" });
        return { state: { kind: "exhausted", level, round }, effects };
      }
      level = 0;
      round += 1;
    }
    level += 1;
    const told = policy.levels[level - 1];
    if (told === undefined) return { state: { kind: "exhausted", level, round }, effects };
    effects.push({ kind: "tell", level, round, receivers: told.receivers });
    const next = policy.levels[level];
    nextAtMs =
      nowMs + (next ? next.afterMs : Math.max(policy.repeatAfterMs, roundWaitMinMs));
  }
  return { state: { kind: "climbing", level, round, nextAtMs }, effects };
}
