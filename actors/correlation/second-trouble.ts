/**
 * One trouble or two? Where an incident's own root explains it and a cause that came later does
 * so as well, the services that suffer tell: trouble further up would have shown in the rest of
 * its cone too, and not only where the nearer root reaches.
 */
import { type Blame, disagreements, isFounding, isTelling } from "./blame.ts";
import type { Candidate, Root, Sign } from "./evidence.ts";
import { rootOf } from "./evidence.ts";

/** In the units of blame.ts. */
const second = {
  /** So surprising may it be that trouble further up showed near the incident's root only. */
  surpriseMax: 3,
  /** ... where that root has an alert that is rarely a symptom. */
  surpriseMaxFounding: 1,
  /** A root that reaches this share of what the other one does cannot be told apart from it. */
  shareMax: 0.9,
} as const;

/** A host that fails so long before a flood, and nothing else, did not fail of it. */
const togetherMs = 60_000;
/** What began so long before or after it is of another moment. */
const contemporaryMs = 90_000;
/** Alerts of others that are compared, the first ones: more of them change no odds that count. */
const sufferersMax = 256;

/**
 * Kinds of alerts that the root explains and that began before its own: who suffered by then.
 * @param near incidents, oldest first.
 * @param windowMs how long before it they may have begun.
 */
export function sufferersOf(
  blame: Blame,
  root: Root,
  near: readonly Candidate[],
  windowMs: number,
): Sign[] {
  const untilMs = root.sign?.atMs ?? 0;
  const found: Sign[] = [];
  for (const { signs } of near) {
    for (const sign of signs) {
      // More alerts of where the root is do not say that anybody else suffers.
      if (sign.service === root.service) continue;
      if (sign.atMs > untilMs || sign.atMs < untilMs - windowMs) continue;
      if (!isTelling(sign.severity) || !blame.explains(root, sign)) continue;
      found.push(sign);
      if (found.length === sufferersMax) return found;
    }
  }
  return found;
}

/**
 * Whether the incident may be a part of the trouble at the root, by who suffered before.
 * @param sufferers those of this root, the incident's own among them.
 */
export function maySpread(
  blame: Blame,
  other: Candidate,
  root: Root,
  sufferers: readonly Sign[],
): boolean {
  const own = foundingOf(other);
  if (own.sign === null || root.sign === null) return true;
  const isFoundation = isFounding(own.sign) && own.sign.role !== "cause";
  // What is rarely a symptom and came later was seen as a trouble of its own already.
  if (isFoundation && own.sign.atMs > root.sign.atMs) return false;
  if (isFoundation && disagreements(own.sign, [root.sign]) > 0) return false;
  let [inside, outside] = [0, 0];
  for (const sign of sufferers) {
    if (disagreements(sign, other.signs) > 0) continue;
    // Wider trouble shows in others when it brings a host down, not minutes before or after.
    if (isFoundation && Math.abs(sign.atMs - own.sign.atMs) > contemporaryMs) continue;
    if (blame.explains(own, sign)) inside += 1;
    else outside += 1;
  }
  if (inside + outside === 0) return !isFoundation;
  const isEarlier = root.sign.atMs - own.sign.atMs > togetherMs;
  if (isFoundation && outside === 0 && isEarlier) return false;
  const share = blame.share(own, root);
  if (share > second.shareMax) return true;
  const surprise = surpriseOf(inside, outside, share);
  if (!isFoundation) return surprise < second.surpriseMax;
  return outside > 0 && surprise < second.surpriseMaxFounding;
}

/** Its root; where it has several alerts, with the one that is rarely a symptom. */
function foundingOf(candidate: Candidate): Root {
  const root = rootOf(candidate);
  if (root.sign !== null && isFounding(root.sign)) return root;
  const founding = candidate.signs.find((sign) => {
    return sign.service === root.service && isFounding(sign);
  });
  return founding === undefined ? root : { service: root.service, sign: founding };
}

/**
 * The logarithm of how much likelier it is that so many are inside where that is where they come
 * from than where each is inside by chance; 0 where no more are than chance would have it.
 */
export function surpriseOf(inside: number, outside: number, share: number): number {
  const part = inside / (inside + outside);
  if (part <= share) return 0;
  const within = inside * Math.log(part / share);
  return outside === 0 ? within : within + outside * Math.log((1 - part) / (1 - share));
}
