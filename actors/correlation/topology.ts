/**
 * Topology: trouble of a service shows in the services that depend on it. A symptom joins the
 * incident of the service that is to blame; where symptoms came first, the cause joins theirs,
 * becomes its root, and brings together what it explains.
 *
 * T1 Of several incidents upstream the one is chosen whose labels agree best with the alert's
 *    (region, model, …); then the one furthest up; then the oldest. Labels that differ more than
 *    they agree keep two troubles apart.
 * T2 An incident is found by the service of its root alone: relations follow the graph, they do
 *    not chain through whatever joined.
 * T3 What is of low severity or less explains nothing and is explained by nothing, and a cause is
 *    grave itself, or at least as grave as what it explains: nearly every service has some small
 *    alert that happens to be there.
 * T4 The cost of a search is bounded by the services within `depthMax` steps (graph.ts), whatever
 *    the number of open incidents.
 */
import type { Labels } from "../alert/events.ts";
import { durationText, quoted } from "../incident/duration.ts";
import { identityOf, labelOf } from "../incident/identity.ts";
import { ScopedIndex } from "../incident/scoped-index.ts";
import { isMoreSevere, severityOf } from "../incident/severity.ts";
import type { Severity } from "../incident/types.ts";
import type { Reached } from "./graph.ts";
import { type GraphConfig, GraphState } from "./graph-state.ts";
import type { Candidate, CorrelationRule, Related, Sighting } from "./rule.ts";

/** `depthMax`: steps along dependencies that trouble is followed. */
export type TopologyConfig = GraphConfig & {
  windowMs: number;
  /** Labels whose values speak for or against two alerts being of one trouble. */
  agree: string[];
};

/** Incidents that one alert is held against. */
const metMax = 100;

type Met<C> = { candidate: C; reached: Reached; agreement: number };

export class Topology<C extends Candidate> implements CorrelationRule<C> {
  readonly #graph: GraphState;
  readonly #windowMs: number;
  readonly #agree: string[];
  /** (tenant, environment) and root service -> incidents, in no order. */
  readonly #incidents = new ScopedIndex<Set<C>>();

  /** @param graph configured by its owner; absent: what the configuration says, and no more. */
  constructor(config: TopologyConfig, graph?: GraphState) {
    this.#graph = graph ?? new GraphState();
    if (graph === undefined) this.#graph.configure(config);
    this.#windowMs = config.windowMs;
    this.#agree = config.agree;
  }

  add(candidate: C): void {
    const service = rootServiceOf(candidate);
    const scope = scopeOf(candidate);
    const known = this.#incidents.get(scope, service);
    if (known === undefined) this.#incidents.set(scope, service, new Set([candidate]));
    else known.add(candidate);
  }

  remove(candidate: C): void {
    const service = rootServiceOf(candidate);
    const scope = scopeOf(candidate);
    const known = this.#incidents.get(scope, service);
    known?.delete(candidate);
    if (known?.size === 0) this.#incidents.delete(scope, service);
  }

  find(sighting: Sighting): Related<C> | null {
    const { service } = identityOf(sighting.labels);
    const severity = severityOf(labelOf(sighting.labels, "severity"));
    if (!isTelling(severity)) return null;
    const graph = this.#graph.of(sighting.tenant, sighting.environment);
    const causes = this.#meet(sighting, graph.upstreamOf(service)).filter(
      ({ candidate }) => canCause(candidate.severity, severity),
    );
    const symptoms = this.#meet(sighting, graph.downstreamOf(service)).filter(
      ({ candidate }) => canCause(severity, candidate.severity),
    );
    const cause = causes.reduce<Met<C> | null>((best, met) => better(best, met), null);
    if (cause !== null) {
      const explains = symptoms.map(({ candidate }) => candidate);
      const because = this.#because(service, cause, sighting.atMs);
      return { candidate: cause.candidate, because, explains };
    }
    const oldest = symptoms.reduce<Met<C> | null>((best, met) => older(best, met), null);
    if (oldest === null) return null;
    const affected = quoted(rootServiceOf(oldest.candidate));
    const others = symptoms.filter((met) => met !== oldest);
    return {
      candidate: oldest.candidate,
      because:
        `${affected} depends on ${quoted(service)}${viaText(oldest.reached)}: ` +
        "the cause showed after its symptoms",
      explains: others.map(({ candidate }) => candidate),
      root: service,
    };
  }

  #meet(sighting: Sighting, reached: readonly Reached[]): Met<C>[] {
    const scope = scopeOf(sighting);
    const sinceMs = sighting.atMs - this.#windowMs;
    const met: Met<C>[] = [];
    for (const each of reached) {
      const there = this.#incidents.get(scope, each.service);
      for (const candidate of there ?? []) {
        // Time only moves on: what is too old now stays so until `add` brings it back.
        if (candidate.lastOpenedMs < sinceMs) there?.delete(candidate);
        else if (met.length < metMax && isTelling(candidate.severity)) {
          const agreement = this.#agreementOf(sighting.labels, candidate);
          if (agreement >= 0) met.push({ candidate, reached: each, agreement });
        }
      }
    }
    return met.sort((a, b) => a.candidate.serial - b.candidate.serial);
  }

  /** Labels that both have: one for each of a value that it has seen, minus one for others. */
  #agreementOf(labels: Labels, { labels: own, seen }: C): number {
    let agreement = 0;
    for (const label of this.#agree) {
      const [value, known] = [labelOf(labels, label), labelOf(own, label)];
      if (value === "" || known === "") continue;
      agreement += value === known || seen?.[label]?.includes(value) ? 1 : -1;
    }
    return agreement;
  }

  #because(service: string, { candidate, reached }: Met<C>, atMs: number): string {
    const ago = durationText(Math.max(0, atMs - candidate.lastOpenedMs));
    return (
      `${quoted(service)} depends on ${quoted(reached.service)}${viaText(reached)}, ` +
      `where an alert of ${candidate.id} began ${ago} before`
    );
  }
}

/** T1; what is met comes oldest first. */
function better<C extends Candidate>(best: Met<C> | null, met: Met<C>): Met<C> {
  if (best === null || met.agreement > best.agreement) return met;
  if (met.agreement < best.agreement) return best;
  return met.reached.steps > best.reached.steps ? met : best;
}

/** T3 */
function isTelling(severity: Severity): boolean {
  return isMoreSevere(severity, "low");
}

function canCause(cause: Severity, symptom: Severity): boolean {
  return !isMoreSevere("high", cause) || !isMoreSevere(symptom, cause);
}

function older<C extends Candidate>(best: Met<C> | null, met: Met<C>): Met<C> {
  return best === null || met.candidate.serial < best.candidate.serial ? met : best;
}

function viaText({ steps, via }: Reached): string {
  if (via === null) return "";
  return steps === 2 ? ` through ${quoted(via)}` : ` through ${quoted(via)} and ${steps - 2} more`;
}

function rootServiceOf({ root, labels }: Candidate): string {
  return root?.service ?? identityOf(labels).service;
}

function scopeOf(of: { tenant: string; environment: string }): string {
  return `${of.tenant}\u0000${of.environment}`;
}
