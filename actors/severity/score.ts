/**
 * The severity score of an incident, term by term. Each known factor contributes its weight's
 * share times how bad it is; the contributions add up to the score, 0 to 100. The factors of
 * impact and of urgency, each by themselves, also give a value from 0 to 1, whose bands meet in a
 * cell of the matrix: the level. Two things can make the level more severe than the cell: a
 * factor that demands a level by itself, and what the alerts say of their own severity.
 *
 * S1 The score is a function of the configuration, of what the alerts said and of the
 *    circumstances; nothing in it depends on the order of alerts that say the same.
 * S2 Of several alerts that speak of a factor the worst one counts, also when it has ended.
 * S3 The contributions that are shown add up exactly to the score that is shown.
 */
import { isMoreSevere } from "../incident/severity.ts";
import type { Severity } from "../incident/types.ts";
import type {
  Axis,
  Band,
  CircumstanceName,
  Factor,
  LevelScale,
  SeverityConfig,
} from "./config.ts";
import {
  type AlertReader,
  type AlertTexts,
  compileReader,
  type Known,
  normalised,
  rounded,
} from "./factors.ts";
import { levelOf } from "./levels.ts";

export type Term = {
  factor: string;
  axis: Axis;
  /** As it was said or counted: 12 (per cent of users), "tier-1", … */
  value: number | string;
  /** How bad that is, 0 to 1. */
  normalised: number;
  weight: number;
  /** Its part of the score, in points. */
  contribution: number;
  because: string;
};

export type AxisValue = { value: number; band: string };

export type SeverityScore = {
  /** 0 to 100, the sum of the contributions. */
  score: number;
  /** Of the scale in force, e.g. SEV2, and which severity that is. */
  level: string;
  scale: LevelScale;
  severity: Severity;
  /** What decided the level. */
  because: string;
  impact: AxisValue;
  urgency: AxisValue;
  terms: Term[];
  /** Factors of which nothing is known. */
  missing: string[];
};

/** Null: it cannot be known, as of dependants without a graph. */
export type Circumstances = Record<CircumstanceName, Known | null>;

/** What alerts said, by factor. */
export type Evidence = ReadonlyMap<string, Known>;

const noEvidence: Evidence = new Map();

export class SeverityScorer {
  readonly config: SeverityConfig;
  readonly #readers: [Factor, AlertReader][] = [];
  /** By name of a label or annotation: who reads it. Most alerts have none of most names. */
  readonly #readersOf = new Map<string, number[]>();
  readonly #factors: ReadonlyMap<string, Factor>;

  constructor(config: SeverityConfig) {
    this.config = config;
    this.#factors = new Map(config.factors.map((factor) => [factor.name, factor]));
    for (const factor of config.factors) {
      const { source } = factor;
      const reader = compileReader(factor);
      if (reader === null || source.kind !== "said") continue;
      const at = this.#readers.push([factor, reader]) - 1;
      for (const name of source.names) {
        this.#readersOf.set(name, [...(this.#readersOf.get(name) ?? []), at]);
      }
    }
  }

  /** What alerts said before, as the terms of an earlier score have it. */
  evidenceOf(terms: readonly Term[]): Evidence {
    if (terms.length === 0) return noEvidence;
    const evidence = new Map<string, Known>();
    for (const [{ name }] of this.#readers) {
      const term = terms.find(({ factor }) => factor === name);
      if (term !== undefined) evidence.set(name, { value: term.value, because: term.because });
    }
    return evidence;
  }

  /** S2: with what one more alert says. */
  heard(evidence: Evidence, alert: AlertTexts): Evidence {
    let heard: Map<string, Known> | null = null;
    for (const at of this.#asked(alert)) {
      const [factor, read] = this.#readers[at] ?? [];
      const said = factor === undefined ? null : (read?.(alert) ?? null);
      if (factor === undefined || said === null) continue;
      const known = evidence.get(factor.name);
      if (known !== undefined && !isWorse(factor, said, known)) continue;
      heard ??= new Map(evidence);
      heard.set(factor.name, said);
    }
    return heard ?? evidence;
  }

  /** S2: what either of two incidents knows. */
  joined(one: Evidence, other: Evidence): Evidence {
    const all = new Map(one);
    for (const [factor] of this.#readers) {
      const [mine, theirs] = [one.get(factor.name), other.get(factor.name)];
      if (theirs === undefined) continue;
      if (mine === undefined || isWorse(factor, theirs, mine)) all.set(factor.name, theirs);
    }
    return all;
  }

  /** @param floor what the alerts say of their own severity: the level is never less. */
  score(evidence: Evidence, circumstances: Circumstances, floor: Severity): SeverityScore {
    const { factors, bands, scale } = this.config;
    const terms: Term[] = [];
    const missing: string[] = [];
    const totals = { impact: 0, urgency: 0 };
    for (const { name, axis, weight, source, scale: factorScale } of factors) {
      const known =
        source.kind === "said" ? evidence.get(name) : circumstances[source.name] ?? undefined;
      const value = known === undefined ? null : normalised(factorScale, known.value);
      if (known === undefined || value === null) missing.push(name);
      else terms.push({ factor: name, axis, ...known, normalised: value, weight, contribution: 0 });
      if (value !== null || this.config.missing === "zero") totals[axis] += weight;
    }
    const score = contribute(terms, totals.impact + totals.urgency);
    const impact = axisValue(terms, "impact", totals.impact, bands.impact);
    const urgency = axisValue(terms, "urgency", totals.urgency, bands.urgency);
    const { severity, because } = this.#decide(terms, impact, urgency, floor);
    const level = levelOf(scale, severity);
    return { score, level, scale, severity, because, impact, urgency, terms, missing };
  }

  #asked({ labels, annotations }: AlertTexts): Iterable<number> {
    const asked = new Set<number>();
    for (const texts of [labels, annotations]) {
      for (const name of Object.keys(texts)) {
        for (const at of this.#readersOf.get(name) ?? []) asked.add(at);
      }
    }
    return asked;
  }

  #decide(
    terms: readonly Term[],
    impact: AxisValue,
    urgency: AxisValue,
    floor: Severity,
  ): { severity: Severity; because: string } {
    const { bands, matrix, scale } = this.config;
    const row = matrix[bands.impact.findIndex(({ name }) => name === impact.band)];
    const cell = row?.[bands.urgency.findIndex(({ name }) => name === urgency.band)] ?? "info";
    const [across, down] = [impact, urgency].map(({ band, value }) => `${band} (${value})`);
    const met =
      `impact ${across} and urgency ${down} meet at ${levelOf(scale, cell)} in the matrix`;
    let decided = { severity: cell, because: met };
    for (const { factor, value, normalised: reached } of terms) {
      const rule = this.#factors.get(factor)?.atLeast.find(({ from }) => reached >= from);
      if (rule === undefined || !isMoreSevere(rule.severity, decided.severity)) continue;
      const least = levelOf(scale, rule.severity);
      const because = `${factor} is ${value} (${reached}): at least ${least} from ${rule.from} on`;
      decided = { severity: rule.severity, because };
    }
    if (!isMoreSevere(floor, decided.severity)) return decided;
    return { severity: floor, because: `its alerts say ${floor}; ${decided.because}` };
  }
}

function isWorse({ scale }: Factor, said: Known, known: Known): boolean {
  return (normalised(scale, said.value) ?? -1) > (normalised(scale, known.value) ?? -1);
}

/** Fills in the contributions, to two digits each. @returns their sum (S3). */
function contribute(terms: Term[], total: number): number {
  let exact = 0;
  let hundredths = 0;
  for (const term of terms) {
    exact += total === 0 ? 0 : (10_000 * term.weight * term.normalised) / total;
    // What rounding takes from one term it gives to the next.
    term.contribution = (Math.round(exact) - hundredths) / 100;
    hundredths = Math.round(exact);
  }
  return hundredths / 100;
}

function axisValue(terms: Term[], axis: Axis, total: number, bands: Band[]): AxisValue {
  let sum = 0;
  for (const term of terms) if (term.axis === axis) sum += term.weight * term.normalised;
  const value = total === 0 ? 0 : rounded(sum / total);
  let band = "";
  for (const { name, from } of bands) if (value >= from) band = name;
  return { value, band };
}
