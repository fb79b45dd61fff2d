/**
 * Which older incident a new one reads like. Vectors answer first: at or above the threshold the
 * most similar one is it. What is alike and not alike enough is put to the classifier, the most
 * similar first and a few at most. Without vectors, common words say which are worth asking about.
 */
import type { IncidentView, TextEvidence } from "../../actors/incident/types.ts";
import { RecentMap } from "../recent-map.ts";
import type { ReadIncident } from "./ports.ts";
import { cosine, wordOverlap } from "./text-similarity.ts";
import type { TextVectors } from "./text-vectors.ts";
import type { Verdicts } from "./verdicts.ts";

export type RelatednessOptions = {
  textOf(incident: IncidentView): string;
  /** Null: there is no embedding model. */
  vectors: TextVectors | null;
  /** Cosine from which two texts are taken to be about one trouble. */
  threshold: number;
  /** Null: there is no classifier. */
  classifier: ClassifierUse | null;
};

export type ClassifierUse = {
  verdicts: Verdicts;
  /** Least confidence that counts. */
  confidence: number;
  /** Similarity below which it is not asked. */
  askFrom: number;
  /** Questions for one new incident, at most. */
  pairs: number;
};

export type Found = { older: IncidentView; evidence: TextEvidence };
type Ranked = { older: IncidentView; similarity: number };

type KnownText = Pick<IncidentView, "service" | "title" | "description"> & { text: string };

const shownCharsMax = 80;
/** Incidents whose texts are remembered. */
const textsMax = 1_000;

export class Relatedness {
  readonly #options: RelatednessOptions;
  readonly #texts = new RecentMap<KnownText>(textsMax);

  constructor(options: RelatednessOptions) {
    this.#options = options;
  }

  /** Has the vectors of several incidents fetched at once, where that saves calls. */
  async prepare(incidents: IncidentView[], signal: AbortSignal): Promise<void> {
    await this.#options.vectors?.of(incidents.map((one) => this.#textOf(one)), signal);
  }

  /** @param older open incidents that began before it, in any order. @returns null: none. */
  async find(
    younger: IncidentView,
    older: IncidentView[],
    signal: AbortSignal,
  ): Promise<Found | null> {
    const { vectors, threshold, classifier } = this.#options;
    if (older.length === 0) return null;
    const ranked = await this.#rank(younger, older, signal);
    const best = ranked[0];
    if (vectors !== null && best !== undefined && best.similarity >= threshold) {
      return { older: best.older, evidence: this.#likeness(younger, best) };
    }
    return classifier === null ? null : this.#ask(classifier, younger, ranked, signal);
  }

  #likeness(younger: IncidentView, { older, similarity }: Ranked): TextEvidence {
    const [one, other] = [older, younger].map((each) => oneLine(this.#textOf(each)));
    const score = rounded(similarity);
    const because = `their texts are alike (cosine ${score}): "${one}" and "${other}"`;
    return { kind: "embedding", score, because };
  }

  /** The most similar first; of equals the oldest. */
  async #rank(
    younger: IncidentView,
    older: IncidentView[],
    signal: AbortSignal,
  ): Promise<Ranked[]> {
    const { vectors } = this.#options;
    const text = this.#textOf(younger);
    const candidates = older.map((one) => ({ older: one, text: this.#textOf(one) }));
    const ranked: Ranked[] = [];
    if (vectors === null) {
      for (const one of candidates) {
        ranked.push({ older: one.older, similarity: wordOverlap(text, one.text) });
      }
    } else {
      const found = await vectors.of([text, ...candidates.map((one) => one.text)], signal);
      const own = found.get(text);
      for (const one of candidates) {
        const other = found.get(one.text);
        if (own === undefined || other === undefined || own.length !== other.length) continue;
        ranked.push({ older: one.older, similarity: cosine(own, other) });
      }
    }
    return ranked.sort((a, b) => b.similarity - a.similarity || (isBefore(a, b) ? -1 : 1));
  }

  async #ask(
    { verdicts, confidence, askFrom, pairs }: ClassifierUse,
    younger: IncidentView,
    ranked: Ranked[],
    signal: AbortSignal,
  ): Promise<Found | null> {
    const worthAsking = ranked.filter(({ similarity }) => similarity >= askFrom).slice(0, pairs);
    for (const { older } of worthAsking) {
      const verdict = await verdicts.on(this.#read(older), this.#read(younger), signal);
      if (verdict === null) return null;
      if (!verdict.same || verdict.confidence < confidence) continue;
      const because = oneLine(verdict.sentence, Number.POSITIVE_INFINITY);
      const score = rounded(verdict.confidence);
      return { older, evidence: { kind: "classifier", score, because } };
    }
    return null;
  }

  /** Made once per incident, which is compared with each that opens after it. */
  #textOf(incident: IncidentView): string {
    const { service, title, description } = incident;
    const known = this.#texts.get(incident.id);
    const isSame = known?.title === title && known.description === description;
    if (known !== undefined && isSame && known.service === service) return known.text;
    const text = this.#options.textOf(incident);
    this.#texts.set(incident.id, { service, title, description, text });
    return text;
  }

  #read(incident: IncidentView): ReadIncident {
    return { severity: incident.severity, text: this.#textOf(incident) };
  }
}

function isBefore(a: Ranked, b: Ranked): boolean {
  return a.older.created_at < b.older.created_at;
}

function rounded(score: number): number {
  return Math.round(Math.min(1, score) * 1_000) / 1_000;
}

function oneLine(text: string, charsMax = shownCharsMax): string {
  const line = text.replace(/[\s\p{C}]+/gu, " ").trim();
  return line.length > charsMax ? `${line.slice(0, charsMax)}…` : line;
}
