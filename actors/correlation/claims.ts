/**
 * Symptoms that came before their cause, or at the same moment, have joined whatever may explain
 * them by then. Once the cause is known it has a claim to them.
 */
import { type Blame, canCause, disagreements, isFounding, isOfModel, isTelling } from "./blame.ts";
import type { Candidate, Root, Sign } from "./evidence.ts";
import { rootOf } from "./evidence.ts";
import { surpriseOf } from "./second-trouble.ts";

/** So long before its own alert a cause may have shown elsewhere, if not at its own service. */
const earlierMs = 60_000;
/**
 * So surprising has it to be that all of this is near the cause only, if it comes from where the
 * incident's root is; in the units of blame.ts.
 */
const surprising = 3;

/** Kinds of alerts that an incident has and another one has a claim to. */
export type Claim<C extends Candidate> = { from: C; signs: Sign[] };

/**
 * @param to whose root founds an incident; another root claims nothing.
 * @param windowMs how long before it its own service may have suffered.
 */
export function claimOf<C extends Candidate>(
  blame: Blame,
  to: Candidate,
  from: C,
  windowMs: number,
): Claim<C> | null {
  const root = rootOf(to);
  const own = root.sign;
  if (own === null || !isFounding(own)) return null;
  const theirs = rootOf(from);
  const fits = (sign: Sign): boolean => explainsWell(blame, root, own, sign);
  const movable = from.signs.slice(1).filter((sign) => {
    if (sign === theirs.sign || sign.service === theirs.service) return false;
    return !isFounding(sign) && isTelling(sign.severity);
  });
  const atOwn = movable.filter(({ service, atMs }) => {
    return service === own.service && atMs >= own.atMs - windowMs;
  });
  const times = atOwn.filter(fits).map(({ atMs }) => atMs);
  const sinceMs = Math.min(own.atMs - earlierMs, ...times);
  const strangers: Sign[] = [];
  const inside: Sign[] = [];
  let outside = 0;
  for (const sign of movable) {
    if (sign.atMs < sinceMs) continue;
    const theirGain = blame.gain(theirs, sign);
    if (!fits(sign)) outside += theirGain === null ? 0 : 1;
    else if (theirGain === null) strangers.push(sign);
    else if (sign.service === own.service && sign.atMs >= own.atMs) strangers.push(sign);
    else if ((blame.gain(root, sign) ?? 0) > theirGain) inside.push(sign);
  }
  const share = inside.length === 0 ? 1 : blame.share(root, theirs);
  const isSurprising =
    inside.length > 0 && surpriseOf(inside.length, outside, share) >= surprising;
  const signs = isSurprising ? [...strangers, ...inside] : strangers;
  return signs.length === 0 ? null : { from, signs };
}

function explainsWell(blame: Blame, root: Root, own: Sign, sign: Sign): boolean {
  // What a model says and what its services do are two things, even at one service.
  if (isOfModel(own) !== isOfModel(sign) || disagreements(sign, [own]) > 0) return false;
  return canCause(own.severity, sign.severity) && blame.explains(root, sign);
}
