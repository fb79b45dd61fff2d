/**
 * Telling people: runs an incident's escalation and turns its effects into notifications.
 * A receiver that was told of an incident is told of its end, once.
 */
import { assertNever } from "./assert-never.ts";
import type { Labels } from "../alert/events.ts";
import type { EscalationEffect } from "../escalation/escalation.ts";
import { start, transition } from "../escalation/escalation.ts";
import { durationText } from "./duration.ts";
import type { Incident } from "./incident.ts";
import type { Turn } from "./turn.ts";
import { record } from "./turn.ts";
import type { NotificationReason } from "./types.ts";

/** Whom an incident has told, and how it goes on. */
export type Told = Pick<Incident, "policy" | "escalation" | "told">;

/**
 * Puts the incident at the foot of its policy's ladder. The effects are the caller's to run
 * (`tellEffects`) after it recorded the event that caused them.
 */
export function startEscalation(turn: Turn, incident: Incident): EscalationEffect[] {
  if (incident.policy === null) return [];
  const { state, effects } = start(incident.policy, turn.nowMs);
  incident.escalation = state;
  return effects;
}

/**
 * A risen severity may call for another policy, or for one at all. Whoever works on the incident
 * is left alone; while nobody does, the new policy begins at its foot.
 * @param merged what another incident of this severity brings along: its policy goes on where it
 * was, and of another one the first level tells only those who do not know yet.
 */
export function reroute(
  turn: Turn,
  incident: Incident,
  labels: Labels,
  merged: Told | null,
): void {
  if (incident.status !== "triggered") return;
  const flaps = incident.flap !== null && incident.flap.sinceMs !== null;
  // A policy rests while the incident flaps, or since somebody made it less severe; what has
  // become worse begins it again.
  const rests = flaps || incident.escalation?.kind === "stopped";
  const chosen = turn.desk.choosePolicy(incident, labels);
  const policy = chosen === null && flaps ? incident.policy : chosen;
  if (policy === null || (policy.name === incident.policy?.name && !rests)) return;
  incident.policy = policy;
  if (merged?.policy?.name === policy.name && merged.escalation?.kind === "climbing") {
    incident.escalation = merged.escalation;
    return;
  }
  tellEffects(turn, incident, toldOthers(startEscalation(turn, incident), merged?.told ?? []));
}

/**
 * A lowered severity may call for another policy, or for none. Whoever was told already is not
 * told again by the new one; its later levels are.
 */
export function rerouteLowered(turn: Turn, incident: Incident, because: string): void {
  if (incident.status !== "triggered") return;
  const policy = turn.desk.choosePolicy(incident, incident.labels);
  if (policy !== null && policy.name === incident.policy?.name) return;
  stopEscalation(turn, incident, because);
  if (policy === null) return;
  incident.policy = policy;
  const knowing = [...incident.told];
  tellEffects(turn, incident, toldOthers(startEscalation(turn, incident), knowing));
}

/**
 * After a merge: where the incident tells nobody any more by itself, the escalation that the
 * other one was on goes on in it, so that a merge ends nobody's wait for an answer.
 */
export function takeOverEscalation(incident: Incident, { policy, escalation }: Told): void {
  const { status, flap, policy: own, escalation: state } = incident;
  if (status !== "triggered" || policy === null || escalation?.kind !== "climbing") return;
  if (flap !== null && flap.sinceMs !== null) {
    // Nobody is told while it flaps; a policy begins at its foot when that is over.
    incident.policy ??= policy;
    return;
  }
  if (state?.kind === "climbing" || (state?.kind === "exhausted" && own?.name === policy.name)) {
    return;
  }
  incident.policy = policy;
  incident.escalation = escalation;
}

function toldOthers(effects: EscalationEffect[], knowing: readonly string[]): EscalationEffect[] {
  return effects.map((effect) => {
    if (effect.kind !== "tell") return effect;
    const receivers = effect.receivers.filter((receiver) => !knowing.includes(receiver));
    return { ...effect, receivers };
  });
}

export function stopEscalation(turn: Turn, incident: Incident, because: string): void {
  const { policy, escalation } = incident;
  if (policy === null || escalation === null) return;
  const input = { kind: "stop", because } as const;
  incident.escalation = transition(policy, escalation, input, turn.nowMs).state;
}

/** The ladder's deadline may have passed: climbs if it has. */
export function wakeEscalation(turn: Turn, incident: Incident): void {
  const { policy, escalation } = incident;
  if (policy === null || escalation === null) return;
  const { state, effects } = transition(policy, escalation, { kind: "wake" }, turn.nowMs);
  incident.escalation = state;
  for (const effect of effects) {
    if (effect.kind === "tell") {
      const { level, round } = effect;
      const because = climbedBecause(incident, level, round);
      const detail = { policy: policy.name, level, round };
      record(turn, incident, { kind: "escalated", by: "escalation", because, detail });
    }
    tellEffects(turn, incident, [effect]);
  }
}

export function tellEffects(turn: Turn, incident: Incident, effects: EscalationEffect[]): void {
  for (const effect of effects) {
    switch (effect.kind) {
      case "tell": {
        const { level, round, receivers } = effect;
        const reason = reasonOf(incident, level, round);
        const policy = incident.policy?.name ?? "";
        const because = `level ${level} of policy "${policy}", round ${round}`;
        tell(turn, incident, receivers, reason, level, because);
        break;
      }
      case "exhausted": {
        const name = incident.policy?.name ?? "";
        const because = `every level of policy "${name}" was told and nobody took the incident`;
        const detail = { policy: name };
        record(turn, incident, { kind: "escalationExhausted", by: "escalation", because, detail });
        break;
      }
      default:
        assertNever(effect);
    }
  }
}

/** Everyone who was told of the incident hears that it is resolved. */
export function tellResolved(turn: Turn, incident: Incident): void {
  const receivers = incident.told;
  const level = incident.escalation?.level ?? 0;
  const because = "was told of the incident, so hears of its end";
  tell(turn, incident, receivers, "resolved", level, because);
  incident.told = [];
}

/** Once, and the receivers of the first level: that the incident flaps. */
export function tellFlapping(turn: Turn, incident: Incident): void {
  const receivers = incident.policy?.levels[0]?.receivers ?? [];
  tell(turn, incident, receivers, "flapping", 1, "the incident flaps; its openings tell nobody");
}

function tell(
  turn: Turn,
  incident: Incident,
  receivers: string[],
  reason: NotificationReason,
  level: number,
  because: string,
): void {
  for (const receiver of new Set(receivers)) {
    if (!incident.told.includes(receiver)) incident.told.push(receiver);
    const detail = { receiver, reason, level };
    const by = "escalation";
    const view = record(turn, incident, { kind: "notified", by, because, detail });
    const id = `${incident.id}:${incident.version}:${receiver}`;
    const notification = { id, receiver, reason, level, atMs: turn.nowMs, incident: view };
    turn.emit({ kind: "notify", notification });
  }
}

function reasonOf(incident: Incident, level: number, round: number): NotificationReason {
  if (level > 1 || round > 1) return "escalated";
  return incident.reopens > 0 ? "reopened" : "opened";
}

function climbedBecause(incident: Incident, level: number, round: number): string {
  const policy = incident.policy;
  const name = policy?.name ?? "";
  if (level === 1 && round > 1) {
    const wait = durationText(policy?.repeatAfterMs ?? 0);
    return `nobody took it in round ${round - 1}; round ${round} of "${name}" begins after ${wait}`;
  }
  const wait = durationText(policy?.levels[level - 1]?.afterMs ?? 0);
  return `nobody took it within ${wait}; level ${level} of policy "${name}" is due`;
}
