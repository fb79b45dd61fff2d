/**
 * Which known messages are nearly the same as a new one, without comparing it with all of them.
 * Messages come as templates (masking.ts). Equal ones are found by their text; for others, the
 * three-letter pieces of a template are sampled by min-hashing, samples are joined to bands, and
 * who shares a band is a candidate, whose edit distance is then computed.
 *
 * S1 A search compares with at most `candidatesMax` templates, whatever the index holds; a
 *    message whose template is known costs no comparison at all.
 * S2 At most `entriesMax` entries; the oldest makes room. One index per tenant: no tenant's flood
 *    displaces another's messages, and nothing is found across tenants.
 * S3 An index rebuilt from `entries()` in order answers as the one it was taken from.
 *
 * Sources: Broder, "On the resemblance and containment of documents" (1997); one hash function for
 * all samples: Li, Owen, Zhang, "One permutation hashing" (2012), empty ones filled by rotation:
 * Shrivastava, Li, "Densifying one permutation hashing" (2014).
 */
import { pieceHash, scrambled } from "./hashing.ts";
import { comparisonCells, textSimilarity } from "./levenshtein.ts";
import { NewestFirst } from "./newest-first.ts";

export type MessageMatch = { key: string; similarity: number };

export type MessageIndexOptions = {
  entriesMax: number;
  /** Templates whose edit distance one search computes; so many matches at most. */
  candidatesMax: number;
  /** Least similarity of a match: 1 − edits / length of the longer template. */
  least: number;
};

/** 2,000 templates of 100 characters are about 1.5 MiB. */
export const messageIndexDefaults: MessageIndexOptions = {
  entriesMax: 2_000,
  candidatesMax: 8,
  least: 0.8,
};

const pieceChars = 3;
/** Two samples a band: pieces shared by half of all make a candidate nearly always. */
const bandCount = 12;
const samplesPerBand = 2;
const sampleCount = bandCount * samplesPerBand;
/** Cells of edit distances that one search computes, besides the last comparison: some 0.1 ms. */
const cellsMax = 30_000;
/** Templates of one band that a search looks at, the newest. */
const bandScanMax = 32;

/** As new as the newest message that has it. */
type Template = { text: string; bands: number[]; keys: Map<string, number>; serial: number };

export class MessageIndex {
  readonly #options: MessageIndexOptions;
  /** Oldest first. */
  readonly #entries = new Map<string, Template>();
  readonly #templates = new Map<string, Template>();
  readonly #bands = new NewestFirst<Template>();
  #serial = 0;

  constructor(options: MessageIndexOptions = messageIndexDefaults) {
    this.#options = options;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** A known key gets the new template and counts as the newest. */
  add(key: string, template: string): void {
    this.remove(key);
    if (this.#entries.size >= this.#options.entriesMax) {
      for (const oldest of this.#entries.keys()) {
        this.remove(oldest);
        break;
      }
    }
    this.#serial += 1;
    let known = this.#templates.get(template);
    if (known === undefined) {
      known = { text: template, bands: bandsOf(template), keys: new Map(), serial: this.#serial };
      this.#templates.set(template, known);
      for (const band of known.bands) this.#bands.add(band, known);
    } else this.#renumber(known, this.#serial);
    known.keys.set(key, this.#serial);
    this.#entries.set(key, known);
  }

  /** An unknown key has no effect. */
  remove(key: string): void {
    const template = this.#entries.get(key);
    if (template === undefined) return;
    this.#entries.delete(key);
    template.keys.delete(key);
    if (template.keys.size > 0) {
      let newest = 0;
      for (const serial of template.keys.values()) newest = Math.max(newest, serial);
      this.#renumber(template, newest);
      return;
    }
    this.#templates.delete(template.text);
    for (const band of template.bands) this.#bands.remove(band, template);
  }

  /**
   * Most similar first, of equally similar ones those of the newest template, its oldest keys
   * first. Where equal templates are known, only these are named.
   */
  similar(template: string): MessageMatch[] {
    const { candidatesMax, least } = this.#options;
    const equal = this.#templates.get(template);
    if (equal !== undefined) return matchesOf(equal, 1).slice(0, candidatesMax);
    const found: { known: Template; similarity: number }[] = [];
    let cells = 0;
    for (const known of this.#candidates(template)) {
      if (cells > cellsMax) break;
      cells += comparisonCells(template, known.text, least);
      const similarity = textSimilarity(template, known.text, least);
      if (similarity >= least && similarity > 0) found.push({ known, similarity });
    }
    found.sort((a, b) => b.similarity - a.similarity || b.known.serial - a.known.serial);
    const matches: MessageMatch[] = [];
    for (const { known, similarity } of found) {
      if (matches.length >= candidatesMax) break;
      matches.push(...matchesOf(known, similarity).slice(0, candidatesMax - matches.length));
    }
    return matches;
  }

  /** Oldest first: to add them again in this order makes the same index. */
  entries(): [key: string, template: string][] {
    return [...this.#entries].map(([key, { text }]) => [key, text]);
  }

  #renumber(template: Template, serial: number): void {
    if (template.serial === serial) return;
    for (const band of template.bands) this.#bands.remove(band, template);
    template.serial = serial;
    for (const band of template.bands) this.#bands.add(band, template);
  }

  /** Those that share most bands, then the newest. */
  #candidates(template: string): Template[] {
    const shared = new Map<Template, number>();
    for (const band of bandsOf(template)) {
      for (const known of this.#bands.newest(band, bandScanMax)) {
        shared.set(known, (shared.get(known) ?? 0) + 1);
      }
    }
    return [...shared]
      .sort(([a, most], [b, more]) => more - most || b.serial - a.serial)
      .slice(0, this.#options.candidatesMax)
      .map(([known]) => known);
  }
}

function matchesOf({ keys }: Template, similarity: number): MessageMatch[] {
  return Array.from(keys.keys(), (key) => ({ key, similarity }));
}

/** One number per band; templates shorter than a piece have a piece of their own length. */
function bandsOf(template: string): number[] {
  const samples = samplesOf(template);
  const bands: number[] = [];
  for (let band = 0; band < bandCount; band += 1) {
    let hash = band;
    for (let at = 0; at < samplesPerBand; at += 1) {
      hash = scrambled(Math.imul(hash, 31) ^ samples[band * samplesPerBand + at]!);
    }
    bands.push(hash);
  }
  return bands;
}

const empty = 0xffff_ffff;

/** Of each of so many classes of pieces, the one with the least hash. */
function samplesOf(template: string): Uint32Array {
  const samples = new Uint32Array(sampleCount).fill(empty);
  const last = Math.max(0, template.length - pieceChars);
  for (let at = 0; at <= last; at += 1) {
    const hash = pieceHash(template, at, Math.min(at + pieceChars, template.length));
    const place = hash % sampleCount;
    if (hash < samples[place]!) samples[place] = hash;
  }
  return filled(samples);
}

/** A class without a piece borrows from the next that has one, marked by how far it was. */
function filled(samples: Uint32Array): Uint32Array {
  const full = new Uint32Array(samples);
  for (let place = 0; place < sampleCount; place += 1) {
    let far = 0;
    while (far < sampleCount && samples[(place + far) % sampleCount] === empty) far += 1;
    if (far > 0) full[place] = scrambled(samples[(place + far) % sampleCount]! + far);
  }
  return full;
}
