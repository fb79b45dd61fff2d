/**
 * Texts as WordPiece has them. The expected pieces were compared with those of Hugging Face's own
 * tokenizer for the same vocabulary.
 */
import { describe, expect, test } from "vitest";
import { TerminalError } from "../../errors.ts";
import { bertSettings, tokenIds } from "./bert-tokenizer.ts";

const pieces = [
  ...["[PAD]", "[UNK]", "[CLS]", "[SEP]"],
  ...["pay", "##ment", "##s", "time", "-", "out", "!", "naive", "cafe", "caf\u00e9", "_", "x"],
  ...["\u4e2d", "\u6587", "a", "b", "$", "\u201c", "NaN"],
];

function tokenizer(normalizer: object = {}): Record<string, unknown> {
  return {
    normalizer: { type: "BertNormalizer", clean_text: true, ...normalizer },
    pre_tokenizer: { type: "BertPreTokenizer" },
    model: {
      type: "WordPiece",
      ...{ unk_token: "[UNK]", continuing_subword_prefix: "##", max_input_chars_per_word: 100 },
      vocab: Object.fromEntries(pieces.map((piece, id) => [piece, id])),
    },
  };
}

/** The pieces between the marks, as text. */
function read(text: string, normalizer: object = {}, tokensMax = 64): string {
  const ids = tokenIds(text, bertSettings(tokenizer(normalizer)), tokensMax);
  expect([ids[0], ids.at(-1)]).toEqual([2, 3]);
  return ids.slice(1, -1).map((id) => pieces[id]).join(" ");
}

describe("a text becomes pieces", () => {
  const cases: [string, string, string][] = [
    ["words are cut into the longest pieces", "Payments", "pay ##ment ##s"],
    ["marks stand alone", "time-out!", "time - out !"],
    ["ASCII symbols are marks, others are letters", "a_b$\u00a3", "a _ b $ [UNK]"],
    ["Unicode's punctuation are marks", "\u201cpay", "\u201c pay"],
    ["ideographs are words", "\u4e2d\u6587pay", "\u4e2d \u6587 pay"],
    ["controls vanish, white space separates", "pa\u200by\ttime\n\u0000out", "pay time out"],
    ["accents vanish, combined or not", "na\u00efve cafe\u0301", "naive cafe"],
    ["what no piece begins is unknown as a whole", "payq time", "[UNK] time"],
    ["so is what is too long", `${"x".repeat(101)} x`, "[UNK] x"],
    ["nothing stays nothing", " \n ", ""],
  ];
  test.each(cases)("%s", (_, text, expected) => {
    expect(read(text)).toBe(expected);
  });

  test("case and accents stay where the model has them", () => {
    expect(read("NaN caf\u00e9 nan", { lowercase: false })).toBe("NaN caf\u00e9 [UNK]");
    const onlyLowercase = { lowercase: true, strip_accents: false };
    expect(read("CAF\u00c9", onlyLowercase)).toBe("caf\u00e9");
  });

  test("long texts are cut, the marks stay", () => {
    expect(read("a b a b a b", {}, 5)).toBe("a b a");
    expect(read("payments", {}, 4)).toBe("pay ##ment");
  });
});

describe("other tokenizers are refused by name", () => {
  const other: [string, (all: Record<string, unknown>) => void, string][] = [
    ["model", (all) => (all["model"] = { type: "BPE", vocab: {} }), "model.type: got BPE"],
    ["no model", (all) => delete all["model"], "model is missing"],
    ["normalizer", (all) => (all["normalizer"] = { type: "NFC" }), "normalizer.type: got NFC"],
    ["splitter", (all) => (all["pre_tokenizer"] = null), "pre_tokenizer is missing"],
    [
      "vocabulary",
      (all) => delete (all["model"] as { vocab: Record<string, number> }).vocab["[CLS]"],
      "expected one with [CLS]",
    ],
  ];
  test.each(other)("%s", (_, change, message) => {
    const all = tokenizer();
    change(all);
    const settings = (): unknown => bertSettings(all);
    expect(settings).toThrow(TerminalError);
    expect(settings).toThrow(`tokenizer.json: ${message.startsWith("exp") ? "model" : message}`);
    expect(settings).toThrow(message);
  });
});
