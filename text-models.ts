/**
 * Composition of text models: the worker that compares what opens with what is open, and the
 * models that it asks, as the configuration names them. Without any configured nothing of it
 * runs.
 */
import type { NatsConnection } from "@nats-io/transport-node";
import type { Logger } from "pino";
import type { IncidentView } from "./actors/incident/types.ts";
import { createChatClassifier } from "./channels/text-models/chat-classifier.ts";
import { createEmbeddingsEndpoint } from "./channels/text-models/embeddings-endpoint.ts";
import type { ModelEndpoint } from "./channels/text-models/model-request.ts";
import { Redactor } from "./ingress/redaction/redactor.ts";
import { redactionKinds } from "./runtime/config/redaction-section.ts";
import type { ModelAddress, TextModelsConfig } from "./runtime/config/text-models-section.ts";
import type { TocsinConfig } from "./runtime/config/types.ts";
import { TerminalError } from "./runtime/errors.ts";
import { isHttpHeader } from "./runtime/http-header.ts";
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

export type ModelsOptions = {
  config: Pick<TocsinConfig, "textModels" | "redaction">;
  env: Readonly<Record<string, string | undefined>>;
  logger: Logger;
  userAgent: string;
};

/** The models, ready to be asked. */
export type Models = { relatedness: Relatedness; limited: LimitedModel[]; close(): Promise<void> };

/**
 * Needs nothing else of the program, so that it comes first and its errors are said at once.
 * @returns null: none is configured. @throws TerminalError for one that cannot be used.
 */
export async function openModels(options: ModelsOptions): Promise<Models | null> {
  const { config, logger } = options;
  const { embeddings, classifier, threshold, textCharsMax, rememberedMax } = config.textModels;
  if (embeddings === null && classifier === null) return null;
  const all: LimitedModel[] = [];
  const limited = (name: string, { limits }: { limits: ModelLimits }): LimitedModel => {
    const model = new LimitedModel(name, limits, systemClock, logger);
    all.push(model);
    return model;
  };
  const use =
    classifier === null
      ? null
      : classifierUse(classifier, options, limited("classifier", classifier), rememberedMax);
  const embedder = embeddings === null ? null : await openEmbedder(embeddings, options);
  const vectors =
    embeddings === null || embedder === null
      ? null
      : new TextVectors(embedder, limited("embeddings", embeddings), rememberedMax);
  const redact = redaction(config.redaction);
  const textOf = (incident: IncidentView): string => maskedText(incident, redact, textCharsMax);
  return {
    relatedness: new Relatedness({ textOf, vectors, threshold, classifier: use }),
    limited: all,
    close: async () => embedder?.close(),
  };
}

export type TextModelsOptions = {
  connection: NatsConnection;
  log: Log;
  config: Pick<TocsinConfig, "textModels" | "partitions">;
  logger: Logger;
  models: Models;
};

export class TextModels {
  readonly #worker: RelationWorker;
  readonly #models: LimitedModel[];

  private constructor(worker: RelationWorker, models: LimitedModel[]) {
    this.#worker = worker;
    this.#models = models;
  }

  static async open(options: TextModelsOptions): Promise<TextModels> {
    const { connection, log, logger, config, models } = options;
    const { windowMs, candidates } = config.textModels;
    const partitions = config.partitions.incident;
    const worker = new RelationWorker({
      queue: await OpenedIncidents.open(connection),
      // It opens no incident, so it never asks where a new one would belong.
      neighbours: new IncidentClient({ connection, log, partitions, partitionOf: () => 0 }),
      relatedness: models.relatedness,
      ...{ windowMs, candidates, clock: systemClock, log: logger },
    });
    worker.start();
    return new TextModels(worker, models.limited);
  }

  readings(): TextModelReadings {
    return {
      incidents: { ...this.#worker.counts },
      models: this.#models.map((model) => model.readings()),
    };
  }

  stop(): Promise<void> {
    return this.#worker.stop();
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
  options: ModelsOptions,
): Promise<TextEmbedder> {
  if (config.provider === "onnx") return OnnxEmbedder.open(config);
  const { model, dimensions } = config;
  const endpoint = endpointOf(config, "correlation.text", options);
  return createEmbeddingsEndpoint({ ...endpoint, model, dimensions });
}

function classifierUse(
  config: NonNullable<TextModelsConfig["classifier"]>,
  options: ModelsOptions,
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
  { env, userAgent }: ModelsOptions,
): ModelEndpoint {
  const key = apiKeyEnv === null ? apiKey : (env[apiKeyEnv] ?? "").trim();
  if (key === "") {
    const text = `${section}.api_key_env: the environment variable ${apiKeyEnv} is not set`;
    throw new TerminalError(text);
  }
  if (key !== null && !isHttpHeader("authorization", `Bearer ${key}`)) {
    const text = `${section}.api_key_env: what ${apiKeyEnv} holds cannot be a header value`;
    throw new TerminalError(text);
  }
  return { baseUrl: url, apiKey: key, allowPrivate, userAgent };
}
