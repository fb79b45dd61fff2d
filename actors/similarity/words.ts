/**
 * Texts as words: names in CamelCase, snake_case and kebab-case fall into their parts, and a
 * light stemmer makes one word of "expired", "expires" and "expiring". It is lighter than
 * Porter's: both sides of every comparison go through it, so it need not yield real words.
 */

/** Of a word; the rest of a longer one tells nothing more. */
const wordCharsMax = 40;

/** An acronym before a plural s ("GPUs"), an acronym, a word, letters without case, digits. */
const word = /\p{Lu}{2,}(?=s(?!\p{L}))|\p{Lu}+(?!\p{Ll})|\p{Lu}?\p{Ll}+|[\p{Lo}\p{Lm}]+|\d+/gu;

/** Lower-case words in the order of the text. @param max words; the rest is not looked at. */
export function wordsOf(text: string, max: number): string[] {
  const words: string[] = [];
  for (const [match] of text.matchAll(word)) {
    if (words.length >= max) break;
    words.push(match.slice(0, wordCharsMax).toLowerCase());
  }
  return words;
}

const endings: [ending: string, by: string, lengthMin: number][] = [
  ["ies", "y", 5],
  ["sses", "ss", 5],
  ["ings", "", 7],
  ["ing", "", 6],
  ["ures", "", 7],
  ["ure", "", 7],
  ["ions", "", 7],
  ["ion", "", 6],
  ["es", "", 5],
  ["ed", "", 5],
  ["e", "", 5],
  ["s", "", 4],
];

/** @param word in lower case. */
export function stemOf(word: string): string {
  if (word.endsWith("ss") || word.endsWith("us") || word.endsWith("is")) return word;
  for (const [ending, by, lengthMin] of endings) {
    if (word.length < lengthMin || !word.endsWith(ending)) continue;
    const stem = word.slice(0, word.length - ending.length) + by;
    return /([bdgmnprt])\1$/.test(stem) ? stem.slice(0, -1) : stem;
  }
  return word;
}
