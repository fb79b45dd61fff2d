/**
 * What the service graph says of an alert and an open incident: one depends on the other, in
 * either direction, or both on a third.
 */
import { durationText, quoted } from "../incident/duration.ts";
import { areTelling, type Blame, canCause, isOfModel } from "./blame.ts";
import type { Candidate, Relation, Root, Sighting, Sign } from "./evidence.ts";
import { rootAtMs, rootOf } from "./evidence.ts";
import type { ServiceGraph } from "./graph.ts";
import type { Surroundings } from "./surroundings.ts";

/** Of evidence of the kind "topology", before the configured factor. */
const weights = {
  /** What depends on the root, or the root on it. */
  root: 1.4,
  /** ... on a service that lost a host, most of which have others: so much less. */
  oneHost: 0.5,
  /** What depends on a symptom, not on the root. */
  symptom: 1.3,
  /** Both depend on the same third, which has no alert. */
  sibling: 0.4,
  /** For each natural logarithm of how few services the explanation would reach. */
  specificity: 0.25,
  /** A cause that comes late explains only a part of what was seen: for all that it does not. */
  missed: 1.4,
} as const;

export type GraphParts = { graph: ServiceGraph; surroundings: Surroundings; blame: Blame };

type Offer = (weight: number, atMs: number, because: () => string) => void;
/** Trouble at the root explains the alert, and how much is learnt by that. */
type Explained = { root: Root; beganMs: number; gain: number };

export class GraphRelations {
  readonly #graph: ServiceGraph;
  readonly #surroundings: Surroundings;
  readonly #blame: Blame;
  /** What is older is not related. */
  readonly #windowMs: number;

  constructor({ graph, surroundings, blame }: GraphParts, windowMs: number) {
    this.#graph = graph;
    this.#surroundings = surroundings;
    this.#blame = blame;
    this.#windowMs = windowMs;
  }

  /** Of several the one that weighs most; null: none weighs anything. */
  heaviest(sighting: Sighting, candidate: Candidate): Relation | null {
    let best = null as Relation | null;
    this.#each(sighting, candidate, (weight, atMs, because) => {
      if (weight > (best?.weight ?? 0)) best = { kind: "topology", weight, atMs, because };
    });
    return best;
  }

  #each(sighting: Sighting, candidate: Candidate, offer: Offer): void {
    const { sign, atMs } = sighting;
    const { signs, severity } = candidate;
    if (!areTelling(signs)) return;
    const sinceMs = atMs - this.#windowMs;
    const root = rootOf(candidate);
    const beganMs = rootAtMs(candidate, root);
    if (beganMs >= sinceMs && root.service !== sign.service) {
      const gain = canCause(severity, sign.severity) ? this.#blame.gain(root, sign) : null;
      if (gain !== null) this.#asEffect(sighting, candidate, { root, beganMs, gain }, offer);
      this.#asCause(sign, candidate, { root, beganMs }, offer);
    }
    for (const one of signs) {
      if (one.atMs < sinceMs) continue;
      if (one.service === root.service || one.service === sign.service) continue;
      const gain = this.#blame.gainAt(one.service, one, sign);
      if (gain !== null) this.#asSymptom(sign, one, candidate, gain, offer);
    }
    const [first] = signs;
    if (first !== undefined && first.atMs >= sinceMs) this.#asSibling(sign, first, offer);
  }

  /** It depends on where the trouble began. */
  #asEffect({ sign, atMs }: Sighting, { id }: Candidate, from: Explained, offer: Offer): void {
    const { root, beganMs, gain } = from;
    const less = isHost(root.sign) && !isHost(sign) ? weights.oneHost : 0;
    const weight = weights.root - less + weights.specificity * gain;
    offer(weight, beganMs, () => {
      const ago = durationText(Math.max(0, atMs - beganMs));
      const way = this.#wayText(sign.service, root);
      return `${way}, where an alert of ${id} began ${ago} before`;
    });
  }

  /** It depends on another service of the incident, which need not be where its trouble began. */
  #asSymptom(sign: Sign, one: Sign, { id }: Candidate, gain: number, offer: Offer): void {
    offer(weights.symptom + weights.specificity * gain, one.atMs, () => {
      const way = this.#wayText(sign.service, { service: one.service, sign: one });
      return `${way}, which has an alert in ${id}`;
    });
  }

  /** The alert explains what was seen before it. */
  #asCause(
    sign: Sign,
    { signs, severity }: Candidate,
    { root, beganMs }: Omit<Explained, "gain">,
    offer: Offer,
  ): void {
    if (!canCause(sign.severity, severity)) return;
    const up = root.sign === null ? null : this.#blame.gainAt(sign.service, sign, root.sign);
    if (up === null) return;
    const own = { service: sign.service, sign };
    let explained = 0;
    for (const one of signs) if (this.#blame.explains(own, one)) explained += 1;
    const missed = 1 - explained / signs.length;
    const weight = weights.root + weights.specificity * up - weights.missed * missed;
    this.#asLate(sign, root, { weight, beganMs }, offer);
  }

  #asLate(sign: Sign, root: Root, of: { weight: number; beganMs: number }, offer: Offer): void {
    offer(of.weight, of.beganMs, () => {
      const way = this.#wayText(root.service, { service: sign.service, sign });
      return `${way}: the cause showed after its symptoms`;
    });
  }

  /** Nothing says that it is the third, but few services depend on it, and two of them suffer. */
  #asSibling(sign: Sign, first: Sign, offer: Offer): void {
    if (isOfModel(sign) || sign.role === "cause") return;
    for (const service of this.#surroundings.of(sign.service).thirds) {
      const gain = this.#blame.gainAt(service, null, first);
      if (gain !== null) this.#asDependants([sign, first], service, gain, offer);
    }
  }

  #asDependants([sign, first]: [Sign, Sign], on: string, gain: number, offer: Offer): void {
    offer(weights.sibling + weights.specificity * gain, first.atMs, () => {
      return `${quoted(sign.service)} and ${quoted(first.service)} depend on ${quoted(on)}`;
    });
  }

  /** '"gateway" depends on "db" through "checkout"'; for load the other way round (B2). */
  #wayText(from: string, { service: to, sign: own }: Root): string {
    if (own !== null && isOfModel(own)) {
      return `${quoted(from)} uses the same model as ${quoted(to)}`;
    }
    const way = this.#graph.upstreamOf(from).find(({ service }) => service === to);
    if (way === undefined) return `${quoted(to)} calls ${quoted(from)}`;
    const depends = `${quoted(from)} depends on ${quoted(to)}`;
    if (way.via === null) return depends;
    const more = way.steps === 2 ? "" : ` and ${way.steps - 2} more`;
    return `${depends} through ${quoted(way.via)}${more}`;
  }
}

function isHost(sign: Sign | null): boolean {
  return sign?.category === "node";
}
