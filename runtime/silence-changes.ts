/**
 * What may become of a silence, as Alertmanager has it: a change that would rewrite the past makes
 * a new silence and ends the old one. Pure; whoever asks brings the states into force.
 */
import { silenceState } from "../actors/dispatch/silences.ts";
import type { Silence } from "../actors/dispatch/types.ts";
import type { Matcher } from "../actors/incident/types.ts";
import { compileMatchers } from "../actors/incident/matchers.ts";

export type SilenceWish = Omit<Silence, "id" | "updatedAtMs">;

/**
 * The states that fulfil the wish, the silence itself last.
 * @param known the silence that is to be changed; null: a new one is wished for.
 */
export function changeSilence(
  wish: SilenceWish,
  known: Silence | null,
  nowMs: number,
  newId: () => string,
): Silence[] {
  if (known !== null && canChange(wish, known, nowMs)) {
    return [{ ...wish, id: known.id, updatedAtMs: after(known, nowMs) }];
  }
  const startsAtMs = Math.max(wish.startsAtMs, nowMs);
  const made = { ...wish, startsAtMs, id: newId(), updatedAtMs: nowMs };
  const isOver = known === null || silenceState(known, nowMs) === "expired";
  return isOver ? [made] : [expireSilence(known, nowMs), made];
}

/** It ends now; one that has not begun never does. One that is over stays as it is. */
export function expireSilence(silence: Silence, nowMs: number): Silence {
  const updatedAtMs = after(silence, nowMs);
  switch (silenceState(silence, nowMs)) {
    case "expired":
      return silence;
    case "pending":
      return { ...silence, startsAtMs: nowMs, endsAtMs: nowMs, updatedAtMs };
    case "active":
      return { ...silence, endsAtMs: nowMs, updatedAtMs };
  }
}

/** Why the wish cannot be fulfilled, in Alertmanager's terms; null: it can. */
export function refusedWish(wish: SilenceWish, nowMs: number): string | null {
  if (wish.startsAtMs > wish.endsAtMs) return "start time must be before end time";
  if (wish.endsAtMs < nowMs) return "end time can't be in the past";
  if (wish.startsAtMs === wish.endsAtMs) return "start time and end time must not be equal";
  if (wish.matchers.length === 0) return "at least one matcher required";
  const holds = wish.matchers.map((matcher) => compileMatchers([matcher], "bounded"));
  if (!holds.some((each) => !each(() => ""))) {
    return "at least one matcher must not match the empty string";
  }
  return null;
}

/** Whether a silence would mute whatever comes: no value that nobody uses is let through. */
export function mutesEverything(matchers: readonly Matcher[]): boolean {
  const nonsense = ["zqv-unlikely-0", "ZQV unlikely 1", "\u00b6unlikely 2"];
  const holds = matchers.map((matcher) => compileMatchers([matcher], "bounded"));
  return holds.every((each) => nonsense.every((value) => each(() => value)));
}

function canChange(wish: SilenceWish, known: Silence, nowMs: number): boolean {
  if (JSON.stringify(wish.matchers) !== JSON.stringify(known.matchers)) return false;
  if (JSON.stringify(wish.recurrence) !== JSON.stringify(known.recurrence)) return false;
  switch (silenceState(known, nowMs)) {
    case "expired":
      return false;
    case "pending":
      return wish.startsAtMs >= nowMs;
    case "active":
      // Clients send seconds back of times that they were shown with milliseconds.
      return sameSecond(wish.startsAtMs, known.startsAtMs) && wish.endsAtMs >= nowMs;
  }
}

function sameSecond(aMs: number, bMs: number): boolean {
  return Math.trunc(aMs / 1_000) === Math.trunc(bMs / 1_000);
}

/** The newer state wins, so a change is newer whatever the clock says. */
function after(known: Silence, nowMs: number): number {
  return Math.max(nowMs, known.updatedAtMs + 1);
}
