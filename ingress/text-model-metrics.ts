/** Metrics of text models, where some are configured. */
import type { ModelReadings } from "../runtime/text-models/limited-model.ts";
import type { TextModelReadings } from "../runtime/text-models/text-model-readings.ts";
import type { MetricRegistry, Sample } from "./metric-registry.ts";

/** @param read null: none runs (yet). */
export function addTextModelMetrics(
  registry: MetricRegistry,
  read: () => TextModelReadings | null,
): void {
  const perModel = (value: (readings: ModelReadings) => number): (() => Sample[]) => () =>
    (read()?.models ?? []).map((one) => ({ labels: { model: one.model }, value: value(one) }));
  registry.callback(
    "counter",
    "tocsin_text_model_requests_total",
    "Requests to models that read incidents' texts.",
    perModel((one) => one.requests),
  );
  registry.callback(
    "counter",
    "tocsin_text_model_failures_total",
    "Requests without a usable answer in time.",
    perModel((one) => one.failures),
  );
  registry.callback(
    "counter",
    "tocsin_text_model_cache_hits_total",
    "Answers that were remembered.",
    perModel((one) => one.cacheHits),
  );
  registry.callback(
    "counter",
    "tocsin_text_model_skipped_total",
    "Requests that were not made, by cause: budget used up, or model left alone after failures.",
    () =>
      (read()?.models ?? []).flatMap(({ model, overBudget, leftAlone }) => [
        { labels: { model, cause: "budget" }, value: overBudget },
        { labels: { model, cause: "failures" }, value: leftAlone },
      ]),
  );
  registry.callback(
    "gauge",
    "tocsin_text_model_calls_left",
    "Calls left of the budget of the last hour.",
    perModel((one) => one.callsLeft),
  );
  registry.callback(
    "gauge",
    "tocsin_text_model_tokens_left",
    "Tokens left of the budget of the last hour.",
    perModel((one) => one.tokensLeft),
  );
  registry.callback(
    "counter",
    "tocsin_text_model_incidents_total",
    "Incidents that opened, by what comparing their texts with older ones' led to.",
    () =>
      Object.entries(read()?.incidents ?? {}).map(([outcome, value]) => ({
        labels: { outcome: outcome === "passedOver" ? "passed_over" : outcome },
        value,
      })),
  );
}
