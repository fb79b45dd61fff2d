/**
 * Evidence: what speaks for an alert being part of an open incident, or against it, each piece
 * with its weight. What is enough to join is 1 in all; weights are set so that one good piece
 * is, and that a contradiction takes it away again.
 */
import type { Labels } from "../alert/events.ts";
import type { Severity } from "../incident/types.ts";

export const evidenceKinds = [
  "key",
  "service",
  "topology",
  "label",
  "agreement",
  "role",
  "time",
  "lift",
  "text",
  "message",
  "series",
] as const;
export type EvidenceKind = (typeof evidenceKinds)[number];

export type Evidence = { kind: EvidenceKind; weight: number; because: string };

/** What an alert can be in a chain of causes; see metric-category.ts. */
export type Role = "cause" | "resource" | "symptom" | "feedback";

/** What an alert tells about trouble: where it is, of what kind, and since when. */
export type Sign = {
  service: string;
  alertname: string;
  category: string;
  role: Role;
  /** Lower is nearer to the cause. */
  rank: number;
  severity: Severity;
  /** Values of the labels that speak for or against (`agree`), in their order; "": absent. */
  agree: string[];
  /** Empty for an incident that a person opened. */
  fingerprint: string;
  /** When it began, as its sender says, within what is plausible; ms. */
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
  severity: Severity;
  /** Distinct ones of its alerts, that of its first alert first; at most `signsMax`. */
  signs: Sign[];
  /** Where its trouble comes from, as far as is known; null: the service of its first alert. */
  root: { service: string; fingerprint: string } | null;
  /** When an alert last began to fire in it; repeats do not count. */
  lastOpenedMs: number;
};

/** A new alert, as correlation sees it. */
export type Sighting = { tenant: string; environment: string; labels: Labels; sign: Sign; atMs: number;
  /** The open incident that its grouping key leads to because another alert joined it. */
  alias?: Candidate };

export type Related<C extends Candidate> = {
  candidate: C;
  score: number;
  evidence: Evidence[];
  because: string;
};
