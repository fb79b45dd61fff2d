/**
 * A turn is the handling of one input record (or of one due deadline): the moment in log time,
 * the desk, and where outputs go. All that an incident tells the world passes through here, so
 * that no change of an incident goes without a version, a reason and an event.
 *
 * T1 Every event shows the incident after it, and raises its version by one.
 * T2 Repeats counted in a turn become one "counted" event per incident, at the turn's end.
 * T3 At the turn's end each touched incident's timer is announced if its deadline moved.
 */
import type { Desk } from "./desk.ts";
import type { Incident, Moment } from "./incident.ts";
import { nextWakeAtMs, timelineMax } from "./incident.ts";
import type { IncidentEventKind, IncidentOutput, IncidentView } from "./types.ts";
import { viewOf } from "./view.ts";

export type Turn = {
  desk: Desk;
  nowMs: number;
  /** Sequence of the input record; the ids of incidents opened by it derive from it. */
  seq: number;
  /** Incidents opened in this turn. */
  opened: number;
  counted: Map<Incident, number>;
  touched: Set<Incident>;
  emit(output: IncidentOutput): void;
};

export type Happening = {
  kind: IncidentEventKind;
  by: string;
  because: string;
  detail?: Record<string, string | number>;
};

export function beginTurn(
  desk: Desk,
  nowMs: number,
  seq: number,
  emit: (output: IncidentOutput) => void,
): Turn {
  return { desk, nowMs, seq, opened: 0, counted: new Map(), touched: new Set(), emit };
}

/** Puts out what was held back. The turn must not be used afterwards. */
export function endTurn(turn: Turn): void {
  for (const [incident, received] of turn.counted) {
    const because = `${received} ${received === 1 ? "repeat" : "repeats"} of alerts it has`;
    record(turn, incident, { kind: "counted", by: "alerts", because, detail: { received } });
  }
  for (const incident of turn.touched) announceTimer(turn, incident);
}

/** The incident has changed: raises its version, remembers why and says so. */
export function record(turn: Turn, incident: Incident, happening: Happening): IncidentView {
  const { nowMs: atMs } = turn;
  const { kind, by, because, detail = {} } = happening;
  incident.version += 1;
  incident.updatedAtMs = atMs;
  turn.touched.add(incident);
  remember(incident, { atMs, event: kind, by, because, detail });
  const view = viewOf(incident);
  turn.emit({ kind: "event", event: { kind, atMs, by, because, incident: view, detail } });
  return view;
}

/** T2: counts repeats, to be told at the end of the turn. */
export function count(turn: Turn, incident: Incident, received: number): void {
  incident.alertCount += received;
  turn.counted.set(incident, (turn.counted.get(incident) ?? 0) + received);
}

function remember(incident: Incident, moment: Moment): void {
  const { timeline } = incident;
  const last = timeline.at(-1);
  // Repeats go on for as long as the trouble; they must not push out what people did.
  if (moment.event === "counted" && last?.event === "counted") {
    const received = Number(last.detail["received"]) + Number(moment.detail["received"]);
    const because = `${received} repeats of alerts it has`;
    timeline[timeline.length - 1] = { ...moment, because, detail: { received } };
    return;
  }
  if (timeline.length >= timelineMax) timeline.shift();
  // A literal has room for exactly one: most incidents in memory have but their opening.
  if (last === undefined) incident.timeline = [moment];
  else timeline.push(moment);
}

function announceTimer(turn: Turn, incident: Incident): void {
  const fireAtMs = nextWakeAtMs(incident);
  if (fireAtMs === incident.timerAtMs) return;
  incident.timerAtMs = fireAtMs;
  incident.timerGeneration += 1;
  const { id, timerGeneration: generation } = incident;
  turn.emit({ kind: "timer", id, generation, fireAtMs });
}
