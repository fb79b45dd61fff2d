/**
 * Correlation: which open incident a new alert belongs to although it has another grouping key,
 * which incidents turn out to be one, and where their trouble comes from.
 *
 * C1 An alert joins the incident for which the evidence weighs most, if that is enough; a
 *    younger one only where it weighs clearly more.
 * C2 Two incidents become one when trouble at the root of one explains the other better than
 *    another trouble would: that one more trouble began at the same time has its price (the
 *    resolution limit), and so have labels that differ and alerts that stay unexplained.
 *    Who suffered before the root's own alert has to fit as well (second-trouble.ts); a cause
 *    that shows late joins what it explains under the same condition.
 * C3 An incident that has a cause of its own is never taken for a part of another.
 * C4 The cost of an alert is bounded by its service's neighbours in the graph (graph.ts) and the
 *    incidents met there, whatever the number of open incidents.
 * C5 The index is a function of the open incidents and the configuration; what was learnt from
 *    history (history.ts) and what incidents say (likeness.ts) are none of it, and go through
 *    the partition's snapshots.
 * C6 What alerts say is compared only where no other evidence is enough; texts last of all, and
 *    only of services that the graph does not know.
 * C7 Alerts that joined another incident before their cause was known go to it one by one, where
 *    it explains them better (claims.ts). What founds an incident and comes back to another one,
 *    long after that one's trouble began, is asked anew where it belongs.
 */
import { quoted } from "../incident/duration.ts";
import { labelOf } from "../incident/identity.ts";
import { scopeOf } from "../incident/scoped-index.ts";
import { Blame, isFounding, isTelling } from "./blame.ts";
import { type Claim, claimOf } from "./claims.ts";
import type { Candidate, Evidence, Related, Root, Sighting, Sign } from "./evidence.ts";
import { enough, isSameTrouble, rootAtMs, rootOf } from "./evidence.ts";
import type { ServiceGraph } from "./graph.ts";
import type { GraphParts } from "./graph-relations.ts";
import type { GraphConfig, GraphState } from "./graph-state.ts";
import type { History, Partner } from "./history.ts";
import type { Likeness, SimilarityConfig } from "./likeness.ts";
import { isPart } from "./merging.ts";
import { bySerial, OpenIncidents } from "./open-incidents.ts";
import { maySpread, sufferersOf } from "./second-trouble.ts";
import { Surroundings } from "./surroundings.ts";
import { type Recalled, Weighing, type WeighingConfig } from "./weighing.ts";

/** `depthMax`: steps along dependencies that trouble is followed. */
export type TopologyConfig = GraphConfig & { windowMs: number };

export type CorrelationConfig = WeighingConfig & {
  enabled: boolean;
  /** Null in configurations of versions that knew no other relation than labels. */
  topology: TopologyConfig | null;
  /** Undefined in configurations of versions that did not compare what alerts say: off. */
  similarity?: SimilarityConfig;
};

/** What a younger incident has to have more than an older one. */
const clearly = 0.1;

type Weighed<C extends Candidate> = { candidate: C; score: number };

/** What is known of a new alert before it is compared by what it says. */
type Finding<C extends Candidate> = {
  graph: ServiceGraph;
  met: Set<C>;
  recalled: Recalled<C>;
  /** The heaviest of those that weigh enough. */
  weigh: (candidates: Set<C>) => Weighed<C> | null;
};

/** What a tenant's environment is weighed with. */
type Scale<C extends Candidate> = GraphParts & { weighing: Weighing<C> };

export class Correlator<C extends Candidate> {
  readonly #config: CorrelationConfig;
  readonly #graphs: GraphState;
  readonly #history: History;
  readonly #likeness: Likeness<C>;
  readonly #scales = new WeakMap<ServiceGraph, Scale<C>>();
  readonly #topologyMs: number;
  /** The longer of the two. */
  readonly #windowMs: number;
  readonly #labels: string[];
  readonly #byService = new OpenIncidents<C>();
  readonly #byLabel = new OpenIncidents<C>();

  constructor(
    config: CorrelationConfig,
    graphs: GraphState,
    { history, likeness }: { history: History; likeness: Likeness<C> },
  ) {
    this.#config = config;
    this.#graphs = graphs;
    this.#history = history;
    this.#topologyMs = config.topology?.windowMs ?? 0;
    this.#windowMs = Math.max(config.windowMs, this.#topologyMs);
    this.#labels = config.labels.filter((label) => label !== "service");
    this.#likeness = likeness;
    const windows = { longestMs: this.#windowMs, shortMs: config.windowMs };
    likeness.configure(config.enabled ? (config.similarity ?? null) : null, windows);
  }

  /** Another sign than those that it was added with is of this service. */
  addService(candidate: C, service: string): void {
    if (this.#config.enabled) this.#byService.add(scopeOf(candidate), service, candidate);
  }

  /**
   * An alert began to fire in it: one that left for its age is met again.
   * @param beforeMs when one began in it before.
   */
  renew(candidate: C, beforeMs: number): void {
    // What was met since was met within the window of then: it has not left.
    if (beforeMs < candidate.lastOpenedMs - this.#windowMs) this.add(candidate);
  }

  /** The incident is open. Repeating it is harmless. */
  add(candidate: C): void {
    if (!this.#config.enabled) return;
    const scope = scopeOf(candidate);
    const root = rootOf(candidate).service;
    // Of what was split off nothing may be known yet: it is no service's until an alert joins.
    if (root !== "") this.#byService.add(scope, root, candidate);
    for (const { service } of candidate.signs) this.#byService.add(scope, service, candidate);
    for (const label of this.#labels) {
      const value = labelOf(candidate.labels, label);
      if (value !== "") this.#byLabel.add(labelScope(scope, label), value, candidate);
    }
  }

  /**
   * The incident is no longer open, or its labels, signs or root are about to change: it must
   * have those that it was added with. Unknown: no effect.
   */
  remove(candidate: C): void {
    const scope = scopeOf(candidate);
    this.#byService.remove(scope, rootOf(candidate).service, candidate);
    for (const { service } of candidate.signs) this.#byService.remove(scope, service, candidate);
    for (const label of this.#labels) {
      const value = labelOf(candidate.labels, label);
      if (value !== "") this.#byLabel.remove(labelScope(scope, label), value, candidate);
    }
  }

  /**
   * C1
   * @param accepts whether the incident can take the alert at all.
   * @param refuse hears of the incident that weighs most, but is another trouble (C2).
   */
  find(
    sighting: Sighting,
    accepts: (candidate: C) => boolean,
    refuse: (candidate: C) => void = () => {},
  ): Related<C> | null {
    if (!this.#config.enabled) return null;
    const { graph, surroundings, blame, weighing } = this.#scaleOf(sighting);
    const recalled = weighing.recall(sighting);
    const weigh = (candidates: Set<C>): Weighed<C> | null => {
      let best: Weighed<C> | null = null;
      const all: C[] = [];
      for (const candidate of bySerial(candidates)) {
        const score = weighing.weigh(sighting, candidate, recalled, null);
        if (score < enough || !accepts(candidate)) continue;
        all.push(candidate);
        if (score > (best?.score ?? 0) + clearly) best = { candidate, score };
      }
      if (best === null || all.length === 1) return best;
      const candidate = widerOf(blame, best.candidate, all, sighting.sign);
      return { candidate, score: best.score };
    };
    const met = this.#meet(sighting, surroundings, recalled.partners);
    let best = weigh(met) ?? this.#findAlike(sighting, { graph, met, recalled, weigh });
    if (best !== null && !this.#mayAdopt(sighting, best.candidate, met)) {
      refuse(best.candidate);
      // It may be the same again as what an incident of its own tells of.
      best = weigh(new Set([...met].filter((one) => !this.#adopts(sighting, one))));
    }
    if (best === null) return null;
    const evidence: Evidence[] = [];
    const score = weighing.weigh(sighting, best.candidate, recalled, evidence);
    const words = evidence.filter(({ weight }) => weight > 0).map(({ because }) => because);
    const { candidate } = best;
    return { candidate, score, evidence, because: words.join("; "), met: bySerial(met) };
  }

  /** C2: whether the incident may be what the alert brought about, if it would be that. */
  #mayAdopt(sighting: Sighting, other: C, met: Set<C>): boolean {
    if (!this.#adopts(sighting, other)) return true;
    const { sign } = sighting;
    const { blame } = this.#scaleOf(sighting);
    const root = { service: sign.service, sign };
    const sufferers = sufferersOf(blame, root, bySerial(met), this.#topologyMs);
    return maySpread(blame, other, root, sufferers);
  }

  /** Whether the incident would join its cause, which comes late, with this alert. */
  #adopts(sighting: Sighting, other: C): boolean {
    const { sign } = sighting;
    const own = rootOf(other);
    if (!isFounding(sign) || own.sign === null || own.service === sign.service) return false;
    // It is a part of it already, perhaps by a person's word: nobody is told of it again.
    if (other.signs.some((one) => isSameTrouble(one, sign))) return false;
    return this.#scaleOf(sighting).blame.explains({ service: sign.service, sign }, own.sign);
  }

  /** C6 */
  #findAlike(
    sighting: Sighting,
    { graph, met, recalled, weigh }: Finding<C>,
  ): Weighed<C> | null {
    const search = this.#likeness.search(sighting);
    if (search === null) return null;
    recalled.likes = search.likes;
    search.addSeries([...met, ...search.likes.keys()]);
    const best = search.likes.size === 0 ? null : weigh(new Set(search.likes.keys()));
    if (best !== null || graph.knows(sighting.sign.service)) return best;
    const found = search.addTexts();
    search.addSeries(found);
    return found.size === 0 ? null : weigh(found);
  }

  /** An alert of this kind began to fire, wherever it was put. */
  learn({ tenant, environment, sign, atMs }: Omit<Sighting, "grouped">): void {
    if (!this.#config.enabled || !isTelling(sign.severity)) return;
    const { service, alertname } = sign;
    this.#history.learn({ tenant, environment, service, alertname }, atMs);
  }

  /** A person took the two apart. */
  unlearn(one: C, other: C): void {
    const { tenant, environment } = one;
    for (const { service, alertname } of one.signs) {
      for (const sign of other.signs) {
        const theirs = { service: sign.service, alertname: sign.alertname };
        const of = { tenant, environment };
        this.#history.unlearn({ ...of, service, alertname }, { ...of, ...theirs });
      }
    }
  }

  /**
   * C2: the incidents near the alert that the one which it joined explains, oldest first.
   * @param met what `find` met; null: the alert joined without a search.
   * @param of `accepts`: whether an incident can become a part at all; `most`: how many may.
   */
  explainedBy(
    candidate: C,
    sighting: Sighting,
    met: readonly C[] | null,
    { accepts, most }: { accepts: (other: C) => boolean; most: number },
  ): C[] {
    const { graph, surroundings, blame } = this.#scaleOf(sighting);
    if (!this.#config.enabled || graph.size === 0) return [];
    const near = met ?? bySerial(this.#meet(sighting, surroundings, []));
    const root = rootOf(candidate);
    const windowMs = this.#topologyMs;
    const found: C[] = [];
    let sufferers: Sign[] | null = null;
    for (const other of near) {
      if (found.length === most) break;
      if (other === candidate || !accepts(other)) continue;
      if (!isPart(blame, other, candidate, windowMs)) continue;
      sufferers ??= sufferersOf(blame, root, near, windowMs);
      if (maySpread(blame, other, root, sufferers)) found.push(other);
    }
    return found;
  }

  /**
   * C7: what other incidents near the alert have of the trouble that the one has which it joined
   * or opened.
   * @param met what `find` met; null: there was no search.
   */
  claimsOf(
    candidate: C,
    sighting: Sighting,
    met: readonly C[] | null,
    accepts: (from: C) => boolean,
  ): Claim<C>[] {
    const { graph, surroundings, blame } = this.#scaleOf(sighting);
    const { sign } = rootOf(candidate);
    if (!this.#config.enabled || graph.size === 0 || sign === null || !isFounding(sign)) return [];
    const near = met ?? bySerial(this.#meet(sighting, surroundings, []));
    return near.flatMap((from) => {
      if (from === candidate || !accepts(from)) return [];
      return claimOf(blame, candidate, from, this.#topologyMs) ?? [];
    });
  }

  /**
   * C7: whether an alert that is a part of the incident may be one of another trouble as it comes
   * back: what founds one, elsewhere than where this one's trouble began a window ago.
   */
  isEstranged(candidate: C, { sign, atMs }: Pick<Sighting, "sign" | "atMs">): boolean {
    const root = rootOf(candidate);
    if (this.#topologyMs === 0 || root.service === sign.service || !isFounding(sign)) return false;
    return atMs - rootAtMs(candidate, root) > this.#topologyMs;
  }

  /** Where its trouble comes from, if that is clearly elsewhere than is known. */
  betterRoot(candidate: C): (Root & { because: string }) | null {
    const { signs } = candidate;
    const { blame } = this.#scaleOf(candidate);
    const root = blame.betterRoot(rootOf(candidate), signs);
    if (root === null) return null;
    const explained = signs.filter((sign) => blame.explains(root, sign)).length;
    const alert = root.sign === null ? "no alert of its own" : quoted(root.sign.alertname);
    const because =
      `${quoted(root.service)} (${alert}) explains ${explained} of the ` +
      `${signs.length} kinds of alerts that it has`;
    return { ...root, because };
  }

  #scaleOf({ tenant, environment }: { tenant: string; environment: string }): Scale<C> {
    const graph = this.#graphs.of(tenant, environment);
    const known = this.#scales.get(graph);
    if (known !== undefined) return known;
    const blame = new Blame(graph, this.#config.agree);
    const surroundings = new Surroundings(graph);
    const parts = { graph, surroundings, blame, history: this.#history };
    const weighing = new Weighing<C>(this.#config, parts, this.#topologyMs);
    const scale = { graph, surroundings, blame, weighing };
    this.#scales.set(graph, scale);
    return scale;
  }

  /** Where the alert may belong: by service, label and the services around it. */
  #meet(
    sighting: Sighting,
    surroundings: Surroundings,
    partners: readonly Partner[],
  ): Set<C> {
    const { sign, grouped } = sighting;
    const scope = scopeOf(sighting);
    const sinceMs = sighting.atMs - this.#windowMs;
    const met = new Set<C>();
    if (grouped !== null) met.add(grouped as C);
    const at = (services: readonly string[]): void => {
      this.#byService.meetAll(scope, services, sinceMs, met);
    };
    at([sign.service]);
    for (const label of this.#labels) {
      const value = labelOf(sighting.labels, label);
      if (value !== "") this.#byLabel.meet(labelScope(scope, label), value, sinceMs, met);
    }
    if (partners.length > 0) at(partners.map(({ service }) => service));
    if (isTelling(sign.severity)) at(surroundings.of(sign.service).services);
    return met;
  }
}

/**
 * What founded an incident although another one's root explains it (B4) keeps to its own service:
 * what both explain is the other's.
 */
function widerOf<C extends Candidate>(
  blame: Blame,
  best: C,
  all: readonly C[],
  { service }: Sign,
): C {
  const own = rootOf(best).sign;
  if (own === null || own.service === service || !isFounding(own)) return best;
  const wider = all.find((one) => {
    const root = rootOf(one);
    if (one === best || root.sign === null || !isFounding(root.sign)) return false;
    return blame.explains(root, own);
  });
  return wider ?? best;
}

function labelScope(scope: string, label: string): string {
  return `${scope}\u0000${label}`;
}
