/** A classifier's verdicts on pairs of texts, remembered by both texts. */
import { RecentMap } from "../recent-map.ts";
import type { LimitedModel } from "./limited-model.ts";
import type { PairClassifier, ReadIncident, Verdict } from "./ports.ts";

/** What a question and its answer use beside the texts, in tokens, until the model says it. */
const frameTokens = 400;
const charsPerToken = 3;

export class Verdicts {
  readonly #classifier: PairClassifier;
  readonly #model: LimitedModel;
  readonly #remembered: RecentMap<Verdict>;

  /** @param rememberedMax pairs. */
  constructor(classifier: PairClassifier, model: LimitedModel, rememberedMax: number) {
    this.#classifier = classifier;
    this.#model = model;
    this.#remembered = new RecentMap(rememberedMax);
  }

  /** @returns null: the classifier failed, or its budget is used up. */
  async on(
    older: ReadIncident,
    younger: ReadIncident,
    signal: AbortSignal,
  ): Promise<Verdict | null> {
    const key = JSON.stringify([older, younger]);
    const known = this.#remembered.get(key);
    if (known !== undefined) {
      this.#model.countCacheHit();
      return known;
    }
    const chars = older.text.length + younger.text.length;
    const estimate = frameTokens + Math.ceil(chars / charsPerToken);
    const verdict = await this.#model.call(estimate, signal, async (until) => {
      const judged = await this.#classifier.judge(older, younger, until);
      return { answer: judged.verdict, tokens: judged.tokens };
    });
    if (verdict !== null) this.#remembered.set(key, verdict);
    return verdict;
  }
}
