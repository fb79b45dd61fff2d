/** What a storm consists of: causes, each with the alerts that it raises, and the truth. */
import type { AlertText } from "./alert-texts.ts";

export const causeKinds = [
  "gpu_oom_cascade",
  "deploy_gone_wrong",
  "provider_rate_limit",
  "regional_network_loss",
  "noisy_neighbour",
  "quality_drift",
  "cost_spike",
  "dns_failure",
  "database_failover",
  "flapping_host",
  "queue_backlog",
  "certificate_expired",
  "noise",
] as const;
export type CauseKind = (typeof causeKinds)[number];

/** A storm of a kind has causes of that kind and some noise; `two_at_once` has two others. */
export const stormKinds = [...causeKinds, "two_at_once"] as const;
export type StormKind = (typeof stormKinds)[number];

/** One alert identity and its life; times in ms from the start of the episode. */
export type Series = {
  labels: Record<string, string>;
  annotations: Record<string, string>;
  /** When it is told: fires and ends in turn, ascending; an odd number: it never ends. */
  flipsMs: number[];
  /** So much earlier than told does it really fire and end; 0 for most. */
  lateMs: number;
  /** Lost on its way: true of what happened, and never told. */
  missing: boolean;
  /** New annotations from these times on. */
  changes: { atMs: number; annotations: Record<string, string> }[];
};

/**
 * A true incident. Its first series is its root, even where that one is missing; the others are
 * symptoms. Two causes never share a series, so the truth about every alert is one cause.
 */
export type Cause = {
  id: string;
  kind: CauseKind;
  about: string;
  /** Whether somebody ought to be woken by it. */
  pages: boolean;
  /** Which of them its monitoring sees first. */
  order: "cause first" | "symptoms first";
  root: { service: string; alertname: string };
  series: Series[];
};

/** A service that a cause reaches, and what it then says. */
export type Affected = {
  service: string;
  /** Edges of the graph between it and the root; 0: the root's own service. */
  hop: number;
  texts: readonly AlertText[];
};
