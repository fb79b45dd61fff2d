/**
 * Which known messages are nearly the same as a new one, without comparing it with all of them.
 * Messages come as templates (masking.ts). Equal ones are found by their text; for others, the
 * three-letter pieces of a template are sampled by min-hashing, samples are joined to bands, and
 * who shares a band is a candidate, whose edit distance is then computed.
 *
 * S1 A search compares with at most `candidatesMax` entries, whatever the index holds.
 * S2 At most `entriesMax` entries; the oldest makes room. One index per tenant: no tenant's flood
 *    displaces another's messages, and nothing is found across tenants.
 * S3 An index rebuilt from `entries()` in order answers as the one it was taken from.
 *
 * Sources: Broder, "On the resemblance and containment of documents" (1997); one hash function for
 * all samples: Li, Owen, Zhang, "One permutation hashing" (2012), empty ones filled by rotation:
 * Shrivastava, Li, "Densifying one permutation hashing" (2014).
 */
import { pieceHash, scrambled } from "./hashing.ts";
import { textSimilarity } from "./levenshtein.ts";
import { NewestFirst } from "./newest-first.ts";

export type MessageMatch = { key: string; similarity: number };

export type MessageIndexOptions = {
  entriesMax: number;
  /** Entries whose edit distance one search computes; so many matches at most. */
  candidatesMax: number;
  /** Least similarity of a match: 1 − edits / length of the longer template. */
  least: number;
};

/** 2,000 templates of 100 characters are about 1.5 MiB. */
export const messageIndexDefaults: MessageIndexOptions = {
  entriesMax: 2_000,
  candidatesMax: 16,
  least: 0.8,
};

const pieceChars = 3;
/** Two samples a band: pieces shared by half of all make a candidate nearly always. */
const bandCount = 12;
const samplesPerBand = 2;
const sampleCount = bandCount * samplesPerBand;
/** Entries of one band that a search looks at, the newest. */
const bandScanMax = 32;

type Entry = { key: string; template: string; serial: number; bands: number[] };

export class MessageIndex {
  readonly #options: MessageIndexOptions;
  /** Oldest first. */
  readonly #entries = new Map<string, Entry>();
  readonly #equal = new Map<string, Map<string, Entry>>();
  readonly #bands = new NewestFirst<Entry>();
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
    const entry: Entry = { key, template, serial: this.#serial, bands: bandsOf(template) };
    this.#entries.set(key, entry);
    const equal = this.#equal.get(template);
    if (equal === undefined) this.#equal.set(template, new Map([[key, entry]]));
    else equal.set(key, entry);
    for (const band of entry.bands) this.#bands.add(band, entry);
  }

  /** An unknown key has no effect. */
  remove(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    const equal = this.#equal.get(entry.template);
    equal?.delete(key);
    if (equal?.size === 0) this.#equal.delete(entry.template);
    for (const band of entry.bands) this.#bands.remove(band, entry);
  }

  /** Most similar first, of equally similar ones the oldest. Equal templates leave no others. */
  similar(template: string): MessageMatch[] {
    const { candidatesMax, least } = this.#options;
    const equal = this.#equal.get(template);
    if (equal !== undefined) {
      const keys = [...equal.keys()].slice(0, candidatesMax);
      return keys.map((key) => ({ key, similarity: 1 }));
    }
    const matches: (MessageMatch & { serial: number })[] = [];
    for (const { key, template: other, serial } of this.#candidates(template)) {
      const similarity = textSimilarity(template, other, least);
      if (similarity >= least && similarity > 0) matches.push({ key, similarity, serial });
    }
    matches.sort((a, b) => b.similarity - a.similarity || a.serial - b.serial);
    return matches.map(({ key, similarity }) => ({ key, similarity }));
  }

  /** Oldest first: to add them again in this order makes the same index. */
  entries(): [key: string, template: string][] {
    return [...this.#entries.values()].map(({ key, template }) => [key, template]);
  }

  /** Those that share most bands, then the newest. */
  #candidates(template: string): Entry[] {
    const shared = new Map<Entry, number>();
    for (const band of bandsOf(template)) {
      for (const entry of this.#bands.newest(band, bandScanMax)) {
        shared.set(entry, (shared.get(entry) ?? 0) + 1);
      }
    }
    return [...shared]
      .sort(([a, most], [b, more]) => more - most || b.serial - a.serial)
      .slice(0, this.#options.candidatesMax)
      .map(([entry]) => entry);
  }
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
