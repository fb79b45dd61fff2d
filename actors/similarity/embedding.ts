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
import { scrambled, textHash } from "./hashing.ts";
import { templateOf } from "./masking.ts";
import { categoriesIn } from "./metric-category.ts";
import { stemOf, wordsOf } from "./words.ts";

export const dimensions = 256;
/** Places of the table of document counts. */
const placesMax = 4_096;
const wordsMax = 48;
const categoriesMax = 6;
export const halfLifeMs = 7 * 24 * 3_600_000;
/** Half-lives after which counts are scaled anew, long before a double would overflow. */
const halfLivesMax = 64;

/** Words of every other alert: they say that it is one, not what it is about. */
const glue = new Set(
  (
    "a about above after again all almost an and are as at be been before below between by " +
    "can critical current currently detected does doing during each exceed exceeded exceeds " +
    "far few firing for from get gets got had has have high higher i in info into is it its " +
    "just last least less level limit long low lower many minute minutes more most much not " +
    "now of off on only or out over per please problem s second seconds see since so some " +
    "still than that the their them then there these they this threshold to too under up us " +
    "value very warning was we were when where which while will with within without alert " +
    "alerts issue n id query quoted addr time"
  )
    .split(" ")
    .map(stemOf),
);

/** What a feature of each kind weighs beside its rarity. */
const weights = { word: 1, pair: 0.3, piece: 0.25, category: 1.6 };
const pieceChars = 4;

type Feature = { hash: number; weight: number };

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
    const places = new Set(featuresOf(text).map(({ hash }) => hash % placesMax));
    for (const place of places) this.#counts[place]! += one;
  }

  /** Of length 1; all zeros for a text without words. */
  embed(text: string): Float32Array {
    const vector = new Float32Array(dimensions);
    for (const { hash, weight } of featuresOf(text)) {
      const weighed = weight * this.#rarity(hash);
      // Two places for each feature: where one is shared, the other mostly is not.
      for (const each of [scrambled(hash), scrambled(hash ^ 0x5bd1e995)]) {
        vector[each % dimensions]! += each >>> 31 === 1 ? weighed : -weighed;
      }
    }
    let square = 0;
    for (const value of vector) square += value * value;
    const scale = square === 0 ? 0 : 1 / Math.sqrt(square);
    return vector.map((value) => value * scale);
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

/** Hashes of the words and kinds of trouble that a text can be found by; at most 54. */
export function searchFeaturesOf(text: string): number[] {
  const stems = stemsOf(text);
  const hashes = new Set(contentOf(stems).map((stem) => textHash(stem)));
  for (const category of categoriesIn(stems, categoriesMax)) hashes.add(categoryHash(category));
  return [...hashes];
}

function featuresOf(text: string): Feature[] {
  const stems = stemsOf(text);
  const features = new Map<number, number>();
  const content = contentOf(stems);
  for (const [at, stem] of content.entries()) {
    features.set(textHash(stem), weights.word);
    const next = content[at + 1];
    if (next !== undefined) features.set(textHash(`${stem} ${next}`), weights.pair);
    for (let from = 0; stem.length > pieceChars && from + pieceChars <= stem.length; from += 1) {
      features.set(textHash(`#${stem.slice(from, from + pieceChars)}`), weights.piece);
    }
  }
  for (const category of categoriesIn(stems, categoriesMax)) {
    features.set(categoryHash(category), weights.category);
  }
  return Array.from(features, ([hash, weight]) => ({ hash, weight }));
}

/** Numbers and ids are masked first: what differs each time is not what a text is about. */
function stemsOf(text: string): string[] {
  // Names in CamelCase fall into words before masking makes them lower-case.
  const spaced = text.replace(/(\p{Ll})(\p{Lu})/gu, "$1 $2");
  return wordsOf(templateOf(spaced), wordsMax).map(stemOf);
}

function contentOf(stems: string[]): string[] {
  return stems.filter((stem) => !glue.has(stem) && (stem.length > 1 || !/[a-z0-9]/.test(stem)));
}

function categoryHash(category: string): number {
  return textHash(`/${category}`);
}
