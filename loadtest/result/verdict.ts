/** Which thresholds held, and whose fault it is when one did not. Pure. */
import { sendsAlerts } from "./load-record.ts";
import type { PhaseRecord } from "./load-record.ts";

export type Limits = {
  p95Ms: number;
  p99Ms: number;
  /** Until everything accepted is processed, published and a row, after the load's end. */
  drainSeconds: number;
};

export type Check = {
  name: string;
  wanted: string;
  got: string;
  /** Null: could not be measured here; it neither holds nor breaks. */
  holds: boolean | null;
  /** Whose latencies it is about, when the generator may be at fault. */
  phase?: string;
};

/**
 * Unclear: a threshold broke, but the generator itself was late or out of breath, so that the
 * server cannot be blamed. It is no success either.
 */
export type Verdict = "holds" | "broken" | "unclear";

/** Of reads, which wait behind batches of alerts and behind the disk (SQL). */
const readP95FactorMax = 4;
/** Share of what was due that may be shed or left unsent at a rate that is meant to hold. */
const missedShareMax = 0.01;
/** The generator is at fault when its own delay is this share of the latency measured. */
const latenessShareMax = 0.5;
const latenessMinMs = 20;

export function atMost(name: string, got: number, max: number, unit: string): Check {
  const text = (value: number): string => `${readable(value)}${unit === "" ? "" : ` ${unit}`}`;
  return { name, wanted: `≤ ${text(max)}`, got: text(got), holds: got <= max };
}

export function atLeast(name: string, got: number, min: number, unit: string): Check {
  const text = (value: number): string => `${readable(value)}${unit === "" ? "" : ` ${unit}`}`;
  return { name, wanted: `≥ ${text(min)}`, got: text(got), holds: got >= min };
}

/** The thresholds of a phase at a rate that the server is meant to hold. */
export function steadyChecks(record: PhaseRecord, limits: Limits): Check[] {
  const { phase, latency, counts } = record;
  const factor = sendsAlerts(phase) ? 1 : readP95FactorMax;
  const missed = (counts.shed + counts.unsent) / Math.max(1, counts.due);
  const { name } = phase;
  return [
    { ...atMost(`${name}: p95`, latency.at(0.95), limits.p95Ms * factor, "ms"), phase: name },
    { ...atMost(`${name}: p99`, latency.at(0.99), limits.p99Ms * factor, "ms"), phase: name },
    atMost(`${name}: shed or unsent`, missed * 100, missedShareMax * 100, "%"),
    failedCheck(record),
  ];
}

export function failedCheck(record: PhaseRecord): Check {
  const check = atMost(`${record.phase.name}: failed`, record.counts.failed, 0, "");
  const reasons = Object.entries(record.failures).map(([reason, n]) => `${n} × ${reason}`);
  return reasons.length === 0 ? check : { ...check, got: `${check.got} (${reasons.join(", ")})` };
}

/** A sentence when the phase's figures say more about the generator than about the server. */
export function generatorFault(record: PhaseRecord): string | null {
  const { phase, latency, lateness } = record;
  const late = lateness.at(0.95);
  if (late < latenessMinMs || late < latency.at(0.95) * latenessShareMax) return null;
  return (
    `${phase.name}: the generator itself was late (p95 ${readable(late)} ms of ` +
    `${readable(latency.at(0.95))} ms), so these latencies do not blame the server: ` +
    `ask for a lower --rate, a larger --batch, or free the machine`
  );
}

/** @param faulty names of the phases in which the generator was at fault. */
export function verdictOf(checks: Check[], faulty: Set<string>): Verdict {
  const broken = checks.filter(({ holds }) => holds === false);
  if (broken.length === 0) return "holds";
  const excused = ({ phase }: Check): boolean => phase !== undefined && faulty.has(phase);
  return broken.every(excused) ? "unclear" : "broken";
}

export function readable(value: number): string {
  if (value === 0 || Math.abs(value) >= 100) return Math.round(value).toLocaleString("en");
  return value.toFixed(Math.abs(value) < 10 ? 2 : 1).replace(/\.?0+$/, "");
}
