/**
 * Correlation: which open incident a new alert belongs to although it has another grouping key.
 * Every way of relating them (time, topology, text, …) is a rule behind this interface. Rules
 * are asked in order and the first answer counts; a rule answers the same however its index
 * was built up, so that a rebuilt one behaves identically.
 */
import type { Labels } from "../alert/events.ts";
import type { Severity } from "../incident/types.ts";

/** What a rule may know of an open incident. */
export type Candidate = {
  id: string;
  /** Order of creation within the partition. */
  serial: number;
  tenant: string;
  environment: string;
  labels: Labels;
  severity: Severity;
  /** Further values of labels, of alerts that were related to it; null: none. */
  seen: Record<string, string[]> | null;
  /** Where its trouble comes from, as far as is known; null: the service of its first alert. */
  root: { service: string } | null;
  /** When an alert last began to fire in it; repeats do not count. */
  lastOpenedMs: number;
};

/** A new alert, as a rule sees it. */
export type Sighting = { tenant: string; environment: string; labels: Labels; atMs: number };

export type Related<C extends Candidate> = {
  candidate: C;
  because: string;
  /** Other open incidents that the alert, or what it joins, explains as well. */
  explains?: C[];
  /** The service that turns out to be the candidate's root; absent: that stays as it is. */
  root?: string;
};

export interface CorrelationRule<C extends Candidate> {
  /** The incident is open, or an alert began to fire in it. Repeating it is harmless. */
  add(candidate: C): void;
  /**
   * The incident is no longer open, or its labels or root are about to change. Unknown: no
   * effect. It must have the labels and the root that it was added with.
   */
  remove(candidate: C): void;
  find(sighting: Sighting): Related<C> | null;
}
