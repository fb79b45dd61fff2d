/**
 * Calls of one model under its limits: time, budget, and a breaker. A call that is not made or
 * fails has no answer, a count and a line in the log; whoever asked goes on without it.
 */
import { RetryableError } from "../errors.ts";
import type { Clock, Logger } from "../ports.ts";
import { Breaker } from "./breaker.ts";
import { type BudgetLimits, CallBudget } from "./call-budget.ts";

export type ModelLimits = BudgetLimits & { timeoutMs: number };

export type ModelReadings = {
  model: string;
  requests: number;
  failures: number;
  cacheHits: number;
  /** Calls not made. */
  overBudget: number;
  leftAlone: number;
  callsLeft: number;
  tokensLeft: number;
};

type Answer<T> = { answer: T; tokens: number | null };

export class LimitedModel {
  readonly #name: string;
  readonly #limits: ModelLimits;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #budget: CallBudget;
  readonly #breaker = new Breaker();
  #saidOverBudget = false;
  #counts = { requests: 0, failures: 0, cacheHits: 0, overBudget: 0, leftAlone: 0 };

  /** @param name for metrics and the log: "embeddings", "classifier". */
  constructor(name: string, limits: ModelLimits, clock: Clock, log: Logger) {
    this.#name = name;
    this.#limits = limits;
    this.#clock = clock;
    this.#log = log;
    this.#budget = new CallBudget(limits);
  }

  /**
   * @param tokens what the call will use at most, as far as can be told.
   * @param signal the program's end; ends the call as well.
   * @returns null: there is no answer.
   */
  async call<T>(
    tokens: number,
    signal: AbortSignal,
    ask: (signal: AbortSignal) => Promise<Answer<T>>,
  ): Promise<T | null> {
    if (!this.#mayAsk(tokens)) return null;
    this.#counts.requests += 1;
    const { timeoutMs } = this.#limits;
    const deadline = AbortSignal.timeout(timeoutMs);
    try {
      const { answer, tokens: used } = await ask(AbortSignal.any([signal, deadline]));
      if (used !== null) this.#budget.settle(tokens, used, this.#clock.nowMs());
      this.#breaker.succeeded();
      return answer;
    } catch (error) {
      if (!signal.aborted) this.#failed(error, deadline.aborted ? timeoutMs : null);
      return null;
    }
  }

  countCacheHit(): void {
    this.#counts.cacheHits += 1;
  }

  readings(): ModelReadings {
    const { calls, tokens } = this.#budget.left(this.#clock.nowMs());
    return { model: this.#name, ...this.#counts, callsLeft: calls, tokensLeft: tokens };
  }

  #mayAsk(tokens: number): boolean {
    const nowMs = this.#clock.nowMs();
    if (!this.#breaker.allows(nowMs)) {
      this.#counts.leftAlone += 1;
      return false;
    }
    if (this.#budget.take(tokens, nowMs)) {
      this.#saidOverBudget = false;
      return true;
    }
    this.#counts.overBudget += 1;
    if (!this.#saidOverBudget) {
      const left = this.#budget.left(nowMs);
      this.#log.warn({ model: this.#name, ...left }, "the model's budget of this hour is used up");
    }
    this.#saidOverBudget = true;
    return false;
  }

  #failed(error: unknown, timedOutMs: number | null): void {
    this.#counts.failures += 1;
    const wishMs = error instanceof RetryableError ? error.retryAfterMs : null;
    const leftAloneMs = this.#breaker.failed(this.#clock.nowMs(), wishMs);
    const said = error instanceof Error ? error.message : String(error);
    const why = timedOutMs === null ? said : `no answer within ${timedOutMs} ms`;
    const fields = { model: this.#name, why, leftAloneMs };
    this.#log.warn(fields, "a text model failed; incidents go on without it");
  }
}
