/**
 * One series of samples under one template: when its values begin to be an alert, how bad it is,
 * and when it is over. Values wander across a threshold; so an alert begins only when values were
 * over it for a while, and ends only beyond a second threshold on the good side.
 *
 * M1 Time is the samples' own. The same samples in the same order say the same, whenever they come.
 * M2 A sample older than the newest one of its series changes nothing; one of the same time is
 *    a repeat of it, or its correction.
 * M3 After a silence of more than `staleMs` nothing of before counts: two bad samples with an hour
 *    between them are not an hour of bad samples.
 * M4 At any time the series is one alert at most, of the worst level that fires.
 */
import {
  type Direction,
  type LevelName,
  type MetricLevel,
  type MetricTemplate,
  isOver,
  levelNames,
} from "./template.ts";

export type LevelState = {
  /** When values went over the threshold, if they are over it or the level fires. */
  overSinceMs: number | null;
  firing: boolean;
  /** When values went beyond `clear`, while the level still fires. */
  clearSinceMs: number | null;
};

/** The alert that the series is: it stays as it began until its level changes. */
export type MetricAlert = {
  level: LevelName;
  /** The value that made it what it is. */
  value: number;
  /** Time of the sample that began the alert; a change of level keeps it. */
  startsAtMs: number;
};

export type SeriesState = {
  /** Of the newest sample; null: there was none. */
  lastAtMs: number | null;
  /** Levels that have something to remember. */
  levels: Partial<Record<LevelName, LevelState>>;
  alert: MetricAlert | null;
};

/** `value` in the template's unit, finite. */
export type SeriesSample = { atMs: number; value: number };

/**
 * What a sample did: nothing ("late"; "calm": all is well; "pending": over a threshold, not for
 * long enough), or something to the alert.
 */
export type SeriesOutcome =
  | "late"
  | "calm"
  | "pending"
  | "fired"
  | "changed"
  | "firing"
  | "resolved";

export function initial(): SeriesState {
  return { lastAtMs: null, levels: {}, alert: null };
}

/** A series of which only the alert is known, as after a restart; levels below it fire, too. */
export function resumed(
  template: MetricTemplate,
  alert: MetricAlert,
  lastAtMs: number,
): SeriesState {
  const levels: SeriesState["levels"] = {};
  for (const { name } of template.levels) {
    levels[name] = { overSinceMs: alert.startsAtMs, firing: true, clearSinceMs: null };
    if (name === alert.level) break;
  }
  return { lastAtMs, levels, alert };
}

/** Changes the fields of `state`, and nothing that they hold. */
export function observe(
  state: SeriesState,
  sample: SeriesSample,
  template: MetricTemplate,
): SeriesOutcome {
  const { lastAtMs } = state;
  if (lastAtMs !== null && sample.atMs < lastAtMs) return "late";
  const before = state.alert;
  if (lastAtMs !== null && sample.atMs - lastAtMs > template.staleMs) {
    state.levels = {};
    state.alert = null;
  }
  state.lastAtMs = sample.atMs;
  const worst = advanceLevels(state, sample, template);
  if (worst === null) {
    state.alert = null;
    if (before !== null) return "resolved";
    return isPending(state) ? "pending" : "calm";
  }
  const { alert } = state;
  if (alert !== null && alert.level === worst) return "firing";
  const startsAtMs = alert?.startsAtMs ?? sample.atMs;
  state.alert = { level: worst, value: sample.value, startsAtMs };
  return alert === null ? "fired" : "changed";
}

/** When the first level that is on its way to fire went over its threshold; null: none is. */
export function pendingSinceMs(state: SeriesState): number | null {
  const since = Object.values(state.levels)
    .filter(({ firing }) => !firing)
    .flatMap(({ overSinceMs }) => (overSinceMs === null ? [] : [overSinceMs]));
  return since.length === 0 ? null : Math.min(...since);
}

function isPending(state: SeriesState): boolean {
  return pendingSinceMs(state) !== null;
}

/** @returns the worst level that fires. */
function advanceLevels(
  state: SeriesState,
  sample: SeriesSample,
  template: MetricTemplate,
): LevelName | null {
  const levels: SeriesState["levels"] = {};
  let worst: LevelName | null = null;
  // Levels that a new configuration does not have any more are left behind.
  for (const level of template.levels) {
    const after = advance(state.levels[level.name], sample, level, template.direction);
    if (after === null) continue;
    levels[level.name] = after;
    if (after.firing) worst = level.name;
  }
  if (worst !== null) alsoFire(levels, worst);
  state.levels = levels;
  return worst;
}

/**
 * What is critical is a warning, too, however long a warning takes by itself: else a value that
 * gets a little better would end the alert, and begin it again.
 */
function alsoFire(levels: SeriesState["levels"], worst: LevelName): void {
  for (const name of levelNames) {
    if (name === worst) return;
    const milder = levels[name];
    if (milder !== undefined && !milder.firing) levels[name] = { ...milder, firing: true };
  }
}

/** @returns null when there is nothing to remember. */
function advance(
  before: LevelState | undefined,
  { value, atMs }: SeriesSample,
  level: MetricLevel,
  direction: Direction,
): LevelState | null {
  if (before?.firing === true) {
    if (isOver(value, level.clear, direction)) return { ...before, clearSinceMs: null };
    const clearSinceMs = before.clearSinceMs ?? atMs;
    return atMs - clearSinceMs >= level.clearForMs ? null : { ...before, clearSinceMs };
  }
  if (!isOver(value, level.threshold, direction)) return null;
  const overSinceMs = before?.overSinceMs ?? atMs;
  return { overSinceMs, firing: atMs - overSinceMs >= level.forMs, clearSinceMs: null };
}
