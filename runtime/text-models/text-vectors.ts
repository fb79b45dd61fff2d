/**
 * Vectors of texts, remembered: a text is asked about once while it is in the memory, however
 * many incidents have it. A model that begins to answer with vectors of another length is another
 * model, and what was remembered of the former one is forgotten.
 */
import { TerminalError } from "../errors.ts";
import { RecentMap } from "../recent-map.ts";
import type { LimitedModel } from "./limited-model.ts";
import { type TextEmbedder, textsPerCallMax } from "./ports.ts";

/** What a text uses of the budget until the model says it: about a token in three characters. */
const charsPerToken = 3;

export class TextVectors {
  readonly #embedder: TextEmbedder;
  readonly #model: LimitedModel;
  readonly #rememberedMax: number;
  #remembered: RecentMap<Float32Array>;
  #dimensions: number | null = null;

  /** @param rememberedMax texts. */
  constructor(embedder: TextEmbedder, model: LimitedModel, rememberedMax: number) {
    this.#embedder = embedder;
    this.#model = model;
    this.#rememberedMax = rememberedMax;
    this.#remembered = new RecentMap(rememberedMax);
  }

  /**
   * The vectors that could be had, by text. Texts without one are left out: the model failed, or
   * its budget is used up.
   */
  async of(texts: Iterable<string>, signal: AbortSignal): Promise<Map<string, Float32Array>> {
    const found = new Map<string, Float32Array>();
    const unknown: string[] = [];
    for (const text of new Set(texts)) {
      const known = this.#remembered.get(text);
      if (known === undefined) unknown.push(text);
      else {
        found.set(text, known);
        this.#model.countCacheHit();
      }
    }
    for (let from = 0; from < unknown.length; from += textsPerCallMax) {
      const some = unknown.slice(from, from + textsPerCallMax);
      const vectors = await this.#ask(some, signal);
      if (vectors === null) break;
      some.forEach((text, index) => {
        const vector = vectors[index];
        if (vector === undefined) return;
        found.set(text, vector);
        this.#remembered.set(text, vector);
      });
    }
    return found;
  }

  #ask(texts: string[], signal: AbortSignal): Promise<Float32Array[] | null> {
    const chars = texts.reduce((sum, text) => sum + text.length, 0);
    const estimate = Math.ceil(chars / charsPerToken);
    return this.#model.call(estimate, signal, async (until) => {
      const { vectors, tokens } = await this.#embedder.embed(texts, until);
      this.#checkDimensions(vectors);
      return { answer: vectors, tokens };
    });
  }

  #checkDimensions(vectors: Float32Array[]): void {
    const length = vectors[0]?.length ?? 0;
    const before = this.#dimensions;
    this.#dimensions = length;
    if (before === null || before === length) return;
    this.#remembered = new RecentMap(this.#rememberedMax);
    throw new TerminalError(`vectors of ${length} numbers came, those before had ${before}`);
  }
}
