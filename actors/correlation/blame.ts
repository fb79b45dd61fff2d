/**
 * Who is to blame: how well trouble at one service explains what is seen. Trouble shows in the
 * services that depend on it, its *cone*; the smallest cone that holds what is seen, with an
 * alert of its own that looks like a cause, is the likeliest root. It is a codebook in the sense
 * of Yemini et al. (High Speed and Robust Event Correlation, 1996), read off the service graph,
 * with a penalty for cones that hold much more than is seen.
 *
 * B1 What happens of itself (a certificate expires, a rollout fails) is explained by nothing else.
 * B2 Load spreads downwards as well: what a flooded service calls wears out. What a model says
 *    (its quality, its cost) spreads along the model's label and not along the graph.
 * B3 A host is not brought down by a service that it needs; by its network or by load it is.
 * B4 A grave alert of what all else stands on (network, names, hosts) founds an incident: it is
 *    rarely a symptom, even where something explains it. Load wears out all of that, though.
 */
import { unknownService } from "../incident/identity.ts";
import { isMoreSevere } from "../incident/severity.ts";
import type { Severity } from "../incident/types.ts";
import type { Root, Sign } from "./evidence.ts";
import type { ServiceGraph } from "./graph.ts";

const loadCategories = new Set(["traffic"]);
const modelCategories = new Set(["model_quality", "output_quality", "user_feedback", "cost"]);
const hostCategories = new Set(["node", "cpu", "memory", "gpu"]);
const causesOfHosts = new Set(["network", "hardware", "traffic", "change"]);

/** Natural logarithms of odds, about: set on one half of the simulated storms. */
const points = {
  /** For each kind of alert that is seen and not explained. */
  unexplained: 1.5,
  /** The suspect has no alert of its own: of one in twenty causes it never arrives. */
  silent: 3,
  /** The suspect has an alert of its own. */
  alerted: 1.5,
  /** ... which tells of something that happens of itself ... */
  cause: 3,
  /** ... or of what all else stands on (network, names) ... */
  foundation: 1.2,
  /** ... less for each ten ranks that it is away from a cause. */
  rank: 0.3,
} as const;
const foundationRankMax = 30;
/** Hosts included. */
const foundingRankMax = 30;
/** A step along the graph weakens an explanation by this. */
const perStep = 0.1;
/** What a model's label explains, as if the cone held a seventh of all services. */
const modelGain = 2;
/** How far up a suspect without an alert of its own is looked for, and for how many signs. */
const silentStepsMax = 2;
const silentSignsMax = 4;
/** Up to so many signs each of them, and what has no sign, may be the root. */
const allSuspectedMax = 10;
/** Suspects without an alert that are remembered of a graph, 16 bytes each. */
const silentMax = 50_000;
/** From here on kinds of alerts are symptoms. */
const symptomRank = 45;
/** Whatever reaches more than the other root counts as this. */
const shareMost = 0.99;
/** Another root has to be so much likelier before the incident's is moved. */
const hysteresis = 0.5;
/** A value that at most one in so many signs have is a stranger's that got in. */
const strangerOf = 12;

/** Services above one, nearest first, and `ofItself` of each. */
type Silent = { services: string[]; scores: number[] };

export class Blame {
  readonly #graph: ServiceGraph;
  /** Of each label in `Sign.agree` whether it names a model. */
  readonly #isModel: boolean[];
  /** Remembered until the graph changes; only saves time. */
  readonly #silent = new Map<string, Silent>();
  #silentCount = 0;
  #silentVersion = -1;

  /** @param agree names of the labels that signs have values of, in their order. */
  constructor(graph: ServiceGraph, agree: readonly string[]) {
    this.#graph = graph;
    this.#isModel = agree.map((label) => label.includes("model"));
  }

  /**
   * How much is learnt by explaining the sign with trouble at the root: ln(services / services
   * in its cone), less a little for each step. 0 or little: it explains everything anyway. Null:
   * it does not explain the sign.
   */
  gain({ service, sign: own }: Root, sign: Sign): number | null {
    return this.gainAt(service, own, sign);
  }

  /** As `gain` of trouble at this service, with this alert of its own. */
  gainAt(service: string, own: Sign | null, sign: Sign): number | null {
    const steps = this.#stepsTo(service, own, sign);
    if (steps === null) return null;
    if (own !== null && sign.service !== service && isOfModel(own)) return modelGain;
    return this.#specificity(service, own) - perStep * steps;
  }

  explains({ service, sign: own }: Root, sign: Sign): boolean {
    return this.#stepsTo(service, own, sign) !== null;
  }

  /** B3, B4: what founds an incident elsewhere is no more than a symptom here. */
  wearsOut(root: Root, sign: Sign): boolean {
    return (isLoad(root.sign) || hostCategories.has(sign.category)) && this.explains(root, sign);
  }

  /** Of the services that trouble at `outer` reaches, how many `inner` does: above 0, below 1. */
  share(inner: Root, outer: Root): number {
    const wide = this.#specificity(outer.service, outer.sign);
    const share = Math.exp(wide - this.#specificity(inner.service, inner.sign));
    return Math.min(shareMost, share);
  }

  /** B1 to B3; null: trouble at the root does not reach the sign. */
  #stepsTo(service: string, own: Sign | null, sign: Sign): number | null {
    // Of alerts that name no service nothing says that they are of the same one.
    if (sign.service === service) return service === unknownService && sign !== own ? null : 0;
    if (sign.role === "cause") return null;
    if (hostCategories.has(sign.category) && !causesOfHosts.has(own?.category ?? "")) return null;
    if (own !== null && isOfModel(own)) {
      return isOfModel(sign) && this.#isSameModel(own, sign) ? 1 : null;
    }
    if (isOfModel(sign)) return null;
    const steps = this.#graph.stepsUp(sign.service, service);
    if (steps !== null || !isLoad(own)) return steps;
    return this.#graph.stepsUp(service, sign.service);
  }

  #isSameModel({ agree }: Sign, other: Sign): boolean {
    return agree.some((value, at) => {
      return this.#isModel[at] === true && value !== "" && value === other.agree[at];
    });
  }

  /**
   * How likely trouble at the root is, given these signs; more is likelier, 0 is no limit.
   * @param least a score below it need not be exact.
   */
  of(root: Root, signs: readonly Sign[], least = -Infinity): number {
    let score = this.#ofItself(root);
    for (const sign of signs) {
      if (score < least) return score;
      if (isTelling(sign.severity) && !this.explains(root, sign)) score -= points.unexplained;
    }
    return score;
  }

  /** Without anything that it has to explain. */
  #ofItself({ service, sign: own }: Root): number {
    const { size } = this.#graph;
    const cone = size === 0 ? 0 : Math.log(size) - this.#specificity(service, own);
    if (own === null) return -cone - points.silent;
    const score = points.alerted - (points.rank * own.rank) / 10 - cone;
    if (own.role === "cause") return score + points.cause;
    const isFoundation = own.role === "resource" && own.rank < foundationRankMax;
    return isFoundation ? score + points.foundation : score;
  }

  /** The root that explains the signs best, if it is clearly another one than is known. */
  betterRoot(known: Root, signs: readonly Sign[]): Root | null {
    if (signs.length < 2) return null;
    const told = foundingAt(known, signs);
    let best = told;
    let bestScore = this.of(told, signs) + hysteresis;
    const consider = (suspect: Root): void => {
      const score = this.of(suspect, signs, bestScore);
      if (score < bestScore || (score === bestScore && best !== told)) return;
      best = suspect;
      bestScore = score;
    };
    const telling = signs.filter(({ severity }) => isTelling(severity));
    const newest = telling.at(-1);
    // Of many signs those that may be causes are looked at, and what is new.
    const areAllLikely = telling.length <= allSuspectedMax;
    for (const sign of telling) {
      if (!areAllLikely && sign.rank >= symptomRank && sign !== newest) continue;
      consider({ service: sign.service, sign });
    }
    if (telling.length < 3 || !areAllLikely) return best === known ? null : best;
    // What the first ones depend on: the cause may have no alert.
    for (const sign of telling.slice(0, silentSignsMax)) {
      const { services, scores } = this.#silentAbove(sign.service);
      for (let at = 0; at < services.length; at += 1) {
        // Nothing that it has to explain makes it likelier than it is of itself.
        if ((scores[at] as number) < bestScore) continue;
        const service = services[at] as string;
        if (!telling.some((one) => one.service === service)) consider({ service, sign: null });
      }
    }
    return best === known ? null : best;
  }

  /** What is near above the service, and how likely each is without an alert of its own. */
  #silentAbove(service: string): Silent {
    if (this.#silentVersion !== this.#graph.version) this.#forgetSilent();
    const known = this.#silent.get(service);
    if (known !== undefined) return known;
    const found: Silent = { services: [], scores: [] };
    for (const { service: above, steps } of this.#graph.upstreamOf(service)) {
      if (steps > silentStepsMax) break;
      found.services.push(above);
      found.scores.push(this.#ofItself({ service: above, sign: null }));
    }
    const count = found.services.length;
    if (count === 0) return found;
    if (this.#silentCount + count > silentMax) this.#forgetSilent();
    this.#silentCount += count;
    this.#silent.set(service, found);
    return found;
  }

  #forgetSilent(): void {
    this.#silent.clear();
    this.#silentCount = 0;
    this.#silentVersion = this.#graph.version;
  }

  #specificity(service: string, own: Sign | null): number {
    const { size } = this.#graph;
    if (size === 0) return 0;
    let cone = 1 + this.#graph.downstreamOf(service).length;
    if (isLoad(own)) cone += this.#graph.upstreamOf(service).length;
    return Math.max(0, Math.log(size / cone));
  }
}

/** The same root, by its alert that is rarely a symptom, where it is known by another one. */
function foundingAt(known: Root, signs: readonly Sign[]): Root {
  const { service, sign: own } = known;
  if (own !== null && isFounding(own)) return known;
  const founding = signs.find((sign) => {
    if (sign.service !== service || !isFounding(sign)) return false;
    return own === null || isOfModel(sign) === isOfModel(own);
  });
  return founding === undefined ? known : { service, sign: founding };
}

/** Nearly every service has some small alert that happens to be there: it explains nothing. */
export function isTelling(severity: Severity): boolean {
  return severity !== "low" && severity !== "info";
}

/** Whether any of them tells of trouble. */
export function areTelling(signs: readonly Sign[]): boolean {
  return signs.some(({ severity }) => isTelling(severity));
}

/** B1, B4: it is more likely the beginning of a trouble than a symptom of one. */
export function isFounding({ role, rank, severity }: Sign): boolean {
  if (role === "cause") return true;
  return role === "resource" && rank <= foundingRankMax && !isMoreSevere("high", severity);
}

/** A cause is grave itself, or at least as grave as what it explains. */
export function canCause(cause: Severity, symptom: Severity): boolean {
  return !isMoreSevere("high", cause) || !isMoreSevere(symptom, cause);
}

/** Whether it spreads by a model's label instead of along the graph. */
export function isOfModel({ category }: Sign): boolean {
  return modelCategories.has(category);
}

/** Labels of which both have a value, and no value is the same. */
export function disagreements(sign: Sign, signs: readonly Sign[]): number {
  let count = 0;
  for (let at = 0; at < sign.agree.length; at += 1) {
    if (agreementOf(sign, signs, at) === "other") count += 1;
  }
  return count;
}

export function agreementOf(
  sign: Sign,
  signs: readonly Sign[],
  at: number,
): "same" | "other" | "unknown" {
  const value = sign.agree[at] ?? "";
  if (value === "") return "unknown";
  let [same, other] = [0, 0];
  for (const { agree } of signs) {
    const theirs = agree[at] ?? "";
    if (theirs === value) same += 1;
    else if (theirs !== "") other += 1;
    if (same * strangerOf > signs.length) return "same";
  }
  return same + other === 0 ? "unknown" : "other";
}

function isLoad(own: Sign | null): boolean {
  return own !== null && loadCategories.has(own.category);
}
