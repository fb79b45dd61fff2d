/**
 * What kind of trouble an alert tells of, by its words: those of its name, else of its metric,
 * else of its summary. The taxonomy is data (taxonomy.ts).
 *
 * M1 A phrase counts wherever it stands in the text; the one with most words wins, and of several
 *    the one of the earlier category.
 * M2 Hints ("node", "database") count only where no phrase was found in any of the texts.
 * M3 The answer depends on the texts alone: what is remembered only saves time.
 */
import type { Labels } from "../alert/events.ts";
import { labelOf } from "../incident/identity.ts";
import { taxonomy } from "./taxonomy.ts";
import type { CategoryRole } from "./taxonomy.ts";
import { stemOf, wordsOf } from "./words.ts";

type Names<T> = T extends Record<infer Name, unknown> ? Name : never;
export type MetricCategory = Names<(typeof taxonomy)[CategoryRole]> | "unknown";
export type Categorised = { category: MetricCategory; role: CategoryRole; rank: number };
/** What `categoryOf` looks at; absent texts are "". */
export type CategoryTexts = { alertname: string; labels: Labels; summary: string };

/** Words of one text that are looked at. */
const wordsMax = 64;
/** Of a text that is remembered: longer ones rarely come twice. */
const textCharsMax = 256;
/** Texts whose category is remembered, at most some 2 MiB; the oldest makes room. */
export const knownTextsMax = 4_096;
/** Words that may stand between two words of a phrase. */
const gapMax = 2;

/** Labels that name what is measured, besides the alert's name; all of them are read. */
const metricLabels = ["metric", "metric_name", "metric_type", "__name__"];

type Phrase = { stems: string[]; of: Categorised; place: number };
type Found = { phrase: Categorised | null; hint: Categorised | null };

const unknown: Categorised = { category: "unknown", role: "resource", rank: 55 };
const phrases = new Map<string, Phrase[]>();
const hints = new Map<string, Phrase[]>();
let places = 0;
for (const role of ["cause", "resource", "symptom", "feedback"] as const) {
  for (const [name, kind] of Object.entries(taxonomy[role])) {
    const of = { category: name as MetricCategory, role, rank: kind.rank };
    enter(phrases, kind.phrases, of, places);
    enter(hints, kind.hints, of, places);
    places += 1;
  }
}

const known = new Map<string, Found>();

/** The category "unknown" may cause or suffer. Never throws. */
export function categoryOf({ alertname, labels, summary }: CategoryTexts): Categorised {
  const byName = foundIn(alertname);
  if (byName.phrase !== null) return byName.phrase;
  let metric = "";
  for (const label of metricLabels) metric += ` ${labelOf(labels, label)}`;
  const byMetric = foundIn(metric);
  if (byMetric.phrase !== null) return byMetric.phrase;
  const bySummary = foundIn(summary);
  return bySummary.phrase ?? byName.hint ?? byMetric.hint ?? bySummary.hint ?? unknown;
}

/** Every category that has a phrase in these stems; at most `max`, in the order of the text. */
export function categoriesIn(stems: string[], max: number): MetricCategory[] {
  const found = new Set<MetricCategory>();
  for (let at = 0; at < stems.length && found.size < max; at += 1) {
    for (const phrase of phrases.get(stems[at] as string) ?? []) {
      if (found.size < max && standsAt(stems, at, phrase.stems)) found.add(phrase.of.category);
    }
  }
  return [...found];
}

function foundIn(text: string): Found {
  const before = known.get(text);
  if (before !== undefined) return before;
  const stems = wordsOf(text, wordsMax).map(stemOf);
  const found = { phrase: longest(stems, phrases), hint: longest(stems, hints) };
  if (text.length > textCharsMax) return found;
  if (known.size >= knownTextsMax) {
    for (const oldest of known.keys()) {
      known.delete(oldest);
      break;
    }
  }
  known.set(text, found);
  return found;
}

function longest(stems: string[], table: Map<string, Phrase[]>): Categorised | null {
  let best: Phrase | null = null;
  for (let at = 0; at < stems.length; at += 1) {
    for (const phrase of table.get(stems[at] as string) ?? []) {
      if (best !== null && !isBetter(phrase, best)) continue;
      if (standsAt(stems, at, phrase.stems)) best = phrase;
    }
  }
  return best?.of ?? null;
}

function isBetter(phrase: Phrase, than: Phrase): boolean {
  const more = phrase.stems.length - than.stems.length;
  return more > 0 || (more === 0 && phrase.place < than.place);
}

/** Whether the phrase, whose first word is the one at `at`, goes on from there. */
function standsAt(stems: string[], at: number, phrase: string[]): boolean {
  let from = at;
  for (const stem of phrase.slice(1)) {
    const next = stems.indexOf(stem, from + 1);
    if (next < 0 || next - from > gapMax + 1) return false;
    from = next;
  }
  return true;
}

function enter(table: Map<string, Phrase[]>, list: string, of: Categorised, place: number): void {
  for (const phrase of list.split(",")) {
    const stems = wordsOf(phrase, wordsMax).map(stemOf);
    const [first] = stems;
    if (first === undefined) continue;
    const begun = table.get(first);
    if (begun === undefined) table.set(first, [{ stems, of, place }]);
    else begun.push({ stems, of, place });
  }
}
