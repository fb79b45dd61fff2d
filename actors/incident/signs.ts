/** The signs that an incident remembers of its alerts: distinct ones, those near a cause first. */
import { isTelling } from "../correlation/blame.ts";
import type { Sign } from "../correlation/evidence.ts";
import { isSameTrouble } from "../correlation/evidence.ts";
import { isMoreSevere } from "./severity.ts";

/** Distinct signs an incident remembers: with more, what is far from a cause gives way. */
const signsMax = 32;
/** How exactly it is known when a sign last began: storms must not copy lists for each alert. */
const signAtMs = 30_000;

/** Whether it tells nothing but that the same goes on: small alerts had not told of it. */
export function isKnown(signs: readonly Sign[], sign: Sign): boolean {
  const known = signs[placeOf(signs, sign)];
  return known !== undefined && (isTelling(known.severity) || !isTelling(sign.severity));
}

/** The same list where the sign tells nothing new, or has no room. */
export function withSign(signs: Sign[], sign: Sign): Sign[] {
  const at = placeOf(signs, sign);
  const known = signs[at];
  if (known !== undefined) {
    const isGraver = isMoreSevere(sign.severity, known.severity);
    const isLater = sign.atMs - known.atMs >= signAtMs;
    if (!isGraver && !isLater) return signs;
    const severity = isGraver ? sign.severity : known.severity;
    return signs.with(at, { ...known, severity, atMs: isLater ? sign.atMs : known.atMs });
  }
  if (signs.length < signsMax) return [...signs, sign];
  let furthest = 0;
  for (const [place, { rank }] of signs.entries()) {
    if (place > 0 && rank >= (signs[furthest]?.rank ?? 0)) furthest = place;
  }
  if (furthest === 0 || (signs[furthest]?.rank ?? 0) <= sign.rank) return signs;
  return signs.with(furthest, sign);
}

/** The alert of a sign says something else now; when it began stays as it was. */
export function withChanged(signs: Sign[], sign: Sign): Sign[] {
  if (signs.length === 0) return [sign];
  const at = signs.findIndex(({ fingerprint }) => fingerprint === sign.fingerprint);
  const known = signs[at];
  return known === undefined ? signs : signs.with(at, { ...sign, atMs: known.atMs });
}

/** With the values of these labels, in this order; of labels that were not kept it knows none. */
export function reordered(sign: Sign, from: readonly string[], to: readonly string[]): Sign {
  return { ...sign, agree: to.map((label) => sign.agree[from.indexOf(label)] ?? "") };
}

function placeOf(signs: readonly Sign[], sign: Sign): number {
  return signs.findIndex((known) => isSame(known, sign));
}

/** Of one kind and service, with the same values of labels. */
export function isSame(one: Sign, other: Sign): boolean {
  return isSameTrouble(one, other) && one.agree.every((value, at) => value === other.agree[at]);
}
