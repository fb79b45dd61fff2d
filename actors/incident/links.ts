/**
 * Why an alert is part of its incident although its grouping key is another: to which alert it
 * was related, by which evidence, and how much that weighs. Kept for the first of an incident's
 * alerts; of all of them the event log has it (`detail` of alertJoined).
 */
import type { Evidence, Related, Sign } from "../correlation/evidence.ts";
import { rootOf } from "../correlation/evidence.ts";
import type { Incident } from "./incident.ts";

export type Link = {
  fingerprint: string;
  /** What the alert told of its trouble. */
  sign: Sign;
  /** The alert that it is related to: the incident's root, or its first; "": it has none. */
  parent: string;
  /** What the evidence weighs; 1 is enough. */
  score: number;
  because: string;
  evidence: Evidence[];
};

/** Links that an incident keeps; further ones are in the event log only. */
export const linksMax = 100;

export function linkOf(sign: Sign, related: Related<Incident>): Link {
  const { candidate, because } = related;
  const { fingerprint } = sign;
  const parent = (rootOf(candidate).sign ?? candidate.signs[0])?.fingerprint ?? "";
  const evidence = related.evidence
    .map((one) => ({ ...one, weight: rounded(one.weight) }))
    .filter(({ weight }) => weight !== 0);
  return { fingerprint, sign, parent, score: rounded(related.score), because, evidence };
}

/** The newest link of an alert is the one that counts. */
export function addLink(incident: Incident, link: Link): void {
  const { links } = incident;
  const isKnown = links.some(({ fingerprint }) => fingerprint === link.fingerprint);
  if (!isKnown && links.length >= linksMax) return;
  const others = isKnown
    ? links.filter(({ fingerprint }) => fingerprint !== link.fingerprint)
    : links;
  incident.links = [...others, link];
}

/** What the event log keeps of a link. */
export function linkDetail({ parent, score, evidence }: Link): Record<string, string | number> {
  const parts = evidence.map(({ kind, weight }) => `${kind} ${weight}`);
  return { score, parent, evidence: parts.join(", ") };
}

/** The weakest of them: how sure it is that all of the incident is one trouble; null: no links. */
export function weakestLink({ links }: Incident): number | null {
  if (links.length === 0) return null;
  return links.reduce((least, { score }) => Math.min(least, score), Infinity);
}

/** Two decimals: weights are no more exact than that. */
function rounded(weight: number): number {
  return Math.round(weight * 100) / 100;
}
