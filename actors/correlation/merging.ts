/** C2, C3: whether an incident is a part of the trouble at the root of another one. */
import { type Blame, disagreements, isTelling } from "./blame.ts";
import type { Candidate, Sign } from "./evidence.ts";
import { isSameTrouble, rootAtMs, rootOf } from "./evidence.ts";

/** In the units of blame.ts. */
const merging = {
  /** What it takes to believe in one more trouble at the same time. */
  prior: 2.5,
  /** At the ends of the window, for how far apart in time the two began. */
  apart: 7,
  /** For each kind of alert that the root does not explain, and how many there may be. */
  unexplained: 6,
  unexplainedMax: 1,
  /** For the first label that differs, and for each further one. */
  disagree: 3.5,
  disagreeMore: 0.3,
  disagreeingMax: 6,
} as const;

/** @param windowMs how long before or after the root's alert a part of it may have begun. */
export function isPart(
  blame: Blame,
  other: Candidate,
  into: Candidate,
  windowMs: number,
): boolean {
  const root = rootOf(into);
  const theirs = rootOf(other);
  const beganMs = rootAtMs(into, root);
  const explains = (sign: Sign): boolean =>
    Math.abs(sign.atMs - beganMs) <= windowMs && blame.explains(root, sign);
  if (theirs.sign !== null && !explains(theirs.sign)) return false;
  let unexplained = 0;
  let differing = 0;
  let telling = 0;
  for (const sign of other.signs) {
    if (sign.role === "cause" && !(root.sign !== null && isSameTrouble(sign, root.sign))) {
      return false;
    }
    if (!isTelling(sign.severity)) continue;
    telling += 1;
    if (!explains(sign)) unexplained += 1;
    if (unexplained > merging.unexplainedMax) return false;
    differing += disagreements(sign, into.signs);
  }
  if (telling === 0) return false;
  let score = merging.prior - blame.of(theirs, other.signs);
  score -= merging.unexplained * unexplained;
  if (theirs.sign !== null) {
    score -= (merging.apart * Math.abs(theirs.sign.atMs - beganMs)) / windowMs;
  }
  if (differing > 0) {
    const more = Math.min(merging.disagreeingMax, differing) - 1;
    score -= merging.disagree + merging.disagreeMore * more;
  }
  return score >= 0;
}
