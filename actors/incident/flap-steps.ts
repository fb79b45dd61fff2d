/**
 * What flapping does to an incident. While it flaps it stays open, and its openings and ends tell
 * nobody; that it flaps is told once, and a risen severity as always.
 */
import { durationText } from "./duration.ts";
import { endedAgain, openedAgain, openedOnce } from "./flapping.ts";
import type { Incident } from "./incident.ts";
import { startEscalation, stopEscalation, tellEffects, tellFlapping } from "./telling.ts";
import type { Turn } from "./turn.ts";
import { record } from "./turn.ts";

export function isFlapping(incident: Incident): boolean {
  return incident.flap !== null && incident.flap.sinceMs !== null;
}

/**
 * Counts that the incident's alerts begin to fire again after none did.
 * @param before the incident that they ended in; usually the same.
 * @returns whether flapping begins with it; the caller then calls `beginFlapping`.
 */
export function countOpening(turn: Turn, incident: Incident, before = incident): boolean {
  const { nowMs } = turn;
  const { flapping } = turn.desk.config;
  // Configurations of earlier versions know nothing of it.
  if (flapping === undefined || (!flapping.enabled && !isFlapping(incident))) return false;
  const wasFlapping = isFlapping(incident);
  const state = before.flap ?? openedOnce(before.lastOpenedMs);
  incident.flap = openedAgain(state, flapping, nowMs);
  return !wasFlapping && isFlapping(incident);
}

/** Its last firing alert ended. @returns whether it stays open since it flaps. */
export function staysOpen(turn: Turn, incident: Incident): boolean {
  const { flap } = incident;
  const { flapping } = turn.desk.config;
  if (flap === null || flap.sinceMs === null || flapping === undefined) return false;
  incident.flap = endedAgain(flap, flapping, turn.nowMs);
  // Whoever was being told of a severity that rose meanwhile would be told of nothing.
  stopEscalation(turn, incident, "no alert fires; the incident flaps");
  return true;
}

/** After the event that it begins with. */
export function beginFlapping(turn: Turn, incident: Incident): void {
  const { flapping } = turn.desk.config;
  if (flapping === undefined) return;
  const { threshold, windowMs, coolDownMs } = flapping;
  stopEscalation(turn, incident, "the incident flaps");
  const because =
    `its alerts began to fire again and again, ${threshold} times within ` +
    `${durationText(windowMs)} or as often; it stays open until nothing begins or ends for ` +
    durationText(coolDownMs);
  const detail = { threshold, window_ms: windowMs, cool_down_ms: coolDownMs };
  record(turn, incident, { kind: "flappingBegan", by: "alerts", because, detail });
  tellFlapping(turn, incident);
}

/** Counting begins anew. Without effect when it does not flap. */
export function endFlapping(turn: Turn, incident: Incident, by: string, because: string): void {
  const sinceMs = incident.flap?.sinceMs ?? null;
  if (sinceMs === null) return;
  incident.flap = null;
  const detail = { lasted_ms: turn.nowMs - sinceMs };
  record(turn, incident, { kind: "flappingEnded", by, because, detail });
}

/** It has been quiet, and still fires: whoever has to know of it is told, as if it had opened. */
export function tellStillFiring(turn: Turn, incident: Incident): void {
  if (incident.status !== "triggered") return;
  tellEffects(turn, incident, startEscalation(turn, incident));
}
