/** Which open incident a new alert belongs to, by the weight of the evidence. */
import { durationText, quoted } from "../incident/duration.ts";
import { identityOf, labelOf } from "../incident/identity.ts";
import { ScopedIndex } from "../incident/scoped-index.ts";
import { isMoreSevere } from "../incident/severity.ts";
import type { Candidate, Evidence, Related, Sighting, Sign } from "./evidence.ts";
import { ServiceGraph } from "./graph.ts";
import type { TopologyConfig } from "./topology.ts";

export const weights = {
  service: 1,
  otherService: 0.9,
  explained: 1,
  specificity: 0.25,
  step: 0.05,
  sibling: 0.4,
  label: 1,
  agree: 0.3,
  disagree: 1,
  ownCause: 1.5,
  small: 0.6,
  age: 0.3,
  unexplained: 1,
  key: 1.2,
};
export const tuning = { rootGain: 1, unexplained: 1.5, alerted: 1.5, cause: Number(process.env.CA ?? 3), rank: 0.3, latentSteps: 2, siblingDependants: 12, hysteresis: 0.5,
  merge: 0, mergeDisagree: Number(process.env.MD ?? 3), mergeDisagreeMore: Number(process.env.MM ?? 0), resource: Number(process.env.RE ?? 0), prior: Number(process.env.PRIOR ?? 2), mergeUnexplained: Number(process.env.MU ?? 6), cone: 1 };

const metMax = 16;
const loadCategories = new Set(["traffic"]);
const labelCategories = new Set(["model_quality", "output_quality", "user_feedback", "cost"]);
const hostCategories = new Set(["node", "cpu", "memory", "gpu"]);
const causesOfHosts = new Set(["network", "hardware", "traffic", "change"]);
const enough = 1;

export type CorrelatorConfig = {
  enabled: boolean;
  windowMs: number;
  labels: string[];
  agree: string[];
  topology: TopologyConfig | null;
};

export class Correlator<C extends Candidate> {
  readonly #config: CorrelatorConfig;
  readonly #graph: ServiceGraph;
  readonly #windowMs: number;
  /** (tenant, environment) and service -> incidents with a sign of it, oldest first. */
  readonly #services = new ScopedIndex<C[]>();
  readonly #labels = new ScopedIndex<C[]>();

  constructor(config: CorrelatorConfig) {
    this.#config = config;
    const { topology } = config;
    this.#graph = new ServiceGraph(topology?.dependencies ?? {}, topology?.depthMax ?? 1);
    this.#windowMs = Math.max(config.windowMs, topology?.windowMs ?? 0);
  }

  add(candidate: C): void {
    const scope = scopeOf(candidate);
    for (const service of servicesOf(candidate)) insert(this.#services, scope, service, candidate);
    for (const label of this.#config.labels) {
      const value = labelOf(candidate.labels, label);
      if (value !== "" && label !== "service") insert(this.#labels, `${scope}\u0000${label}`, value, candidate);
    }
  }

  remove(candidate: C): void {
    const scope = scopeOf(candidate);
    for (const service of servicesOf(candidate)) take(this.#services, scope, service, candidate);
    for (const label of this.#config.labels) {
      const value = labelOf(candidate.labels, label);
      if (value !== "" && label !== "service") take(this.#labels, `${scope}\u0000${label}`, value, candidate);
    }
  }

  find(sighting: Sighting, accepts: (candidate: C) => boolean): Related<C> | null {
    if (!this.#config.enabled) return null;
    let best: { candidate: C; score: number } | null = null;
    for (const candidate of this.#meet(sighting)) {
      const score = this.#weigh(sighting, candidate, null);
      if (score < enough || !accepts(candidate)) continue;
      if (best === null || score > best.score || (score === best.score && candidate.serial < best.candidate.serial)) best = { candidate, score };
    }
    if (best === null) return null;
    const evidence: Evidence[] = [];
    const score = this.#weigh(sighting, best.candidate, evidence);
    const because = evidence.filter(({ weight }) => weight > 0).map(({ because }) => because).join("; ");
    return { candidate: best.candidate, score, evidence, because };
  }

  /** The incidents that what `candidate` is about explains as well. */
  explainedBy(candidate: C, sighting: Sighting): C[] {
    const found: C[] = [];
    for (const other of this.#meet(sighting)) {
      if (other !== candidate && this.mergeScore(candidate, other) >= tuning.merge) found.push(other);
    }
    return found;
  }

  /** What is gained by taking `other` for a part of `into`; 0 or more: they are one. */
  mergeScore(into: C, other: C): number {
    const root = rootOf(into);
    const theirs = rootOf(other);
    let sum = tuning.prior - this.#blame(theirs.service, theirs.sign, other.signs);
    let conflict = 0;
    let telling = 0;
    const causes = other.signs.filter(({ role }) => role === "cause");
    if (causes.some((one) => root.sign === null || one.service !== root.service || one.category !== root.sign.category)) return -1;
    for (const sign of other.signs) {
      if (!isTelling(sign.severity)) continue;
      telling += 1;
      if (this.#gain(root.service, root.sign, sign) === null) sum -= tuning.mergeUnexplained;
      conflict += this.#disagreements(sign, into);
    }
    if (telling === 0) return -1;
    return sum - tuning.mergeDisagree * Math.min(conflict, 1) - tuning.mergeDisagreeMore * Math.min(5, Math.max(0, conflict - 1));
  }

  /** The service that most likely is to blame, and how clearly. */
  rootFor(candidate: C): { service: string; fingerprint: string; because: string } | null {
    const { signs } = candidate;
    if (signs.length < 2) return null;
    let best: { service: string; sign: Sign | null; score: number } | null = null;
    const known = rootOf(candidate);
    const now = this.#blame(known.service, known.sign, signs);
    for (const suspect of this.#suspects(signs)) {
      const score = this.#blame(suspect.service, suspect.sign, signs);
      if (best === null || score > best.score) best = { ...suspect, score };
    }
    if (best === null || best.score < now + tuning.hysteresis) return null;
    const { service, sign: own } = best;
    const explained = signs.filter((sign) => this.#gain(service, own, sign) !== null).length;
    const because = `${quoted(best.service)} explains ${explained} of ${signs.length} kinds of alerts`;
    return { service: best.service, fingerprint: best.sign?.fingerprint ?? "", because };
  }

  #suspects(signs: Sign[]): { service: string; sign: Sign | null }[] {
    const known = new Map<string, { service: string; sign: Sign | null }[]>();
    for (const sign of signs) {
      if (!isTelling(sign.severity)) continue;
      const list = known.get(sign.service);
      if (list === undefined) known.set(sign.service, [{ service: sign.service, sign }]);
      else list.push({ service: sign.service, sign });
    }
    if (this.#graph.size > 0 && signs.length >= 3) {
      for (const sign of signs.slice(0, 4)) {
        for (const { service, steps } of this.#graph.upstreamOf(sign.service)) {
          if (steps > tuning.latentSteps) break;
          if (!known.has(service)) known.set(service, [{ service, sign: null }]);
        }
      }
    }
    return [...known.values()].flat();
  }

  #blame(service: string, own: Sign | null, signs: Sign[]): number {
    let score = -tuning.cone * this.#coneCost(service, own);
    for (const sign of signs) {
      if (isTelling(sign.severity) && this.#gain(service, own, sign) === null) score -= tuning.unexplained;
    }
    if (own === null) return score;
    score += tuning.alerted - tuning.rank * own.rank / 10;
    if (own.role === "cause") score += tuning.cause;
    else if (own.role === "resource" && own.rank < 30) score += tuning.resource;
    return score;
  }

  #coneCost(service: string, own: Sign | null): number {
    const { size } = this.#graph;
    return size === 0 ? 0 : Math.log(size) - this.#specificity(service, own);
  }

  /** ln(services / services that it reaches); null: trouble there does not explain the sign. */
  #gain(service: string, own: Sign | null, sign: Sign): number | null {
    if (sign.service === service) return this.#specificity(service, own);
    if (sign.role === "cause") return null;
    if (hostCategories.has(sign.category) && own !== null && !causesOfHosts.has(own.category)) return null;
    if (own !== null && labelCategories.has(own.category)) {
      const same = own.agree.some((value, at) => value !== "" && value === sign.agree[at]);
      return same && labelCategories.has(sign.category) ? 2 : null;
    }
    if (labelCategories.has(sign.category)) return null;
    let steps = this.#graph.stepsUp(sign.service, service);
    if (steps === null && own !== null && loadCategories.has(own.category)) {
      steps = this.#graph.stepsUp(service, sign.service);
    }
    if (steps === null) return null;
    return this.#specificity(service, own) - 0.1 * steps;
  }

  #specificity(service: string, own: Sign | null): number {
    const { size } = this.#graph;
    if (size === 0) return 0;
    let reached = 1 + this.#graph.downstreamOf(service).length;
    if (own !== null && loadCategories.has(own.category)) reached += this.#graph.upstreamOf(service).length;
    return Math.max(0, Math.log(size / reached));
  }

  *#meet(sighting: Sighting): Generator<C> {
    const scope = scopeOf(sighting);
    const { sign } = sighting;
    const seen = new Set<C>();
    if (sighting.alias !== undefined) {
      seen.add(sighting.alias as C);
      yield sighting.alias as C;
    }
    const sinceMs = sighting.atMs - this.#windowMs;
    for (const bucket of this.#buckets(sighting, scope, sign)) {
      let met = 0;
      for (let at = 0; at < bucket.length && met < metMax; at += 1) {
        const candidate = bucket[at];
        if (candidate === undefined) break;
        if (candidate.lastOpenedMs < sinceMs) {
          bucket.splice(at, 1);
          at -= 1;
          continue;
        }
        met += 1;
        if (seen.has(candidate)) continue;
        seen.add(candidate);
        yield candidate;
      }
    }
  }

  *#buckets(sighting: Sighting, scope: string, sign: Sign): Generator<C[]> {
    const of = (service: string): C[] => this.#services.get(scope, service) ?? [];
    yield of(sign.service);
    for (const label of this.#config.labels) {
      const value = labelOf(sighting.labels, label);
      if (value === "" || label === "service") continue;
      yield this.#labels.get(`${scope}\u0000${label}`, value) ?? [];
    }
    if (!isTelling(sign.severity)) return;
    const upstream = this.#graph.upstreamOf(sign.service);
    for (const { service } of upstream) yield of(service);
    for (const { service } of this.#graph.downstreamOf(sign.service)) yield of(service);
    for (const { service, steps } of upstream) {
      if (steps > tuning.latentSteps) break;
      const siblings = this.#graph.downstreamOf(service);
      if (siblings.length > tuning.siblingDependants) continue;
      for (const sibling of siblings) yield of(sibling.service);
    }
  }

  #weigh(sighting: Sighting, candidate: C, into: Evidence[] | null): number {
    const { sign } = sighting;
    let score = 0;
    const add = (kind: Evidence["kind"], weight: number, because: () => string): void => {
      score += weight;
      into?.push({ kind, weight, because: because() });
    };
    this.#relation(sighting, candidate, add);
    if (score === 0) return 0;
    const ageMs = Math.max(0, sighting.atMs - candidate.lastOpenedMs);
    add("time", -weights.age * (ageMs / this.#windowMs), () => `${durationText(ageMs)} after its last alert`);
    sign.agree.forEach((value, at) => {
      if (value === "") return;
      const theirs = candidate.signs.filter((one) => one.agree[at] !== "");
      if (theirs.length === 0) return;
      const name = this.#config.agree[at] ?? "";
      if (theirs.some((one) => one.agree[at] === value)) {
        add("agreement", weights.agree, () => `same ${name} ${quoted(value)}`);
      } else add("agreement", -weights.disagree, () => `another ${name}: ${quoted(value)}`);
    });
    if (!isTelling(sign.severity)) add("role", -weights.small, () => `of severity ${sign.severity}`);
    if (this.#isOwnCause(sign, candidate)) {
      add("role", -weights.ownCause, () => `${sign.alertname} is a cause of its own`);
    }
    return score;
  }

  /** What happens of itself is explained by nothing, and explains what has no such cause yet. */
  #isOwnCause(sign: Sign, candidate: C): boolean {
    if (sign.role !== "cause") return false;
    const root = rootOf(candidate);
    const causes = candidate.signs.filter(({ role }) => role === "cause");
    if (causes.some(({ service, category }) => service === sign.service && category === sign.category)) return false;
    if (causes.length > 0) return true;
    const all = [...candidate.signs, sign];
    return this.#blame(sign.service, sign, all) <= this.#blame(root.service, root.sign, all);
  }

  #relation(sighting: Sighting, candidate: C, add: (kind: Evidence["kind"], weight: number, because: () => string) => void): void {
    const { sign } = sighting;
    const root = rootOf(candidate);
    const within = sighting.atMs - candidate.lastOpenedMs <= this.#config.windowMs;
    let best = 0;
    let kind: Evidence["kind"] = "service";
    let text = (): string => "";
    const offer = (weight: number, of: Evidence["kind"], because: () => string): void => {
      if (weight <= best) return;
      best = weight;
      kind = of;
      text = because;
    };
    if (sighting.alias === candidate) offer(weights.key, "key", () => "same grouping key as an alert that joined it");
    if (within && this.#config.labels.includes("service")) {
      if (candidate.signs.some(({ service }, at) => at === 0 && service === sign.service)) {
        offer(weights.service, "service", () => `same service ${quoted(sign.service)}`);
      } else if (candidate.signs.some(({ service }) => service === sign.service)) {
        offer(weights.otherService, "service", () => `same service ${quoted(sign.service)}`);
      }
    }
    if (isTelling(sign.severity)) this.#topology(sign, candidate, root, offer);
    if (best > 0) add(kind, best, text);
    if (!within) return;
    for (const label of this.#config.labels) {
      if (label === "service") continue;
      const value = labelOf(sighting.labels, label);
      if (value === "" || value !== labelOf(candidate.labels, label)) continue;
      add("label", weights.label, () => `same ${label} ${quoted(value)}`);
    }
  }

  #topology(
    sign: Sign,
    candidate: C,
    root: { service: string; sign: Sign | null },
    offer: (weight: number, of: Evidence["kind"], because: () => string) => void,
  ): void {
    if (candidate.signs.every(({ severity }) => !isTelling(severity))) return;
    const down = this.#gain(root.service, root.sign, sign);
    if (down !== null && canCause(candidate.severity, sign.severity)) {
      offer(weights.explained + weights.specificity * down, "topology", () => `${quoted(sign.service)} depends on ${quoted(root.service)}`);
    }
    const up = this.#gain(sign.service, sign, root.sign ?? { ...sign, service: root.service, category: "" });
    if (up !== null && sign.service !== root.service && canCause(sign.severity, candidate.severity)) {
      const explained = candidate.signs.filter((one) => this.#gain(sign.service, sign, one) !== null).length;
      const missed = 1 - explained / candidate.signs.length;
      offer(weights.explained + weights.specificity * up - weights.unexplained * missed, "topology", () => `${quoted(root.service)} depends on ${quoted(sign.service)}: the cause showed after its symptoms`);
    }
    for (const one of candidate.signs) {
      if (one.service === root.service || one.service === sign.service) continue;
      const gain = this.#gain(one.service, one, sign);
      if (gain !== null) offer(0.9 * weights.explained + weights.specificity * gain, "topology", () => `${quoted(sign.service)} depends on ${quoted(one.service)}`);
    }
    if (labelCategories.has(sign.category) || sign.role === "cause") return;
    for (const { service, steps } of this.#graph.upstreamOf(sign.service)) {
      if (steps > tuning.latentSteps) break;
      if (this.#graph.downstreamOf(service).length > tuning.siblingDependants) continue;
      const first = candidate.signs[0];
      if (first === undefined) break;
      const gain = this.#gain(service, null, first);
      if (gain === null) continue;
      offer(weights.sibling + weights.specificity * gain, "topology", () => `both depend on ${quoted(service)}`);
    }
  }

  #disagreements(sign: Sign, candidate: C): number {
    let count = 0;
    sign.agree.forEach((value, at) => {
      if (value === "") return;
      const theirs = candidate.signs.filter((one) => one.agree[at] !== "");
      if (theirs.length > 0 && !theirs.some((one) => one.agree[at] === value)) count += 1;
    });
    return count;
  }
}

function rootOf(candidate: Candidate): { service: string; sign: Sign | null } {
  const { root, signs } = candidate;
  if (root === null) return { service: signs[0]?.service ?? identityOf(candidate.labels).service, sign: signs[0] ?? null };
  return { service: root.service, sign: signs.find(({ fingerprint, service }) => fingerprint === root.fingerprint && service === root.service) ?? null };
}

function servicesOf(candidate: Candidate): Set<string> {
  const services = new Set(candidate.signs.map(({ service }) => service));
  services.add(rootOf(candidate).service);
  return services;
}

function isTelling(severity: Sign["severity"]): boolean {
  return isMoreSevere(severity, "low");
}

function canCause(cause: Sign["severity"], symptom: Sign["severity"]): boolean {
  return !isMoreSevere("high", cause) || !isMoreSevere(symptom, cause);
}

function scopeOf(of: { tenant: string; environment: string }): string {
  return `${of.tenant}\u0000${of.environment}`;
}

function insert<C extends Candidate>(index: ScopedIndex<C[]>, scope: string, key: string, candidate: C): void {
  const bucket = index.get(scope, key);
  if (bucket === undefined) index.set(scope, key, [candidate]);
  else {
    const place = placeOf(bucket, candidate.serial);
    if (bucket[place] !== candidate) bucket.splice(place, 0, candidate);
  }
}

function take<C extends Candidate>(index: ScopedIndex<C[]>, scope: string, key: string, candidate: C): void {
  const bucket = index.get(scope, key);
  if (bucket === undefined) return;
  const place = placeOf(bucket, candidate.serial);
  if (bucket[place] === candidate) bucket.splice(place, 1);
  if (bucket.length === 0) index.delete(scope, key);
}

/** Index of the first entry whose serial is not below `serial`. */
function placeOf(bucket: Candidate[], serial: number): number {
  let low = 0;
  let high = bucket.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((bucket[middle]?.serial ?? 0) < serial) low = middle + 1;
    else high = middle;
  }
  return low;
}
