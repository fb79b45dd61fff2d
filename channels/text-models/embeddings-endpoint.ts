/**
 * Embeddings over HTTP, as OpenAI and those compatible with it have them: POST /embeddings.
 * Whatever is not one finite vector per text, all of one length, is a failure.
 */
import { TerminalError } from "../../runtime/errors.ts";
import type { Embedded, TextEmbedder } from "../../runtime/text-models/ports.ts";
import { unitVector } from "../../runtime/text-models/text-similarity.ts";
import { askModel, type ModelEndpoint } from "./model-request.ts";
import { isRecord, tokensUsed } from "./model-answer.ts";

export const embeddingAnswerBytesMax = 8 * 1024 * 1024;
const dimensionsMax = 8_192;

export type EmbeddingsEndpoint = ModelEndpoint & {
  model: string;
  /** Asked for and expected; null: as many as the model has. */
  dimensions: number | null;
};

export function createEmbeddingsEndpoint(endpoint: EmbeddingsEndpoint): TextEmbedder {
  const { model, dimensions } = endpoint;
  return {
    async embed(texts, signal): Promise<Embedded> {
      const wish = dimensions === null ? {} : { dimensions };
      const question = { model, input: texts, encoding_format: "float", ...wish };
      const answer = await askModel(
        endpoint,
        "embeddings",
        question,
        embeddingAnswerBytesMax,
        signal,
      );
      return {
        vectors: vectorsIn(answer, texts.length, dimensions),
        tokens: tokensUsed(answer),
      };
    },
    async close() {},
  };
}

function vectorsIn(answer: unknown, count: number, dimensions: number | null): Float32Array[] {
  const data = isRecord(answer) ? answer["data"] : undefined;
  if (!Array.isArray(data) || data.length !== count) {
    const got = Array.isArray(data) ? `${data.length} vectors` : "no list `data`";
    throw new TerminalError(`the answer has ${got}, expected ${count} vectors`);
  }
  const vectors = new Array<Float32Array | undefined>(count).fill(undefined);
  data.forEach((item: unknown, place) => {
    const index = isRecord(item) && Number.isInteger(item["index"]) ? item["index"] : place;
    if (Number(index) in vectors) vectors[Number(index)] = vectorIn(item);
  });
  const first = vectors[0]?.length;
  const expected = dimensions ?? first;
  return vectors.map((vector, index) => {
    if (vector === undefined) throw new TerminalError(`the answer has no vector ${index}`);
    if (vector.length === expected) return vector;
    const got = `${vector.length} numbers`;
    throw new TerminalError(`vector ${index} of the answer has ${got}, expected ${expected}`);
  });
}

function vectorIn(item: unknown): Float32Array {
  const values = isRecord(item) ? item["embedding"] : undefined;
  const isVector =
    Array.isArray(values) &&
    values.length > 0 &&
    values.length <= dimensionsMax &&
    values.every((value) => typeof value === "number" && Number.isFinite(Math.fround(value)));
  if (!isVector) {
    throw new TerminalError(`an embedding is not a list of 1 to ${dimensionsMax} numbers`);
  }
  return unitVector(values);
}
