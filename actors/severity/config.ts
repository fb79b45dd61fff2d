/** What severity scoring needs of the configuration; it travels through the log (I11). */
import type { Matcher, Severity } from "../incident/types.ts";

/**
 * "off": severity is what alerts say. "advise": the score is computed and shown beside it.
 * "raise": an incident becomes as severe as its score says, and never less by itself.
 */
export const severityModes = ["off", "advise", "raise"] as const;
export type SeverityMode = (typeof severityModes)[number];

/** Which names the five severities have as levels (levels.ts). */
export const levelScales = ["sev1-5", "sev0-4", "sev1-4"] as const;
export type LevelScale = (typeof levelScales)[number];

export const axes = ["impact", "urgency"] as const;
export type Axis = (typeof axes)[number];

/** What is known of an incident without anybody saying so. */
export const circumstances = [
  "severity",
  "alerts",
  "services",
  "dependants",
  "minutes",
  "reopens",
] as const;
export type CircumstanceName = (typeof circumstances)[number];

export type FactorSource =
  | { kind: "circumstance"; name: CircumstanceName }
  /**
   * The first of the labels, or else annotations, that an alert has, divided by the first of
   * `per` where there are any; only of alerts for which the matchers hold.
   */
  | { kind: "said"; names: string[]; per: string[]; matchers: Matcher[] };

/** How a value becomes a number from 0 (nothing) to 1 (the worst). */
export type FactorScale =
  /** [value, normalised] with rising values; straight lines between, level outside. */
  | { kind: "points"; points: [number, number][] }
  /** In lower case. `otherwise`: of any other word; null: that is as good as no value. */
  | { kind: "words"; words: Record<string, number>; otherwise: number | null };

export type Factor = {
  name: string;
  axis: Axis;
  /** Its share among the known factors; 0: it is shown and counts only by `atLeast`. */
  weight: number;
  source: FactorSource;
  scale: FactorScale;
  /** From this normalised value on, the level is at least this; the most severe first. */
  atLeast: { severity: Severity; from: number }[];
};

/** A part of an axis, from this value (0 to 1) on. */
export type Band = { name: string; from: number };

export type SeverityConfig = {
  mode: SeverityMode;
  scale: LevelScale;
  /** "renormalise": known factors share the weight of missing ones. "zero": those count as 0. */
  missing: "renormalise" | "zero";
  /** By how much a factor must have risen since somebody set the severity, to count as news. */
  newEvidence: number;
  /** The lowest first, from 0. */
  bands: Record<Axis, Band[]>;
  /** By band of impact, then by band of urgency. */
  matrix: Severity[][];
  factors: Factor[];
};
