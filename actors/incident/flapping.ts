/**
 * Flapping: an incident whose alerts end and begin again, and again. Each opening counts one, and
 * what was counted fades: it halves in `halfLifeMs`, along straight lines, so that the result is
 * the same on every machine. Flapping begins above `threshold - 1`.
 *
 * F1 Fewer than `threshold` openings never begin it, however close together.
 * F2 `threshold` openings, spread evenly over less than `windowMs`, always do.
 *    Slower ones need more of them, and ever so many do not when they are further apart than
 *    `threshold * windowMs / (2 * (threshold - 1))`.
 * F3 It ends `coolDownMs` after the last opening or end, and counting begins anew: one more
 *    opening does not bring it back.
 */

export type FlappingConfig = {
  enabled: boolean;
  /** Openings, at least 2. */
  threshold: number;
  windowMs: number;
  /** How long nothing may begin or end until flapping is over. */
  coolDownMs: number;
};

export type FlapState = {
  /** As it was at `atMs`. */
  score: number;
  /** The last opening or end that was counted. */
  atMs: number;
  /** Null: it does not flap. */
  sinceMs: number | null;
  /** As configured when flapping began (I11). */
  coolDownMs: number;
};

/** An incident that opened once. */
export function openedOnce(atMs: number): FlapState {
  return { score: 1, atMs, sinceMs: null, coolDownMs: 0 };
}

/** Counts an opening; `sinceMs` is `nowMs` when flapping begins with it. */
export function openedAgain(state: FlapState, config: FlappingConfig, nowMs: number): FlapState {
  const elapsedMs = Math.max(0, nowMs - state.atMs);
  const score = faded(state.score, elapsedMs, halfLifeMs(config)) + 1;
  if (state.sinceMs !== null) return { ...state, score, atMs: nowMs };
  const begins = score > config.threshold - 1;
  const sinceMs = begins ? nowMs : null;
  return { score, atMs: nowMs, sinceMs, coolDownMs: config.coolDownMs };
}

/** While it flaps, an end puts the cool-down off, too. */
export function endedAgain(state: FlapState, config: FlappingConfig, nowMs: number): FlapState {
  const elapsedMs = Math.max(0, nowMs - state.atMs);
  return { ...state, score: faded(state.score, elapsedMs, halfLifeMs(config)), atMs: nowMs };
}

/** When flapping ends unless something happens before; null: it does not flap. */
export function flappingEndsAtMs(state: FlapState | null): number | null {
  return state === null || state.sinceMs === null ? null : state.atMs + state.coolDownMs;
}

/** With this one F1 and F2 meet: evenly spread openings weigh 1 - window / (4 half-lives) each. */
function halfLifeMs({ threshold, windowMs }: FlappingConfig): number {
  return (threshold * windowMs) / 4;
}

/** Halved for each whole half-life, and linearly in between. */
function faded(score: number, elapsedMs: number, halfLife: number): number {
  let left = score;
  let restMs = elapsedMs;
  while (restMs >= halfLife && left > scoreMin) {
    left /= 2;
    restMs -= halfLife;
  }
  return left <= scoreMin ? 0 : left * (1 - restMs / halfLife / 2);
}

/** What is left of old openings is forgotten below this. */
const scoreMin = 1 / 1024;
