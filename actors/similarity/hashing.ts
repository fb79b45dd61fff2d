/** Hashes of words and pieces of texts, as unsigned 32-bit integers; not for secrets. */

const offset = 0x811c9dc5;
const prime = 0x01000193;

/** FNV-1a over UTF-16 units. @param seed of another function of the family. */
export function textHash(text: string, seed = 0): number {
  return pieceHash(text, 0, text.length, seed);
}

/** Of the units from `start` up to `end`. */
export function pieceHash(text: string, start: number, end: number, seed = 0): number {
  let hash = offset ^ seed;
  for (let at = start; at < end; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), prime);
  return scrambled(hash);
}

/** Every bit of the result depends on every bit of the word (the finish of MurmurHash3). */
export function scrambled(word: number): number {
  let mixed = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
