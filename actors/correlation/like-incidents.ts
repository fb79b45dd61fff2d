/**
 * The open incidents of one tenant's environment, by what their first alerts say: their message,
 * their text, the family of their service, their model's value and how that moved.
 *
 * N1 At most `incidentsMax` of them; the one in which no alert began for longest makes room.
 * N2 Those in which no alert began within the window leave when their turn comes: they queue by
 *    their last alert, and a few are looked at each time, so that no step looks at all of them.
 * N3 What is restored from a snapshot answers as the one it was taken from.
 * N4 Texts become vectors when somebody asks for them: where the service graph answers for all
 *    alerts, nobody does. Of those that came since, the newest `pendingMax` can then be found.
 */
import { textHash } from "../similarity/hashing.ts";
import { type LlmReading, type LlmRuleConfig, llmRelation } from "../similarity/llm-rule.ts";
import { MessageIndex, messageIndexDefaults } from "../similarity/message-index.ts";
import { NewestFirst } from "../similarity/newest-first.ts";
import { extendTrail, seriesSimilarity, type ValueTrail } from "../similarity/series.ts";
import { type TextEntry, TextIndex, textIndexDefaults } from "../similarity/text-index.ts";
import { familyText, type LikeKind, type Likes, messageText, type Told } from "./alike.ts";
import type { Candidate } from "./evidence.ts";

export type LikeOptions = { messages: { least: number }; texts: { least: number } };

export const incidentsMax = 2_000;
/** Incidents of one family, or of one model's metric, that an alert is held against: the newest. */
const sameKeyMax = 8;
/** Texts that wait for becoming vectors. */
const pendingMax = 64;
/** Incidents whose age is looked at each time. */
const sweptMax = 4;
/** Series below it move alike by chance. */
const seriesLeast = 0.85;

type Entry<C> = {
  candidate: C;
  /** That of the incident, which gives the lists an order of their own. */
  serial: number;
  /** The last alert that its place in the queue stands for, ms. */
  queuedMs: number;
  template: string;
  family: string;
  reading: LlmReading | null;
  series: number[] | null;
  trail: ValueTrail;
};

type EntryRow = Omit<Entry<unknown>, "candidate" | "serial"> & { id: string };

export type LikeSnapshot = {
  entries: EntryRow[];
  /** By id, oldest first, each index in its own order. */
  messages: [id: string, template: string][];
  texts: TextEntry[];
  pending: [id: string, text: string, atMs: number][];
};

export class LikeIncidents<C extends Candidate> {
  /** A queue: by their last alerts, as far as these were looked at. */
  readonly #entries = new Map<string, Entry<C>>();
  readonly #families = new NewestFirst<Entry<C>>();
  readonly #models = new NewestFirst<Entry<C>>();
  readonly #pending = new Map<string, { text: string; atMs: number }>();
  #messages: MessageIndex;
  #texts: TextIndex;

  constructor(options: LikeOptions) {
    this.#messages = newMessages(options);
    this.#texts = newTexts(options);
  }

  get size(): number {
    return this.#entries.size;
  }

  has({ id }: C): boolean {
    return this.#entries.has(id);
  }

  /** Other limits of likeness from now on. */
  configure(options: LikeOptions): void {
    const [messages, texts] = [this.#messages.entries(), this.#texts.entries()];
    this.#messages = newMessages(options);
    this.#texts = newTexts(options);
    for (const [id, template] of messages) this.#messages.add(id, template);
    this.#texts.restore(texts);
  }

  add(candidate: C, told: Told, atMs: number): void {
    const { id, serial, lastOpenedMs: queuedMs } = candidate;
    const trail = this.#entries.get(id)?.trail ?? { atMs: [], values: [] };
    this.remove(candidate);
    if (this.#entries.size >= incidentsMax) this.#dropFirst();
    const { template, text, reading, series } = told;
    const facts = { template, family: told.family.key, reading, series, trail };
    this.#enter({ candidate, serial, queuedMs, ...facts });
    if (template !== "") this.#messages.add(id, template);
    if (text === "") return;
    this.#pending.set(id, { text, atMs });
    if (this.#pending.size > pendingMax) dropFirst(this.#pending);
  }

  /** N4: embeds the texts that came since it was last called. */
  indexTexts(embedded: (text: string, atMs: number) => Float32Array): void {
    for (const [id, { text, atMs }] of this.#pending) {
      this.#texts.add(id, text, embedded(text, atMs));
    }
    this.#pending.clear();
  }

  remove({ id }: C): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    this.#entries.delete(id);
    const { family, reading } = entry;
    if (family !== "") this.#families.remove(textHash(family), entry);
    if (reading !== null) this.#models.remove(modelHash(reading), entry);
    this.#messages.remove(id);
    this.#texts.remove(id);
    this.#pending.delete(id);
  }

  /** Its first alert says the same with other values. @returns false: it says something else. */
  update({ id }: C, { template, reading, series }: Told): boolean {
    const entry = this.#entries.get(id);
    if (entry === undefined || entry.template !== template) return false;
    if (entry.reading !== null) this.#models.remove(modelHash(entry.reading), entry);
    entry.reading = reading;
    entry.series = series;
    if (reading !== null) this.#models.add(modelHash(reading), entry);
    return true;
  }

  /** Its first alert had this value then. */
  extend({ id }: C, value: number, atMs: number): void {
    const entry = this.#entries.get(id);
    if (entry !== undefined) extendTrail(entry.trail, value, atMs);
  }

  /** N2 */
  sweep(sinceMs: number): void {
    let left = sweptMax;
    for (const [id, entry] of this.#entries) {
      const { lastOpenedMs } = entry.candidate;
      if (left === 0 || (lastOpenedMs >= sinceMs && lastOpenedMs <= entry.queuedMs)) return;
      left -= 1;
      if (lastOpenedMs < sinceMs) this.remove(entry.candidate);
      else {
        entry.queuedMs = lastOpenedMs;
        this.#entries.delete(id);
        this.#entries.set(id, entry);
      }
    }
  }

  /** All that costs little: messages, families and models. */
  near({ template, family, reading }: Told, rule: LlmRuleConfig): Likes<C> {
    const likes: Likes<C> = new Map();
    if (template !== "") {
      for (const { key, similarity } of this.#messages.similar(template)) {
        this.#put(likes, key, "message", similarity, () => messageText(similarity));
      }
    }
    for (const key of family.key === "" ? [] : [family.key, family.previous]) {
      for (const entry of this.#families.newest(textHash(key), sameKeyMax)) {
        if (entry.family !== key) continue;
        this.#put(likes, entry.candidate.id, "family", 1, () => familyText(key));
      }
    }
    if (reading === null) return likes;
    for (const entry of this.#models.newest(modelHash(reading), sameKeyMax)) {
      const why = entry.reading === null ? null : llmRelation(reading, entry.reading, rule);
      if (why !== null) this.#put(likes, entry.candidate.id, "model", 1, () => `${why} as`);
    }
    return likes;
  }

  /**
   * @param vector of the text, from the embedder that the others came from.
   * @returns those that were found.
   */
  byText(text: string, vector: Float32Array, likes: Likes<C>): Set<C> {
    const found = new Set<C>();
    for (const { key, similarity } of this.#texts.similar(text, vector)) {
      const because = (): string => `in other words (${similarity.toFixed(2)}) it says the same as`;
      const candidate = this.#put(likes, key, "text", similarity, because);
      if (candidate !== undefined) found.add(candidate);
    }
    return found;
  }

  /** @param of candidates that were found some way or other. */
  bySeries(series: number[] | null, of: Iterable<C>, likes: Likes<C>): void {
    if (series === null) return;
    for (const candidate of of) {
      const entry = this.#entries.get(candidate.id);
      if (entry === undefined) continue;
      if (likes.get(candidate)?.some(({ kind }) => kind === "series")) continue;
      const similarity = seriesSimilarity(series, entry.series ?? entry.trail.values);
      if (similarity < seriesLeast) continue;
      const because = (): string => `its values move like (${similarity.toFixed(2)}) those of`;
      this.#put(likes, candidate.id, "series", similarity, because);
    }
  }

  snapshot(): LikeSnapshot {
    const entries = Array.from(this.#entries, ([id, entry]): EntryRow => {
      const { queuedMs, template, family, reading, series, trail } = entry;
      const copied = { atMs: [...trail.atMs], values: [...trail.values] };
      return { id, queuedMs, template, family, reading, series, trail: copied };
    });
    const pending = Array.from(this.#pending, ([id, { text, atMs }]): [string, string, number] => [
      ...[id, text, atMs] as const,
    ]);
    return { entries, messages: this.#messages.entries(), texts: this.#texts.entries(), pending };
  }

  /** @param byId an incident that is not known any more is left out. */
  restore(snapshot: LikeSnapshot, byId: (id: string) => C | undefined): void {
    const { entries, messages, texts, pending } = snapshot;
    for (const { id, ...row } of entries) {
      const candidate = byId(id);
      if (candidate === undefined) continue;
      const trail = { atMs: [...row.trail.atMs], values: [...row.trail.values] };
      this.#enter({ ...row, candidate, serial: candidate.serial, trail });
    }
    for (const [id, template] of messages) {
      if (this.#entries.has(id)) this.#messages.add(id, template);
    }
    for (const [id, text, atMs] of pending) {
      if (this.#entries.has(id)) this.#pending.set(id, { text, atMs });
    }
    // A decoded vector may be a part of the whole snapshot's memory.
    const known = texts.filter(({ key }) => this.#entries.has(key));
    this.#texts.restore(known.map((one) => ({ ...one, vector: new Uint8Array(one.vector) })));
  }

  #enter(entry: Entry<C>): void {
    const { family, reading } = entry;
    this.#entries.set(entry.candidate.id, entry);
    if (family !== "") this.#families.add(textHash(family), entry);
    if (reading !== null) this.#models.add(modelHash(reading), entry);
  }

  #dropFirst(): void {
    for (const { candidate } of this.#entries.values()) {
      this.remove(candidate);
      return;
    }
  }

  #put(
    likes: Likes<C>,
    id: string,
    kind: LikeKind,
    similarity: number,
    because: () => string,
  ): C | undefined {
    const candidate = this.#entries.get(id)?.candidate;
    if (candidate === undefined) return undefined;
    const alike = { kind, similarity, because: () => `${because()} ${id}` };
    const known = likes.get(candidate);
    if (known === undefined) likes.set(candidate, [alike]);
    else known.push(alike);
    return candidate;
  }
}

function dropFirst(map: Map<string, unknown>): void {
  for (const key of map.keys()) {
    map.delete(key);
    return;
  }
}

function newMessages({ messages }: LikeOptions): MessageIndex {
  return new MessageIndex({ ...messageIndexDefaults, ...messages, entriesMax: incidentsMax });
}

function newTexts({ texts }: LikeOptions): TextIndex {
  return new TextIndex({ ...textIndexDefaults, ...texts, entriesMax: incidentsMax });
}

function modelHash({ model, metric }: LlmReading): number {
  return textHash(`${model}\u0000${metric}`);
}
