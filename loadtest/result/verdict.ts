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
  /** Of which phase it is, when the generator or the machine may be at fault. */
  phase?: string;
};

/**
 * Unclear: a threshold broke, but the generator was late or out of breath, or the machine busy
 * with something else, so that the server cannot be blamed. It is no success either.
 */
export type Verdict = "holds" | "broken" | "unclear";

/** The generator is at fault when it is late by this share of the latency measured, */
const latenessShareMax = 0.5;
const latenessMinMs = 20;
/** or when it needs this share of the machine for itself; */
const generatorShareMax = 0.6;
/** and nobody can tell when programs that have nothing to do with the test need this share. */
const othersShareMax = 0.25;

export function atMost(name: string, got: number, max: number, unit: string): Check {
  const text = (value: number): string => `${readable(value)}${unit === "" ? "" : ` ${unit}`}`;
  return { name, wanted: `≤ ${text(max)}`, got: text(got), holds: got <= max };
}

export function atLeast(name: string, got: number, min: number, unit: string): Check {
  const text = (value: number): string => `${readable(value)}${unit === "" ? "" : ` ${unit}`}`;
  return { name, wanted: `≥ ${text(min)}`, got: text(got), holds: got >= min };
}

/** Processors that were busy during a phase; null: not known. */
export type Busy = { generator: number | null; others: number | null; machine: number };

/** Why, when a phase's figures say more about the machine than about the server. */
export function machineFault({ latency, lateness }: PhaseRecord, busy: Busy): string | null {
  const { generator, others, machine } = busy;
  const late = lateness.at(0.95);
  const isLate = late >= latenessMinMs && late >= latency.at(0.95) * latenessShareMax;
  const whys: string[] = [];
  if (isLate) {
    const latencies = `latency ${readable(latency.at(0.95))} ms`;
    whys.push(`k6 was late itself (p95 ${readable(late)} ms; ${latencies})`);
  }
  if (generator !== null && generator >= machine * generatorShareMax) {
    whys.push(`k6 kept ${readable(generator)} of ${machine} processors busy`);
  }
  if (others !== null && others >= machine * othersShareMax) {
    whys.push(`other programs kept ${readable(others)} of ${machine} processors busy`);
  }
  if (whys.length === 0) return null;
  return (
    `${whys.join(", ")}: such figures do not blame the server; ` +
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
