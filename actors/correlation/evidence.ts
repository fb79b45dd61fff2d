/**
 * Evidence: what speaks for an alert being part of an open incident, or against it. Each piece
 * has a weight; what adds up to `enough` joins them. A weight of 1 is enough alone, and one that
 * contradicts takes it away again.
 */
import type { Labels } from "../alert/events.ts";
import type { Severity } from "../incident/types.ts";
import type { CategoryRole } from "../similarity/taxonomy.ts";

export const evidenceKinds = [
  /** Its grouping key leads to the incident, because another alert of that key joined it. */
  "key",
  /** Another alert of the incident is of the same service. */
  "service",
  /** One depends on the other, or both on a third. */
  "topology",
  /** Both have the same value of a label that relates alerts, such as a model. */
  "label",
  /** Labels whose values speak for or against, such as a region. */
  "agreement",
  /** It says the same as the incident's first alert, but for numbers and names. */
  "message",
  /** It says about the same in other words. */
  "text",
  /** A copy of the same service has the same kind of trouble, about as bad. */
  "family",
  /** Values that came with both move alike. */
  "series",
  /** The same metric of the same model has about the same value. */
  "model",
  /** What of itself happens is not explained by others, and small alerts explain nothing. */
  "role",
  /** Alerts of these two kinds began together before, more often than chance has it. */
  "lift",
  /** Alerts of this kind come as regularly as a clock: this one would have come anyway. */
  "pattern",
  /** How long ago the incident's last alert began. */
  "time",
] as const;
export type EvidenceKind = (typeof evidenceKinds)[number];

/** One piece: its weight (against: negative), and a few words for a person. */
export type Evidence = { kind: EvidenceKind; weight: number; because: string };

/** What relates an alert to an incident, and when what it is related to began. */
export type Relation = { kind: EvidenceKind; weight: number; atMs: number; because: () => string };

/** The sum of weights from which an alert belongs to an incident. */
export const enough = 1;

/** What an alert tells about trouble: where it is, of what kind, and since when. */
export type Sign = {
  service: string;
  alertname: string;
  category: string;
  role: CategoryRole;
  /** Lower is nearer to the cause; 0 to 99. */
  rank: number;
  severity: Severity;
  /** Values of the labels that speak for or against, in their order; "": absent. */
  agree: string[];
  fingerprint: string;
  /** When an alert of this kind last began, within half a minute; ms of log time. */
  atMs: number;
};

/** What correlation may know of an open incident. */
export type Candidate = {
  id: string;
  /** Order of creation within the partition. */
  serial: number;
  tenant: string;
  environment: string;
  labels: Labels;
  /** Of its first alert, as its labels are. */
  annotations: Labels;
  severity: Severity;
  /** Distinct ones of its alerts, that of its first alert first; none: a person opened it. */
  signs: Sign[];
  /** Where its trouble comes from, as far as is known; null: its first alert. */
  root: { service: string; fingerprint: string } | null;
  /** When an alert last began to fire in it; repeats do not count. */
  lastOpenedMs: number;
};

/** A new alert, as correlation sees it. */
export type Sighting = {
  tenant: string;
  environment: string;
  labels: Labels;
  annotations: Labels;
  sign: Sign;
  atMs: number;
  /** The open incident that its grouping key leads to; null: none. */
  grouped: Candidate | null;
};

export type Related<C extends Candidate> = {
  candidate: C;
  score: number;
  evidence: Evidence[];
  /** What speaks for it, in one sentence. */
  because: string;
  /** All open incidents that the alert was held against, oldest first. */
  met: C[];
};

/** Since when trouble is known of its root: where that has no alert, of its newest sign. */
export function rootAtMs({ signs }: Candidate, { sign }: Root): number {
  return sign?.atMs ?? signs.reduce((newest, { atMs }) => Math.max(newest, atMs), 0);
}

/** Where an incident's trouble comes from; `sign` is null where no alert of it says so. */
export type Root = { service: string; sign: Sign | null };

export function rootOf({ root, signs }: Candidate): Root {
  const [first] = signs;
  if (root === null) return { service: first?.service ?? "", sign: first ?? null };
  const sign = signs.find(
    ({ fingerprint, service }) => fingerprint === root.fingerprint && service === root.service,
  );
  return { service: root.service, sign: sign ?? null };
}

/** One kind of trouble at one service: two rollouts of it, two of its certificates. */
export function isSameTrouble(one: Sign, other: Sign): boolean {
  return one.service === other.service && one.category === other.category;
}
