/**
 * One alert: everything that arrives under one fingerprint, from the first report that it fires
 * to its end. Its purpose is silence: a sender repeats every firing alert each minute, and only
 * what is new may leave here. Repeats are counted and leave as one roll-up per window.
 *
 * It owns the times and counts of one occurrence. It never sees labels or annotations: a hash of
 * the content tells it whether something changed, and the runtime adds the content to its effects.
 *
 * A1 Each received alert is in exactly one effect's `received`, or in `pending` until the next
 *    roll-up (I6 of the design).
 * A2 An occurrence ends only after its end time: what arrives at that very millisecond belongs to
 *    it. A wake that comes early, late or twice is harmless, and so is one that never came.
 * A3 Ended means idle: nothing of the occurrence remains, and the owner may drop the actor.
 */

/**
 * Repeats that make a roll-up worth its row, in any window but an occurrence's first. An alert that
 * is sent once a minute would otherwise be told of once a minute, and nothing would be rolled up.
 */
export const rollupRepeatsMin = 8;

/**
 * Waits before repeats are rolled up, in ms; it rides in the state for the whole occurrence. A
 * repeat is told of within maxMs, however few there are.
 */
export type RollupPolicy = { firstMs: number; maxMs: number };

export type AlertState = IdleAlert | FiringAlert;

export type IdleAlert = { kind: "idle"; policy: RollupPolicy };

export type FiringAlert = {
  kind: "firing";
  startsAtMs: number;
  endsAtMs: number;
  /** The sender gave no end time of its own; endsAtMs is when we stop believing in the alert. */
  endsByTimeout: boolean;
  contentHash: number;
  updatedAtMs: number;
  /** Alerts received in this occurrence. */
  total: number;
  /** Repeats that no roll-up has reported yet; the first of them came at pendingFromMs. */
  pending: number;
  pendingFromMs: number;
  /** Length and end of the current roll-up window. */
  rollupMs: number;
  rollupAtMs: number;
  policy: RollupPolicy;
};

export type ReceivedAlert = {
  kind: "received";
  startsAtMs: number;
  endsAtMs: number;
  endsByTimeout: boolean;
  /** Equal hash: equal content. */
  contentHash: number;
};

export type AlertInput = ReceivedAlert | { kind: "wake" };

/** The events of events.ts without what the runtime adds: fingerprint and content. */
export type AlertEffect =
  | {
      kind: "opened" | "changed";
      atMs: number;
      received: 1;
      startsAtMs: number;
      endsAtMs: number;
    }
  | { kind: "refreshed"; atMs: number; received: number; fromMs: number; endsAtMs: number }
  | {
      kind: "resolved";
      atMs: number;
      received: 0 | 1;
      endedAtMs: number;
      by: "sender" | "end time" | "unmatched";
      total: number;
    };

export type AlertTransition = { state: AlertState; effects: readonly AlertEffect[] };

const noEffects: readonly AlertEffect[] = [];

export function initial(policy: RollupPolicy): AlertState {
  return { kind: "idle", policy };
}

/** Owns `state` and may change it in place; callers go on with the returned one. */
export function transition(state: AlertState, input: AlertInput, nowMs: number): AlertTransition {
  switch (state.kind) {
    case "idle":
      return input.kind === "wake" ? { state, effects: noEffects } : open(state, input, nowMs);
    case "firing":
      break;
    default:
      return assertNever(state);
  }
  switch (input.kind) {
    case "wake":
      return wake(state, nowMs);
    case "received":
      if (nowMs > state.endsAtMs) return reopen(state, input, nowMs);
      if (input.endsAtMs <= nowMs) return resolve(state, input, nowMs);
      if (input.contentHash !== state.contentHash) return change(state, input, nowMs);
      refresh(state, input, nowMs);
      return { state, effects: noEffects };
    default:
      return assertNever(input);
  }
}

/** The soonest end of what this alert is in: its occurrence, or a window with repeats in it. */
export function nextWakeAtMs(state: AlertState): number | null {
  if (state.kind === "idle") return null;
  return state.pending === 0 ? state.endsAtMs : Math.min(rollupDueMs(state), state.endsAtMs);
}

/** Too few repeats for a row of their own wait for more, until the oldest of them is maxMs old. */
function rollupDueMs(state: FiringAlert): number {
  const { policy, pending, pendingFromMs, rollupAtMs, rollupMs } = state;
  const isFirst = rollupMs <= policy.firstMs;
  return isFirst || pending >= rollupRepeatsMin ? rollupAtMs : pendingFromMs + policy.maxMs;
}

function open(idle: IdleAlert, input: ReceivedAlert, nowMs: number): AlertTransition {
  const { startsAtMs, endsAtMs, endsByTimeout, contentHash } = input;
  if (endsAtMs <= nowMs) {
    const unmatched: AlertEffect = {
      kind: "resolved",
      atMs: nowMs,
      received: 1,
      endedAtMs: endsAtMs,
      by: "unmatched",
      total: 1,
    };
    return { state: idle, effects: [unmatched] };
  }
  const rollupMs = Math.min(idle.policy.firstMs, idle.policy.maxMs);
  const state: FiringAlert = {
    kind: "firing",
    startsAtMs,
    endsAtMs,
    endsByTimeout,
    contentHash,
    updatedAtMs: nowMs,
    total: 1,
    pending: 0,
    pendingFromMs: nowMs,
    rollupMs,
    rollupAtMs: nowMs + rollupMs,
    policy: idle.policy,
  };
  return {
    state,
    effects: [{ kind: "opened", atMs: nowMs, received: 1, startsAtMs, endsAtMs }],
  };
}

/** The hot path: most of a firehose ends here, and it builds no object. */
function refresh(state: FiringAlert, input: ReceivedAlert, nowMs: number): void {
  merge(state, input, nowMs);
  // A window that passed without repeats reported nothing; the next one begins with this repeat.
  if (state.pending === 0) {
    state.pendingFromMs = nowMs;
    if (nowMs > state.rollupAtMs) state.rollupAtMs = nowMs + state.rollupMs;
  }
  state.pending += 1;
  if (state.pending === rollupRepeatsMin && nowMs > state.rollupAtMs) state.rollupAtMs = nowMs;
}

function change(state: FiringAlert, input: ReceivedAlert, nowMs: number): AlertTransition {
  const effects = flush(state, nowMs);
  merge(state, input, nowMs);
  state.contentHash = input.contentHash;
  const { startsAtMs, endsAtMs } = state;
  effects.push({ kind: "changed", atMs: nowMs, received: 1, startsAtMs, endsAtMs });
  return { state, effects };
}

function resolve(state: FiringAlert, input: ReceivedAlert, nowMs: number): AlertTransition {
  // Of two end times that have both been reached the later one holds.
  const reached = state.endsAtMs <= nowMs;
  const endedAtMs = reached ? Math.max(state.endsAtMs, input.endsAtMs) : input.endsAtMs;
  const effects = flush(state, nowMs);
  const total = state.total + 1;
  effects.push({ kind: "resolved", atMs: nowMs, received: 1, endedAtMs, by: "sender", total });
  return { state: initial(state.policy), effects };
}

function wake(state: FiringAlert, nowMs: number): AlertTransition {
  if (nowMs > state.endsAtMs) return expire(state, nowMs);
  if (state.pending === 0 || nowMs <= rollupDueMs(state)) return { state, effects: noEffects };
  const effects = flush(state, nowMs);
  state.rollupMs = Math.min(state.rollupMs * 2, state.policy.maxMs);
  state.rollupAtMs = nowMs + state.rollupMs;
  return { state, effects };
}

/** An alert that arrives after the end, before any wake told us of it. */
function reopen(state: FiringAlert, input: ReceivedAlert, nowMs: number): AlertTransition {
  const ended = expire(state, nowMs);
  const begun = transition(ended.state, input, nowMs);
  return { state: begun.state, effects: [...ended.effects, ...begun.effects] };
}

function expire(state: FiringAlert, nowMs: number): AlertTransition {
  const effects = flush(state, nowMs);
  const { endsAtMs: endedAtMs, total } = state;
  effects.push({ kind: "resolved", atMs: nowMs, received: 0, endedAtMs, by: "end time", total });
  return { state: initial(state.policy), effects };
}

/** The roll-up of what is pending; empty when nothing is. */
function flush(state: FiringAlert, nowMs: number): AlertEffect[] {
  if (state.pending === 0) return [];
  const { pending: received, pendingFromMs: fromMs, endsAtMs } = state;
  state.pending = 0;
  return [{ kind: "refreshed", atMs: nowMs, received, fromMs, endsAtMs }];
}

/**
 * Joins the times of a repeat as Alertmanager joins two versions of one firing alert: the earliest
 * start; the newer version's end, unless the older one has a later end that its sender gave itself.
 */
function merge(state: FiringAlert, input: ReceivedAlert, nowMs: number): void {
  if (input.startsAtMs < state.startsAtMs) state.startsAtMs = input.startsAtMs;
  if (state.endsByTimeout || input.endsAtMs >= state.endsAtMs) state.endsAtMs = input.endsAtMs;
  state.endsByTimeout = input.endsByTimeout;
  state.updatedAtMs = nowMs;
  state.total += 1;
}

function assertNever(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`);
}
