/** How alike two texts are, from 0 (nothing in common) to 1. */

/** Of two vectors of one length, each of length 1: their cosine; unrelated ones may be below 0. */
export function cosine(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i += 1) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}

/** A vector of length 1 in the same direction; one of nothing but zeros stays as it is. */
export function unitVector(values: ArrayLike<number>): Float32Array {
  const vector = Float32Array.from(values);
  const length = Math.sqrt(cosine(vector, vector));
  return length === 0 ? vector : vector.map((value) => value / length);
}

/** The share of words that both texts have (Jaccard); case and punctuation do not count. */
export function wordOverlap(a: string, b: string): number {
  const [ofA, ofB] = [wordsOf(a), wordsOf(b)];
  let common = 0;
  for (const word of ofA) if (ofB.has(word)) common += 1;
  const all = ofA.size + ofB.size - common;
  return all === 0 ? 0 : common / all;
}

function wordsOf(text: string): Set<string> {
  return new Set(text.toLowerCase().match(/[\p{L}]{2,}/gu));
}
