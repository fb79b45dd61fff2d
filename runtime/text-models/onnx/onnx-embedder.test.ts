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

/** The question is on its way to the process, and its answer is not read yet. */
const isSent = (): Promise<void> => new Promise((resume) => void setImmediate(resume));

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
    await isSent();
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

/** Stands in for the runtime: a file beside the model says what goes wrong. */
const standIn = `
  const { existsSync } = require("node:fs");
  const { dirname, join } = require("node:path");
  exports.Tensor = class { constructor(type, data, dims) { Object.assign(this, { data, dims }); } };
  exports.InferenceSession = {
    create(path) {
      const says = (word) => existsSync(join(dirname(path), word));
      const run = async ({ input_ids: { dims } }) => {
        if (says("busy")) await new Promise(() => {});
        return { out: { data: new Array(dims[0]).fill(1), dims: [dims[0], 1] } };
      };
      if (says("hang")) return new Promise(() => {});
      if (says("die")) process.exit(7);
      return Promise.resolve({ inputNames: ["input_ids"], outputNames: ["out"], run });
    },
  };
`;

describe.runIf(!installed)("a model that does not open again", () => {
  const nodePath = process.env["NODE_PATH"];
  const says = (word: string): string => join(folder, "onnx", word);
  beforeEach(() => {
    mkdirSync(join(folder, "onnxruntime-node"));
    writeFileSync(join(folder, "onnxruntime-node", "index.js"), standIn);
    process.env["NODE_PATH"] = folder;
  });
  afterEach(() => {
    if (nodePath === undefined) delete process.env["NODE_PATH"];
    else process.env["NODE_PATH"] = nodePath;
  });

  /** Its process is ended, as a question to it takes too long. */
  async function openAndEnd(): Promise<OnnxEmbedder> {
    const opened = await open();
    expect((await opened.embed(["disk", "payments"], never)).vectors).toHaveLength(2);
    writeFileSync(says("busy"), "");
    const late = new AbortController();
    const asked = opened.embed(["disk"], late.signal);
    await isSent();
    late.abort();
    await expect(asked).rejects.toThrow("the model took too long");
    rmSync(says("busy"));
    return opened;
  }

  test("holds up neither a question beyond its time nor the end of the program", async () => {
    const opened = await openAndEnd();
    writeFileSync(says("hang"), "");
    await eventually(async () => {
      const asked = opened.embed(["disk"], AbortSignal.timeout(50));
      await expect(asked).rejects.toThrow("the model was not open in time");
    });
    const last = opened.embed(["disk"], never);
    await opened.close();
    await expect(last).rejects.toThrow("the model's process ended with SIGKILL");
  });

  test("is tried again by the next question", async () => {
    const opened = await openAndEnd();
    writeFileSync(says("die"), "");
    await eventually(async () => {
      const asked = opened.embed(["disk"], never);
      await expect(asked).rejects.toThrow("the model's process ended with 7");
    });
    rmSync(says("die"));
    expect((await opened.embed(["disk"], never)).vectors).toHaveLength(1);
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
