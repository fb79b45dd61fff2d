/**
 * Texts as vectors whose cosine says how much they are about the same, made here: no model, no
 * network, the same on every machine. Features of a text (stems of its words, pairs of neighbours,
 * pieces of long words, and the kinds of trouble that it speaks of) are hashed into 256
 * dimensions; the rarer a feature has been of late, the more it weighs.
 *
 * E1 Vectors depend on the text and on what was learnt before, in the order of learning: state
 *    goes through `snapshot` and `restore`, and replay gives the same numbers.
 * E2 Memory is bounded: features are counted in a table of fixed size, where a few share a place.
 * E3 Counts fade by half in `halfLifeMs`: a word is as rare as it is nowadays.
 *
 * Sources: feature hashing with signs: Weinberger et al., "Feature hashing for large scale
 * multitask learning" (2009); inverse document frequency: Spärck Jones (1972).
 */
import { scrambled } from "./hashing.ts";
import { featuresOf } from "./text-features.ts";

export const dimensions = 256;
/** Places of the table of document counts. */
const placesMax = 4_096;
export const halfLifeMs = 7 * 24 * 3_600_000;
/** Half-lives after which counts are scaled anew, long before a double would overflow. */
const halfLivesMax = 64;

/** Counts of features, as plain data. */
export type EmbedderSnapshot = {
  version: 1;
  sinceMs: number;
  one: number;
  texts: number;
  /** Place and count, for places that have one. */
  counts: [place: number, count: number][];
};

export class Embedder {
  /** What is counted at a time weighs 2^(half-lives since this time). */
  #sinceMs = 0;
  /** That weight at the newest time. */
  #one = 1;
  #texts = 0;
  #counts = new Float64Array(placesMax);

  /** Counts the text's features. @param atMs log time; one before the newest is taken for it. */
  learn(text: string, atMs: number): void {
    if (this.#texts === 0) this.#sinceMs = atMs;
    if (this.#one > 2 ** halfLivesMax) {
      this.#texts /= this.#one;
      this.#counts = this.#counts.map((count) => count / this.#one);
      this.#sinceMs += Math.log2(this.#one) * halfLifeMs;
      this.#one = 1;
    }
    const age = Math.min((atMs - this.#sinceMs) / halfLifeMs, halfLivesMax * 2);
    const one = Math.max(this.#one, 2 ** age);
    this.#one = one;
    this.#texts += one;
    const places = new Set(featuresOf(text).weighed.map(({ hash }) => hash % placesMax));
    for (const place of places) this.#counts[place]! += one;
  }

  /** Of length 1; all zeros for a text without words. */
  embed(text: string): Float32Array {
    const vector = new Float32Array(dimensions);
    for (const { hash, weight } of featuresOf(text).weighed) {
      const weighed = weight * this.#rarity(hash);
      // Two places for each feature: where one is shared, the other mostly is not.
      const [first, second] = [scrambled(hash), scrambled(hash ^ 0x5bd1e995)];
      vector[first % dimensions]! += first >>> 31 === 1 ? weighed : -weighed;
      vector[second % dimensions]! += second >>> 31 === 1 ? weighed : -weighed;
    }
    let square = 0;
    for (let at = 0; at < dimensions; at += 1) square += vector[at]! * vector[at]!;
    const scale = square === 0 ? 0 : 1 / Math.sqrt(square);
    for (let at = 0; at < dimensions; at += 1) vector[at]! *= scale;
    return vector;
  }

  /** 1: in every text; grows slowly, so that no single rare word decides. */
  #rarity(hash: number): number {
    const count = this.#counts[hash % placesMax]! / this.#one;
    const share = (count + 1) / (this.#texts / this.#one + 1);
    return Math.sqrt(1 + Math.log(1 / Math.min(1, share)) / 2);
  }

  snapshot(): EmbedderSnapshot {
    const counts: EmbedderSnapshot["counts"] = [];
    for (const [place, count] of this.#counts.entries()) if (count > 0) counts.push([place, count]);
    const [sinceMs, one, texts] = [this.#sinceMs, this.#one, this.#texts];
    return { version: 1, sinceMs, one, texts, counts };
  }

  static restore(snapshot: EmbedderSnapshot): Embedder {
    const embedder = new Embedder();
    embedder.#sinceMs = snapshot.sinceMs;
    embedder.#one = snapshot.one;
    embedder.#texts = snapshot.texts;
    for (const [place, count] of snapshot.counts) embedder.#counts[place] = count;
    return embedder;
  }
}
