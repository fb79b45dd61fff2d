/** The signs that an incident remembers of its alerts: distinct ones, those near a cause first. */
import type { Sign } from "../correlation/evidence.ts";
import { isSameTrouble } from "../correlation/weighing.ts";

/** Distinct signs an incident remembers: with more, what is far from a cause gives way. */
const signsMax = 32;
/** How exactly it is known when a sign last began: no storm must copy the list for each alert. */
const signAtMs = 30_000;

/** Whether it tells nothing but that the same goes on. */
export function isKnown(signs: readonly Sign[], sign: Sign): boolean {
  return placeOf(signs, sign) >= 0;
}

/** The same list where the sign tells nothing new, or has no room. */
export function withSign(signs: Sign[], sign: Sign): Sign[] {
  const at = placeOf(signs, sign);
  const known = signs[at];
  if (known !== undefined) {
    if (sign.atMs - known.atMs < signAtMs) return signs;
    return signs.with(at, { ...known, atMs: sign.atMs });
  }
  if (signs.length < signsMax) return [...signs, sign];
  let furthest = 0;
  for (const [place, { rank }] of signs.entries()) {
    if (place > 0 && rank >= (signs[furthest]?.rank ?? 0)) furthest = place;
  }
  if (furthest === 0 || (signs[furthest]?.rank ?? 0) <= sign.rank) return signs;
  return signs.with(furthest, sign);
}

/** With the values of these labels, in this order; of labels that were not kept it knows none. */
export function reordered(sign: Sign, from: readonly string[], to: readonly string[]): Sign {
  return { ...sign, agree: to.map((label) => sign.agree[from.indexOf(label)] ?? "") };
}

function placeOf(signs: readonly Sign[], sign: Sign): number {
  return signs.findIndex((known) => isSame(known, sign));
}

function isSame(one: Sign, other: Sign): boolean {
  return isSameTrouble(one, other) && one.agree.every((value, at) => value === other.agree[at]);
}
