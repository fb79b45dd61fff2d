/**
 * Likeness: which open incidents say about the same as a new alert, by the measures of
 * actors/similarity. It is asked only where nothing that costs less relates the alert, and only
 * for alerts that tell of trouble.
 *
 * K1 Tenants and environments are worlds of their own: nothing is found across them.
 * K2 Memory is bounded: `likenessMax` incidents of a partition, `incidentsMax` of one environment;
 *    the environment that was asked longest ago makes room.
 * K3 It is a function of the incidents in the order of their alerts and of log time; it outlives
 *    configurations and goes through the partition's snapshots.
 */
import type { Likes, Told } from "./alike.ts";
import { isTelling } from "./blame.ts";
import type { Labels } from "../alert/events.ts";
import { labelOf, unknownService } from "../incident/identity.ts";
import { scopeOf } from "../incident/scoped-index.ts";
import { Embedder, type EmbedderSnapshot } from "../similarity/embedding.ts";
import { fuzzyFingerprint } from "../similarity/fingerprints.ts";
import { type LlmRuleConfig, llmReadingOf, llmRuleDefaults } from "../similarity/llm-rule.ts";
import { templateOf } from "../similarity/masking.ts";
import { messageIndexDefaults } from "../similarity/message-index.ts";
import type { MetricCategory } from "../similarity/metric-category.ts";
import { valuesOf } from "../similarity/series.ts";
import { textIndexDefaults } from "../similarity/text-index.ts";
import type { Candidate, Sighting, Sign } from "./evidence.ts";
import { LikeIncidents, type LikeOptions, type LikeSnapshot } from "./like-incidents.ts";

/** `messages`, `texts`: least similarity of two that count as alike, 0.5 to 1. */
export type SimilarityConfig = LikeOptions & { enabled: boolean; llm: LlmRuleConfig };

export const similarityDefaults: SimilarityConfig = {
  enabled: true,
  messages: { least: messageIndexDefaults.least },
  texts: { least: textIndexDefaults.least },
  llm: llmRuleDefaults,
};

/** Incidents of all environments of a partition; some 2.5 KiB each with their vectors. */
export const likenessMax = 8_000;
/** Of attached values that are kept, the newest. */
const seriesMax = 64;
const textCharsMax = 1_024;
/** Where an alert says what happened; the first that it has. */
const messageNames = ["summary", "title", "description", "message"];

export type LikenessSnapshot = {
  embedder: EmbedderSnapshot;
  /** Those asked longest ago first. */
  scopes: [scope: string, incidents: LikeSnapshot][];
};

/** What an alert says. */
type Saying = { labels: Labels; annotations: Labels; sign: Sign; atMs: number };

/** The incidents found for one alert, in stages, so that the dearer ones may be spared. */
export type LikeSearch<C extends Candidate> = {
  readonly likes: Likes<C>;
  /** Adds those whose texts are about the same. @returns these. */
  addTexts(): Set<C>;
  /** Adds whose values move alike, of incidents that were found some way. */
  addSeries(of: Iterable<C>): void;
};

/** `longestMs`: how long incidents are met; `shortMs`: within which two are of one time. */
type Windows = { longestMs: number; shortMs: number };

export class Likeness<C extends Candidate> {
  /** Those asked longest ago first. */
  readonly #scopes = new Map<string, LikeIncidents<C>>();
  #config: SimilarityConfig | null = null;
  #windows: Windows = { longestMs: 0, shortMs: 0 };
  #size = 0;
  #embedder = new Embedder();
  /** The newest message and text: an alert that finds nothing like it is added next. */
  #last: { text: string; vector: Float32Array } | null = null;
  #masked = { message: "", template: "" };

  /** Incidents that it knows. */
  get size(): number {
    return this.#size;
  }

  /** @param config null: nothing is kept. */
  configure(config: SimilarityConfig | null, windows: Windows): void {
    this.#config = config?.enabled === true ? config : null;
    const longestMs = Math.max(windows.longestMs, this.#config?.llm.windowMs ?? 0);
    this.#windows = { ...windows, longestMs };
    if (this.#config === null) {
      this.#scopes.clear();
      this.#size = 0;
      return;
    }
    for (const scope of this.#scopes.values()) scope.configure(this.#config);
  }

  /** The incident opened, or its first alert says something else. */
  add(candidate: C, atMs: number): void {
    const [sign] = candidate.signs;
    if (this.#config === null || sign === undefined || !isTelling(sign.severity)) return;
    const sinceMs = atMs - this.#windows.longestMs;
    if (candidate.lastOpenedMs < sinceMs) return;
    const { labels, annotations } = candidate;
    const told = this.#told({ labels, annotations, sign, atMs }, this.#config);
    const scope = this.#scopeOf(candidate, this.#config);
    const before = scope.size;
    scope.sweep(sinceMs);
    if (!scope.update(candidate, told)) scope.add(candidate, told, atMs);
    const value = numberIn(annotations) ?? told.reading?.value;
    if (value !== undefined) scope.extend(candidate, value, atMs);
    this.#size += scope.size - before;
    this.#makeRoom(scope);
  }

  /** An alert joined: an incident that left for its age is met again. */
  touch(candidate: C, atMs: number): void {
    if (this.#scopes.get(scopeOf(candidate))?.has(candidate) !== true) this.add(candidate, atMs);
  }

  /** The incident is no longer open. */
  remove(candidate: C): void {
    const name = scopeOf(candidate);
    const scope = this.#scopes.get(name);
    if (scope === undefined) return;
    const before = scope.size;
    scope.remove(candidate);
    this.#size += scope.size - before;
    if (scope.size === 0) this.#scopes.delete(name);
  }

  /** Null: there is nothing that the alert could be like. */
  search(asking: Sighting): LikeSearch<C> | null {
    const config = this.#config;
    if (config === null || !isTelling(asking.sign.severity)) return null;
    if (!this.#scopes.has(scopeOf(asking))) return null;
    const scope = this.#scopeOf(asking, config);
    const before = scope.size;
    scope.sweep(asking.atMs - this.#windows.longestMs);
    this.#size += scope.size - before;
    const told = this.#told(asking, config);
    const likes = scope.near(told, config.llm);
    return {
      likes,
      addTexts: () => {
        if (told.text === "") return new Set();
        scope.indexTexts(this.#learn);
        return scope.byText(told.text, this.#embedded(told.text), likes);
      },
      addSeries: (of) => scope.bySeries(told.series, of, likes),
    };
  }

  snapshot(): LikenessSnapshot {
    const scopes = Array.from(this.#scopes, ([name, scope]): [string, LikeSnapshot] => [
      name,
      scope.snapshot(),
    ]);
    return { embedder: this.#embedder.snapshot(), scopes };
  }

  /** In place of all that it knows. */
  restore({ embedder, scopes }: LikenessSnapshot, byId: (id: string) => C | undefined): void {
    this.#embedder = Embedder.restore(embedder);
    this.#last = null;
    this.#scopes.clear();
    this.#size = 0;
    if (this.#config === null) return;
    for (const [name, rows] of scopes) {
      const scope = new LikeIncidents<C>(this.#config);
      scope.restore(rows, byId);
      this.#size += scope.size;
      this.#scopes.set(name, scope);
    }
  }

  #told({ labels, annotations, sign, atMs }: Saying, { llm }: SimilarityConfig): Told {
    const { service, alertname, severity } = sign;
    const category = sign.category as MetricCategory;
    const message = messageOf(annotations);
    const isKnown = service !== unknownService && category !== "unknown";
    const family = { service, category, severity, atMs };
    return {
      template: this.#templateOf(message),
      text: message === "" ? "" : `${alertname} ${message}`,
      family: isKnown ? fuzzyFingerprint(family, this.#windows.shortMs) : noFamily,
      reading: llmReadingOf({ labels, annotations, atMs }, llm),
      series: valuesOf(annotations, labels)?.slice(-seriesMax) ?? null,
    };
  }

  #scopeOf(of: { tenant: string; environment: string }, config: LikeOptions): LikeIncidents<C> {
    const name = scopeOf(of);
    const scope = this.#scopes.get(name) ?? new LikeIncidents<C>(config);
    this.#scopes.delete(name);
    this.#scopes.set(name, scope);
    return scope;
  }

  #templateOf(message: string): string {
    if (this.#masked.message !== message) {
      this.#masked = { message, template: templateOf(message) };
    }
    return this.#masked.template;
  }

  #embedded(text: string): Float32Array {
    if (this.#last?.text !== text) this.#last = { text, vector: this.#embedder.embed(text) };
    return this.#last.vector;
  }

  /** Its vector by what was known before it. */
  #learn = (text: string, atMs: number): Float32Array => {
    const vector = this.#embedded(text);
    this.#embedder.learn(text, atMs);
    this.#last = null;
    return vector;
  };

  /** K2 */
  #makeRoom(kept: LikeIncidents<C>): void {
    for (const [name, scope] of this.#scopes) {
      if (this.#size <= likenessMax || scope === kept) return;
      this.#size -= scope.size;
      this.#scopes.delete(name);
    }
  }
}

const noFamily = { key: "", previous: "" };

function messageOf(annotations: Labels): string {
  for (const name of messageNames) {
    const text = labelOf(annotations, name);
    if (text !== "") return text.slice(0, textCharsMax);
  }
  return "";
}

function numberIn(annotations: Labels): number | undefined {
  const text = labelOf(annotations, "value").trim();
  return text === "" || !Number.isFinite(Number(text)) ? undefined : Number(text);
}
