/**
 * What a text is about, as weighed hashes: its words without those that every alert has, pairs of
 * neighbours, pieces of long words (which related words share), and the kinds of trouble that it
 * speaks of. Numbers and ids are masked first: what differs each time is not what it is about.
 */
import { textHash } from "./hashing.ts";
import { templateOf } from "./masking.ts";
import { categoriesIn } from "./metric-category.ts";
import { stemOf, wordsOf } from "./words.ts";

const wordsMax = 48;
const categoriesMax = 6;

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

export type TextFeatures = {
  weighed: readonly { hash: number; weight: number }[];
  /** Hashes of its words and kinds of trouble, by which it can be found; at most 54. */
  search: readonly number[];
};

/** Templates whose features are remembered, at most some 8 MiB; the oldest makes room. */
export const knownTemplatesMax = 1_024;
const known = new Map<string, TextFeatures>();

/** Depends on the text alone: what is remembered only saves time. */
export function featuresOf(text: string): TextFeatures {
  // Names in CamelCase fall into words before masking makes them lower-case.
  const template = templateOf(text.replace(/(\p{Ll})(\p{Lu})/gu, "$1 $2"));
  const before = known.get(template);
  if (before !== undefined) return before;
  if (known.size >= knownTemplatesMax) {
    for (const oldest of known.keys()) {
      known.delete(oldest);
      break;
    }
  }
  const features = featuresIn(wordsOf(template, wordsMax).map(stemOf));
  known.set(template, features);
  return features;
}

function featuresIn(stems: string[]): TextFeatures {
  const weighed = new Map<number, number>();
  const search = new Set<number>();
  const content = stems.filter(isContent);
  for (const [at, stem] of content.entries()) {
    weighed.set(textHash(stem), weights.word);
    search.add(textHash(stem));
    const next = content[at + 1];
    if (next !== undefined) weighed.set(textHash(`${stem} ${next}`), weights.pair);
    for (let from = 0; stem.length > pieceChars && from + pieceChars <= stem.length; from += 1) {
      weighed.set(textHash(`#${stem.slice(from, from + pieceChars)}`), weights.piece);
    }
  }
  for (const category of categoriesIn(stems, categoriesMax)) {
    const hash = textHash(`/${category}`);
    weighed.set(hash, weights.category);
    search.add(hash);
  }
  const features = Array.from(weighed, ([hash, weight]) => ({ hash, weight }));
  return { weighed: features, search: [...search] };
}

function isContent(stem: string): boolean {
  return !glue.has(stem) && (stem.length > 1 || !/[a-z0-9]/.test(stem));
}
