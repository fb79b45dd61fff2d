/** A model made here, run by the real runtime where that is installed; what is said where not. */
import { createRequire } from "node:module";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { eventually } from "../../../testing/contracts/eventually.ts";
import { lookupModel } from "../../../testing/onnx-file.ts";
import { TerminalError } from "../../errors.ts";
import { cosine } from "../text-similarity.ts";
import { OnnxEmbedder } from "./onnx-embedder.ts";

const words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "payment", "##s", "slow", "disk", "full"];
const table = [
  ...[[9, 9, 9, 9], [0, 0, 0, 1], [0, 0, 0, 0], [0, 0, 0, 0]],
  ...[[1, 0, 0, 0], [0, 0, 0, 0], [0.9, 0.1, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]],
];
const tokenizer = {
  normalizer: { type: "BertNormalizer", lowercase: true },
  pre_tokenizer: { type: "BertPreTokenizer" },
  model: {
    type: "WordPiece",
    unk_token: "[UNK]",
    continuing_subword_prefix: "##",
    vocab: Object.fromEntries(words.map((word, id) => [word, id])),
  },
};
const never = new AbortController().signal;

let folder = "";
let embedder: OnnxEmbedder | null = null;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tocsin-onnx-"));
  mkdirSync(join(folder, "onnx"));
  writeFileSync(join(folder, "onnx", "model.onnx"), lookupModel(table));
  writeFileSync(join(folder, "tokenizer.json"), JSON.stringify(tokenizer));
});
afterEach(async () => {
  await embedder?.close();
  embedder = null;
  rmSync(folder, { recursive: true, force: true });
});

const open = async (): Promise<OnnxEmbedder> => {
  embedder = await OnnxEmbedder.open({ folder, tokensMax: 16, threads: 1 });
  return embedder;
};

function isInstalled(): boolean {
  try {
    createRequire(import.meta.url).resolve("onnxruntime-node");
    return true;
  } catch {
    return false;
  }
}

const installed = isInstalled();
if (!installed) {
  process.stderr.write("onnxruntime-node is not installed: no ONNX model is run by the tests\n");
}

describe.runIf(installed)("a model in a folder", () => {
  test("means of tokens become vectors; what fills up a row does not count", async () => {
    const { vectors, tokens } = await (await open()).embed(["Payments slow", "disk"], never);
    expect(tokens).toBe(5 + 3);
    const [payments, disk] = vectors as [Float32Array, Float32Array];
    expect([...payments].map((value) => Math.round(value * 1_000) / 1_000)).toEqual([
      ...[0.999, 0.053, 0, 0],
    ]);
    expect([...disk]).toEqual([0, 1, 0, 0]);
    expect(cosine(payments, payments)).toBeCloseTo(1, 5);
  });

  test("a process that dies is started again by the next question", async () => {
    const opened = await open();
    const late = new AbortController();
    const asked = opened.embed(["disk"], late.signal);
    late.abort();
    await expect(asked).rejects.toThrow("the model took too long");
    await eventually(async () => {
      expect((await opened.embed(["disk"], never)).vectors).toHaveLength(1);
    });
  });

  test("a file that is no model is refused by name", async () => {
    writeFileSync(join(folder, "onnx", "model.onnx"), "this is not a model");
    await expect(open()).rejects.toThrow(/model\.onnx: /);
  });

  test("a tokenizer of another kind is refused by name", async () => {
    const other = { ...tokenizer, model: { ...tokenizer.model, type: "Unigram" } };
    writeFileSync(join(folder, "tokenizer.json"), JSON.stringify(other));
    const text = "tokenizer.json: model.type: got Unigram, expected WordPiece";
    await expect(open()).rejects.toThrow(text);
  });
});

describe.runIf(!installed)("without the runtime", () => {
  test("the error says what to install", async () => {
    const error = await open().catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(TerminalError);
    const text = "provider: onnx needs the package onnxruntime-node (it is not installed)";
    expect((error as Error).message).toContain(text);
    expect((error as Error).message).toContain("npm install onnxruntime-node");
  });
});
