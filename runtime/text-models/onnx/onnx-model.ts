/**
 * A sentence-embedding model in a folder: tokenizer.json and model.onnx, run by onnxruntime-node.
 * That package is large, so it is installed by those who use it, and looked for when it is.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { TerminalError } from "../../errors.ts";
import { unitVector } from "../text-similarity.ts";
import { type BertSettings, bertSettings, tokenIds } from "./bert-tokenizer.ts";
import { onnxFile } from "./model-folder.ts";

export type OnnxSettings = { folder: string; tokensMax: number; threads: number };

/** What is used of onnxruntime-node. */
type Tensor = { data: ArrayLike<number>; dims: readonly number[] };
type Session = {
  inputNames: readonly string[];
  outputNames: readonly string[];
  run(feeds: Record<string, unknown>): Promise<Record<string, Tensor>>;
};
type Runtime = {
  Tensor: new (type: "int64", data: BigInt64Array, dims: number[]) => unknown;
  InferenceSession: { create(path: string, options: object): Promise<Session> };
};

const runtimePackage = "onnxruntime-node";

/** @throws TerminalError that says what to install, or what is wrong in the folder. */
export async function openOnnxModel(settings: OnnxSettings): Promise<OnnxModel> {
  const { folder, threads } = settings;
  const runtime = loadRuntime();
  const file = onnxFile(folder);
  if (file === null) throw new TerminalError(`there is no model.onnx in ${folder}`);
  const tokenizer = readTokenizer(join(folder, "tokenizer.json"));
  const options = { intraOpNumThreads: threads, interOpNumThreads: 1, logSeverityLevel: 3 };
  const session = await runtime.InferenceSession.create(file, options).catch((cause) => {
    throw new TerminalError(`${file}: ${(cause as Error).message}`, { cause });
  });
  return new OnnxModel(runtime, session, tokenizer, settings.tokensMax);
}

export class OnnxModel {
  readonly #runtime: Runtime;
  readonly #session: Session;
  readonly #tokenizer: BertSettings;
  readonly #tokensMax: number;

  constructor(runtime: Runtime, session: Session, tokenizer: BertSettings, tokensMax: number) {
    this.#runtime = runtime;
    this.#session = session;
    this.#tokenizer = tokenizer;
    this.#tokensMax = tokensMax;
  }

  /** @throws TerminalError when the model's outputs are none that sentences can be read from. */
  async embed(texts: string[]): Promise<{ vectors: Float32Array[]; tokens: number }> {
    const all = texts.map((text) => tokenIds(text, this.#tokenizer, this.#tokensMax));
    const width = Math.max(...all.map((ids) => ids.length));
    const outputs = await this.#session.run(this.#feeds(all, width));
    const name = this.#session.outputNames.includes("sentence_embedding")
      ? "sentence_embedding"
      : this.#session.outputNames[0];
    const output = outputs[name ?? ""];
    const tokens = all.reduce((sum, ids) => sum + ids.length, 0);
    if (output?.dims.length === 2 && output.dims[0] === texts.length) {
      const size = output.dims[1] ?? 0;
      const rows = texts.map((_, row) => sliceOf(output.data, row * size, size));
      return { vectors: rows.map(unitVector), tokens };
    }
    if (output?.dims.length === 3 && output.dims[0] === texts.length && output.dims[1] === width) {
      const lengths = all.map((ids) => ids.length);
      return { vectors: meansOf(output, lengths), tokens };
    }
    const shape = output === undefined ? "nothing" : `[${output.dims.join(", ")}]`;
    const expected = "[texts, tokens, size] or [texts, size]";
    throw new TerminalError(`the model's output is ${shape}, expected ${expected}`);
  }

  #feeds(all: number[][], width: number): Record<string, unknown> {
    const cells = all.length * width;
    const [ids, mask] = [new BigInt64Array(cells), new BigInt64Array(cells)];
    ids.fill(BigInt(this.#tokenizer.padding));
    all.forEach((row, nth) => {
      row.forEach((id, at) => {
        ids[nth * width + at] = BigInt(id);
        mask[nth * width + at] = 1n;
      });
    });
    const inputs: Record<string, BigInt64Array> = {
      input_ids: ids,
      attention_mask: mask,
      token_type_ids: new BigInt64Array(cells),
    };
    const feeds: Record<string, unknown> = {};
    for (const name of this.#session.inputNames) {
      const data = inputs[name];
      if (data === undefined) {
        const known = Object.keys(inputs).join(", ");
        throw new TerminalError(`the model wants the input ${name}; known are ${known}`);
      }
      feeds[name] = new this.#runtime.Tensor("int64", data, [all.length, width]);
    }
    return feeds;
  }
}

/** The mean over each text's own tokens; those that only fill up the row do not count. */
function meansOf({ data, dims }: Tensor, lengths: number[]): Float32Array[] {
  const [, width = 0, size = 0] = dims;
  return lengths.map((length, row) => {
    const sum = new Float64Array(size);
    for (let token = 0; token < length; token += 1) {
      const from = (row * width + token) * size;
      for (let i = 0; i < size; i += 1) sum[i] = (sum[i] ?? 0) + (data[from + i] ?? 0);
    }
    return unitVector(sum.map((value) => value / length));
  });
}

function sliceOf(data: ArrayLike<number>, from: number, length: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => data[from + i] ?? 0);
}

function loadRuntime(): Runtime {
  try {
    return createRequire(import.meta.url)(runtimePackage) as Runtime;
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const why = code === "MODULE_NOT_FOUND" ? "it is not installed" : message.split("\n", 1)[0];
    const text = `provider: onnx needs the package ${runtimePackage} (${why}): npm install`;
    throw new TerminalError(`${text} ${runtimePackage}, where Tocsin is installed`, { cause });
  }
}

function readTokenizer(file: string): BertSettings {
  try {
    return bertSettings(JSON.parse(readFileSync(file, "utf8")));
  } catch (cause) {
    const { message } = cause as Error;
    throw new TerminalError(message.startsWith("tokenizer") ? message : `${file}: ${message}`, {
      cause,
    });
  }
}
