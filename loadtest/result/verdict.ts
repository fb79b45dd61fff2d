/** Which thresholds held, and whose fault it is when one did not. Pure. */
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

/** The generator is at fault when it is late by this share of the latency measured … */
const latenessShareMax = 0.5;
const latenessMinMs = 20;
/** … or when it needs this share of the machine for itself. */
const coresShareMax = 0.6;

export function atMost(name: string, got: number, max: number, unit: string): Check {
  const text = (value: number): string => `${readable(value)}${unit === "" ? "" : ` ${unit}`}`;
  return { name, wanted: `≤ ${text(max)}`, got: text(got), holds: got <= max };
}

export function atLeast(name: string, got: number, min: number, unit: string): Check {
  const text = (value: number): string => `${readable(value)}${unit === "" ? "" : ` ${unit}`}`;
  return { name, wanted: `≥ ${text(min)}`, got: text(got), holds: got >= min };
}

/** A sentence when the phase's figures say more about the generator than about the server. */
export function generatorFault(
  { phase, latency, lateness }: PhaseRecord,
  generatorCores: number | null,
  machineCores: number,
): string | null {
  const late = lateness.at(0.95);
  const isLate = late >= latenessMinMs && late >= latency.at(0.95) * latenessShareMax;
  const cores = generatorCores ?? 0;
  if (!isLate && cores < machineCores * coresShareMax) return null;
  const why = isLate
    ? `was late itself (p95 ${readable(late)} ms; latency ${readable(latency.at(0.95))} ms)`
    : `kept ${readable(cores)} of ${machineCores} processors busy`;
  return (
    `${phase.name}: k6 ${why}: its latencies and unsent requests do not blame the server; ` +
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
