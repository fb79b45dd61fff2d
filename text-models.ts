/**
 * Composition of text models: the worker that compares what opens with what is open, and the
 * models that it asks, as the configuration names them. Without any configured nothing of it
 * runs.
 */
import type { NatsConnection } from "@nats-io/transport-node";
import type { Logger } from "pino";
import { createChatClassifier } from "./channels/text-models/chat-classifier.ts";
import { createEmbeddingsEndpoint } from "./channels/text-models/embeddings-endpoint.ts";
import type { ModelEndpoint } from "./channels/text-models/model-request.ts";
import { Redactor } from "./ingress/redaction/redactor.ts";
import { redactionKinds } from "./runtime/config/redaction-section.ts";
import type { ModelAddress, TextModelsConfig } from "./runtime/config/text-models-section.ts";
import type { TocsinConfig } from "./runtime/config/types.ts";
import { TerminalError } from "./runtime/errors.ts";
import type { Log } from "./runtime/ports.ts";
import { systemClock } from "./runtime/system-clock.ts";
import { LimitedModel, type ModelLimits } from "./runtime/text-models/limited-model.ts";
import { maskedText } from "./runtime/text-models/masked-text.ts";
import { OnnxEmbedder } from "./runtime/text-models/onnx/onnx-embedder.ts";
import type { TextEmbedder } from "./runtime/text-models/ports.ts";
import { type ClassifierUse, Relatedness } from "./runtime/text-models/related-incident.ts";
import { RelationWorker } from "./runtime/text-models/relation-worker.ts";
import type { TextModelReadings } from "./runtime/text-models/text-model-readings.ts";
import { TextVectors } from "./runtime/text-models/text-vectors.ts";
import { Verdicts } from "./runtime/text-models/verdicts.ts";
import { IncidentClient } from "./streams/incident-client.ts";
import { OpenedIncidents } from "./streams/opened-incidents.ts";

export type TextModelsOptions = {
  connection: NatsConnection;
  log: Log;
  config: Pick<TocsinConfig, "textModels" | "redaction" | "partitions">;
  env: Readonly<Record<string, string | undefined>>;
  logger: Logger;
  userAgent: string;
};

export class TextModels {
  readonly #worker: RelationWorker;
  readonly #models: LimitedModel[];
  readonly #embedder: TextEmbedder | null;

  private constructor(
    worker: RelationWorker,
    models: LimitedModel[],
    embedder: TextEmbedder | null,
  ) {
    this.#worker = worker;
    this.#models = models;
    this.#embedder = embedder;
  }

  /** @returns null: none is configured. @throws TerminalError for one that cannot be used. */
  static async open(options: TextModelsOptions): Promise<TextModels | null> {
    const { connection, log, logger, config } = options;
    const { embeddings, classifier, threshold, windowMs, candidates } = config.textModels;
    if (embeddings === null && classifier === null) return null;
    const { textCharsMax, rememberedMax } = config.textModels;
    const redact = redaction(config.redaction);
    const models: LimitedModel[] = [];
    const limited = (name: string, { limits }: { limits: ModelLimits }): LimitedModel => {
      const model = new LimitedModel(name, limits, systemClock, logger);
      models.push(model);
      return model;
    };
    const embedder = embeddings === null ? null : await openEmbedder(embeddings, options);
    const relatedness = new Relatedness({
      textOf: (incident) => maskedText(incident, redact, textCharsMax),
      vectors:
        embeddings === null || embedder === null
          ? null
          : new TextVectors(embedder, limited("embeddings", embeddings), rememberedMax),
      threshold,
      classifier:
        classifier === null
          ? null
          : classifierUse(classifier, options, limited("classifier", classifier), rememberedMax),
    });
    const partitions = config.partitions.incident;
    const worker = new RelationWorker({
      queue: await OpenedIncidents.open(connection),
      // It opens no incident, so it never asks where a new one would belong.
      neighbours: new IncidentClient({ connection, log, partitions, partitionOf: () => 0 }),
      ...{ relatedness, windowMs, candidates, clock: systemClock, log: logger },
    });
    worker.start();
    return new TextModels(worker, models, embedder);
  }

  readings(): TextModelReadings {
    return {
      incidents: { ...this.#worker.counts },
      models: this.#models.map((model) => model.readings()),
    };
  }

  async stop(): Promise<void> {
    await this.#worker.stop();
    await this.#embedder?.close();
  }
}

/**
 * Texts that leave the program are redacted of all kinds, whether alerts are or not; addresses
 * would be masked anyway.
 */
function redaction({ patterns, style }: TocsinConfig["redaction"]): (text: string) => string {
  const redactor = new Redactor({ kinds: [...redactionKinds], patterns, style });
  return (text) => redactor.redact(text, () => {});
}

async function openEmbedder(
  config: NonNullable<TextModelsConfig["embeddings"]>,
  options: TextModelsOptions,
): Promise<TextEmbedder> {
  if (config.provider === "onnx") return OnnxEmbedder.open(config);
  const { model, dimensions } = config;
  const endpoint = endpointOf(config, "correlation.text", options);
  return createEmbeddingsEndpoint({ ...endpoint, model, dimensions });
}

function classifierUse(
  config: NonNullable<TextModelsConfig["classifier"]>,
  options: TextModelsOptions,
  limited: LimitedModel,
  rememberedMax: number,
): ClassifierUse {
  const { model, parameters, confidence, askFrom, pairs } = config;
  const endpoint = endpointOf(config, "correlation.classifier", options);
  const classifier = createChatClassifier({ ...endpoint, model, parameters });
  const verdicts = new Verdicts(classifier, limited, rememberedMax);
  return { verdicts, confidence, askFrom, pairs };
}

function endpointOf(
  { url, apiKey, apiKeyEnv, allowPrivate }: ModelAddress,
  section: string,
  { env, userAgent }: TextModelsOptions,
): ModelEndpoint {
  const key = apiKeyEnv === null ? apiKey : (env[apiKeyEnv] ?? "").trim();
  if (key === "") {
    const text = `${section}.api_key_env: the environment variable ${apiKeyEnv} is not set`;
    throw new TerminalError(text);
  }
  return { baseUrl: url, apiKey: key, allowPrivate, userAgent };
}
