/**
 * Topology: trouble of a service shows in the services that depend on it. A symptom joins the
 * incident of the service that is to blame; where symptoms came first, the cause joins theirs,
 * becomes its root, and brings together what it explains.
 *
 * T1 Of several incidents upstream the one furthest up is chosen; among equals the oldest.
 * T2 An incident is found by the service of its root alone: relations follow the graph, they do
 *    not chain through whatever joined.
 * T3 The cost of a search is bounded by the services within `depthMax` steps (graph.ts), whatever
 *    the number of open incidents.
 */
import { durationText, quoted } from "../incident/duration.ts";
import { identityOf } from "../incident/identity.ts";
import { ScopedIndex } from "../incident/scoped-index.ts";
import { type Dependencies, type Reached, ServiceGraph } from "./graph.ts";
import type { Candidate, CorrelationRule, Related, Sighting } from "./rule.ts";

export type TopologyConfig = {
  dependencies: Dependencies;
  windowMs: number;
  /** Steps along dependencies that trouble is followed. */
  depthMax: number;
};

/** Incidents that one alert is held against. */
const metMax = 100;

type Met<C> = { candidate: C; reached: Reached };

export class Topology<C extends Candidate> implements CorrelationRule<C> {
  readonly #graph: ServiceGraph;
  readonly #windowMs: number;
  /** (tenant, environment) and root service -> incidents, in no order. */
  readonly #incidents = new ScopedIndex<Set<C>>();

  constructor(config: TopologyConfig) {
    this.#graph = new ServiceGraph(config.dependencies, config.depthMax);
    this.#windowMs = config.windowMs;
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
    const causes = this.#meet(sighting, this.#graph.upstreamOf(service));
    const symptoms = this.#meet(sighting, this.#graph.downstreamOf(service));
    const cause = causes.reduce<Met<C> | null>((best, met) => furtherUp(best, met), null);
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
        else if (met.length < metMax) met.push({ candidate, reached: each });
      }
    }
    return met.sort((a, b) => a.candidate.serial - b.candidate.serial);
  }

  #because(service: string, { candidate, reached }: Met<C>, atMs: number): string {
    const ago = durationText(Math.max(0, atMs - candidate.lastOpenedMs));
    return (
      `${quoted(service)} depends on ${quoted(reached.service)}${viaText(reached)}, ` +
      `where an alert of ${candidate.id} began ${ago} before`
    );
  }
}

function furtherUp<C extends Candidate>(best: Met<C> | null, met: Met<C>): Met<C> {
  if (best === null || met.reached.steps > best.reached.steps) return met;
  return best;
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
