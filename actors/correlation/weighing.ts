/**
 * The weight of the evidence that an alert is part of an open incident: one relation (the best
 * there is: its key, its service, the graph, history), labels that both have, and what speaks
 * against it.
 */
import { durationText, quoted } from "../incident/duration.ts";
import { labelOf, unknownService } from "../incident/identity.ts";
import type { Likes } from "./alike.ts";
import { agreementOf, areTelling, type Blame, isFounding, isOfModel, isTelling } from "./blame.ts";
import type { Candidate, Evidence, EvidenceKind, Relation, Sighting, Sign } from "./evidence.ts";
import { isSameTrouble, rootOf } from "./evidence.ts";
import type { ServiceGraph } from "./graph.ts";
import { GraphRelations, type GraphParts } from "./graph-relations.ts";
import type { History, Partner } from "./history.ts";
import { likenessOf } from "./like-weights.ts";

export type WeighingConfig = {
  /** In which a shared label or service relates alerts. */
  windowMs: number;
  /** Labels whose shared value relates alerts. */
  labels: string[];
  /** Labels whose values speak for or against, in the order of `Sign.agree`. */
  agree: string[];
  /** Factors by kind of evidence; absent: 1. */
  weights: Partial<Record<EvidenceKind, number>>;
};

/** Before the configured factors. */
const weights = {
  key: 1.7,
  service: 1.3,
  /** The service of an alert that joined: a chain of such relations grows weaker with time. */
  otherService: 1.2,
  label: 1.3,
  agree: 0.2,
  disagree: 1,
  ownCause: 3,
  small: 0.6,
  /** For each natural logarithm of the lift, and at most. */
  lift: 0.3,
  liftMax: 1.4,
  /** ... where the graph knows the service: what is related is known then. */
  liftMaxOnGraph: 0.7,
  pattern: 0.4,
  /** At the end of the longest window. */
  age: 0.3,
  /** ... for what the graph relates. */
  ageOnGraph: 1,
  /** At the end of the longest window, where nothing began in all that time. */
  quiet: 1.5,
} as const;

/** For this part of the longest window trouble may pause while it spreads. */
const pause = 0.1;
/** An alert that is older than this and alone is no symptom of what begins now. */
const aloneMs = 60_000;

type Add = (kind: EvidenceKind, weight: number, because: () => string) => void;

export type WeighingParts = GraphParts & { history: History };

/** What history says of one alert, and the incidents that say about the same as it. */
export type Recalled<C extends Candidate> = {
  partners: Partner[];
  everyMs: number | null;
  /** Empty until they are looked for. */
  likes: Likes<C>;
};

type Offer = (
  kind: EvidenceKind,
  weight: number,
  atMs: number,
  because: () => string,
) => void;

export class Weighing<C extends Candidate> {
  readonly #config: WeighingConfig;
  readonly #graph: ServiceGraph;
  readonly #relations: GraphRelations;
  readonly #blame: Blame;
  readonly #history: History;
  /** The longest of the windows: what is older is not met. */
  readonly #windowMs: number;
  readonly #relatesServices: boolean;

  constructor(config: WeighingConfig, parts: WeighingParts, topologyMs: number) {
    this.#config = config;
    this.#graph = parts.graph;
    this.#relations = new GraphRelations(parts, topologyMs);
    this.#blame = parts.blame;
    this.#history = parts.history;
    this.#windowMs = Math.max(config.windowMs, topologyMs);
    this.#relatesServices = config.labels.includes("service");
  }

  /** What history says of the alert, whichever incident it is held against. */
  recall(sighting: Sighting): Recalled<C> {
    const { sign, tenant, environment, atMs } = sighting;
    const { service, alertname } = sign;
    const occurrence = { tenant, environment, service, alertname };
    return {
      partners: this.#history.partnersOf(occurrence, atMs),
      everyMs: this.#history.regularityOf(occurrence, atMs),
      likes: new Map(),
    };
  }

  /** @param into takes each piece with its words; null: only the sum is asked for. */
  weigh(
    sighting: Sighting,
    candidate: C,
    recalled: Recalled<C>,
    into: Evidence[] | null,
  ): number {
    let score = 0;
    const add: Add = (kind, weight, because) => {
      const weighed = weight * this.#factor(kind);
      if (weighed === 0) return;
      score += weighed;
      into?.push({ kind, weight: weighed, because: because() });
    };
    const relation = this.#relation(sighting, candidate, recalled);
    if (relation !== null) add(relation.kind, relation.weight, relation.because);
    const { sign } = sighting;
    const lastMs = sighting.atMs - candidate.lastOpenedMs;
    const isRecent = lastMs <= this.#config.windowMs;
    if (isRecent) this.#labels(sighting, candidate, add);
    const alike = recalled.likes.get(candidate);
    if (alike !== undefined) {
      const pieces = likenessOf(sign, candidate, alike, { graph: this.#graph, isRecent });
      for (const { kind, weight, because } of pieces) add(kind, weight, because);
    }
    if (score === 0) return 0;
    this.#time(sighting, candidate, relation, add);
    this.#agreements(sign, candidate, add);
    this.#small(sign, candidate, add);
    const { everyMs } = recalled;
    if (everyMs !== null) {
      add("pattern", -weights.pattern, () => `it comes every ${durationText(everyMs)} anyway`);
    }
    if (this.#isOwnCause(sign, candidate)) {
      add("role", -weights.ownCause, () => `${quoted(sign.alertname)} happens of itself`);
    }
    return score;
  }

  /**
   * The heaviest; but what the graph knows besides must not make a stranger of an alert whose key
   * joined: of these two it is the one that time leaves more of.
   */
  #relation(sighting: Sighting, candidate: C, recalled: Recalled<C>): Relation | null {
    const { sign, grouped } = sighting;
    let other = null as Relation | null;
    const offer: Offer = (kind, weight, atMs, because) => {
      if (weight > (other?.weight ?? 0)) other = { kind, weight, atMs, because };
    };
    if (grouped === candidate) {
      const because = (): string => "same grouping key as an alert that joined it";
      offer("key", weights.key, candidate.lastOpenedMs, because);
    }
    if (this.#relatesServices && sign.service !== unknownService) {
      this.#asService(sighting, candidate, offer);
    }
    this.#learnt(recalled, sighting, candidate, offer);
    const asksGraph = this.#graph.size > 0 && isTelling(sign.severity);
    const onGraph = asksGraph ? this.#relations.heaviest(sighting, candidate) : null;
    if (onGraph === null || other === null) return onGraph ?? other;
    const isKeyed = other.kind === "key";
    const weighed = (one: Relation): number =>
      isKeyed ? this.#left(sighting, candidate, one) : one.weight;
    return weighed(onGraph) > weighed(other) ? onGraph : other;
  }

  #factor(kind: EvidenceKind): number {
    return this.#config.weights[kind] ?? 1;
  }

  /** What a relation weighs once time has taken its part. */
  #left(sighting: Sighting, candidate: C, relation: Relation): number {
    let left = relation.weight * this.#factor(relation.kind);
    this.#time(sighting, candidate, relation, (kind, weight) => {
      left += weight * this.#factor(kind);
    });
    return left;
  }

  /** What speaks against it for how long ago things began. */
  #time(sighting: Sighting, candidate: C, relation: Relation | null, add: Add): void {
    const ageMs = Math.max(0, sighting.atMs - (relation?.atMs ?? candidate.lastOpenedMs));
    const old = Math.min(1, ageMs / this.#windowMs);
    const isOnGraph = relation?.kind === "topology";
    const aging = isOnGraph ? weights.ageOnGraph : weights.age;
    add("time", -aging * old, () => `that began ${durationText(ageMs)} before`);
    if (isOnGraph) this.#quiet(sighting, candidate, add);
  }

  #asService({ sign: { service }, atMs }: Sighting, candidate: C, offer: Offer): void {
    const sinceMs = atMs - this.#config.windowMs;
    const isIts = (one: Sign): boolean => one.service === service && one.atMs >= sinceMs;
    const place = candidate.signs.findIndex(isIts);
    const found = candidate.signs[place];
    if (found === undefined) return;
    const weight = place === 0 ? weights.service : weights.otherService;
    offer("service", weight, found.atMs, () => {
      return `same service ${quoted(service)} ${this.#within(candidate)}`;
    });
  }

  #labels(sighting: Sighting, candidate: C, add: Add): void {
    for (const label of this.#config.labels) {
      if (label === "service") continue;
      const value = labelOf(sighting.labels, label);
      if (value === "" || value !== labelOf(candidate.labels, label)) continue;
      const named = `same ${label} ${quoted(value)}`;
      add("label", weights.label, () => `${named} ${this.#within(candidate)}`);
    }
  }

  #learnt(
    { partners }: Recalled<C>,
    { sign, atMs }: Sighting,
    { signs, id }: C,
    offer: Offer,
  ): void {
    const sinceMs = atMs - this.#config.windowMs;
    const own = sign.service;
    // Surest first: one is enough.
    let found: Sign | undefined;
    const partner = partners.find(({ service, alertname }) => {
      found = signs.find((one) => {
        return one.service === service && one.alertname === alertname && one.atMs >= sinceMs;
      });
      return found !== undefined;
    });
    if (partner === undefined || found === undefined) return;
    const most = this.#graph.knows(own) ? weights.liftMaxOnGraph : weights.liftMax;
    const weight = Math.min(most, weights.lift * Math.log(partner.lift));
    const times = Math.round(partner.times);
    offer("lift", weight, found.atMs, () => {
      const named = `${quoted(partner.alertname)} of ${quoted(partner.service)}, which ${id} has`;
      return `it began together with ${named}, about ${times} times lately`;
    });
  }

  #agreements(sign: Sign, candidate: C, add: Add): void {
    const { agree } = this.#config;
    for (let at = 0; at < agree.length; at += 1) {
      const agreement = agreementOf(sign, candidate.signs, at);
      if (agreement !== "unknown") this.#agreement(sign, at, agreement === "same", add);
    }
  }

  #agreement({ agree }: Sign, at: number, isSame: boolean, add: Add): void {
    const text = (): string => `${this.#config.agree[at] ?? ""} ${quoted(agree[at] ?? "")}`;
    if (isSame) add("agreement", weights.agree, () => `same ${text()}`);
    else add("agreement", -weights.disagree, () => `its ${text()} is another`);
  }

  /** Small alerts explain nothing, and nothing that tells of trouble explains them. */
  #small({ severity }: Sign, { id, signs, severity: worst }: C, add: Add): void {
    if (!isTelling(severity)) {
      add("role", -weights.small, () => `it is of severity ${severity} only`);
    } else if (signs.length > 0 && !areTelling(signs)) {
      add("role", -weights.small, () => `${id} is of severity ${worst} only`);
    }
  }

  /**
   * What spreads does so soon: once nothing has begun for a while it is over, and this is another
   * trouble. But a cause may show late, and what a model answers gets worse slowly.
   */
  #quiet({ sign, atMs }: Sighting, { id, lastOpenedMs }: C, add: Add): void {
    if (isFounding(sign) || isOfModel(sign)) return;
    const quietMs = atMs - lastOpenedMs;
    const part = (Math.min(1, quietMs / this.#windowMs) - pause) / (1 - pause);
    if (part <= 0) return;
    add("time", -weights.quiet * part, () => {
      return `nothing began in ${id} for ${durationText(quietMs)}`;
    });
  }

  /** B1, B4: it joins where it turns out to be the root, or where the same has happened. */
  #isOwnCause(sign: Sign, candidate: C): boolean {
    if (!isFounding(sign)) return false;
    const founding = candidate.signs.filter(isFounding);
    if (founding.some((one) => isSameTrouble(one, sign))) return false;
    const root = rootOf(candidate);
    if (sign.role === "cause") {
      if (isOldTrouble(sign, candidate)) return true;
    } else if (this.#blame.wearsOut(root, sign)) return false;
    if (founding.length > 0) return true;
    // What a model costs or answers is no cause of what its services do.
    if (isOfModel(sign) && root.sign !== null && !isOfModel(root.sign)) return true;
    const all = [...candidate.signs, sign];
    const own = { service: sign.service, sign };
    if (root.sign !== null && !this.#blame.explains(own, root.sign)) return true;
    return this.#blame.of(own, all) <= this.#blame.of(root, all);
  }

  #within({ id }: C): string {
    return `within ${durationText(this.#config.windowMs)} of ${id}`;
  }
}

/** One kind of alert for a while, of what may be a cause itself: it was not this one's symptom. */
function isOldTrouble(sign: Sign, { signs }: Candidate): boolean {
  const [first] = signs;
  if (first === undefined || signs.length > 1 || first.role !== "resource") return false;
  return sign.atMs - first.atMs >= aloneMs;
}
