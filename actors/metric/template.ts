/**
 * What is said of a kind of metric: which samples it watches, where the trouble begins and ends,
 * and what the alert looks like. Templates come from YAML (config/metric-templates.yaml).
 */
import type { Matcher, Severity } from "../incident/types.ts";
import type { TextPiece } from "./placeholders.ts";

/** From the mildest. */
export const levelNames = ["warning", "critical"] as const;
export type LevelName = (typeof levelNames)[number];

export type Direction = "above" | "below";

export type MetricLevel = {
  name: LevelName;
  severity: Severity;
  /** In the template's unit; a value at the threshold is over it. */
  threshold: number;
  /** A firing level is over only beyond this, on the good side of the threshold or at it. */
  clear: number;
  /** How long values must be over the threshold, and beyond `clear`, without a break, ms. */
  forMs: number;
  clearForMs: number;
};

export type MetricTemplate = {
  name: string;
  alertname: string;
  /** Names of metrics that mean this one. */
  metrics: string[];
  /** What a sample's labels must hold besides. */
  matchers: Matcher[];
  /** Of thresholds and of values without a unit of their own; "": a plain number. */
  unit: string;
  direction: Direction;
  /** Labels that tell one series from another; they are the alert's labels, with the tenant's. */
  series: string[];
  /** A series that is silent for longer begins anew, and its alert ends by itself, ms. */
  staleMs: number;
  labels: [string, TextPiece[]][];
  annotations: [string, TextPiece[]][];
  /** At least one, the mildest first. */
  levels: MetricLevel[];
};

/** Whether the value is as bad as the threshold, or worse. */
export function isOver(value: number, threshold: number, direction: Direction): boolean {
  return direction === "above" ? value >= threshold : value <= threshold;
}
