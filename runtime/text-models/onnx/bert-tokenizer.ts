/**
 * Texts as the numbers that BERT-like models read: cleaned, split at spaces and punctuation, and
 * each word cut greedily into the longest pieces of the vocabulary (WordPiece; Devlin et al.,
 * arXiv:1810.04805). It reads Hugging Face's tokenizer.json as far as models of the family of
 * all-MiniLM and bge-small need it; any other kind of tokenizer is refused by name.
 */
import { TerminalError } from "../../errors.ts";

export type BertSettings = {
  lowercase: boolean;
  stripAccents: boolean;
  cleanText: boolean;
  splitChinese: boolean;
  prefix: string;
  unknown: number;
  begin: number;
  end: number;
  padding: number;
  /** Longer words are unknown. */
  wordCharsMax: number;
  vocabulary: ReadonlyMap<string, number>;
};

type Json = Record<string, unknown>;

/** @throws TerminalError that names what is missing or not understood. */
export function bertSettings(tokenizer: unknown): BertSettings {
  const root = objectAt(tokenizer, "the file");
  const model = objectAt(root["model"], "model");
  // Files of early versions leave the type out; only this one has such a prefix.
  const isEarly = model["type"] === undefined && "continuing_subword_prefix" in model;
  const kind = isEarly ? "WordPiece" : model["type"];
  if (kind !== "WordPiece") refuse("model.type", kind, "WordPiece");
  const normalizer = objectAt(root["normalizer"], "normalizer");
  if (normalizer["type"] !== "BertNormalizer") {
    refuse("normalizer.type", normalizer["type"], "BertNormalizer");
  }
  const splitter = objectAt(root["pre_tokenizer"], "pre_tokenizer");
  if (splitter["type"] !== "BertPreTokenizer") {
    refuse("pre_tokenizer.type", splitter["type"], "BertPreTokenizer");
  }
  const vocabulary = vocabularyIn(objectAt(model["vocab"], "model.vocab"));
  const idOf = (token: string): number => {
    const id = vocabulary.get(token);
    if (id === undefined) refuse("model.vocab", "a vocabulary", `one with ${token}`);
    return id;
  };
  const lowercase = normalizer["lowercase"] !== false;
  return {
    lowercase,
    // Null means: as the case.
    stripAccents: (normalizer["strip_accents"] ?? lowercase) === true,
    cleanText: normalizer["clean_text"] !== false,
    splitChinese: normalizer["handle_chinese_chars"] !== false,
    prefix: textAt(model["continuing_subword_prefix"], "##"),
    unknown: idOf(textAt(model["unk_token"], "[UNK]")),
    begin: idOf("[CLS]"),
    end: idOf("[SEP]"),
    padding: vocabulary.get("[PAD]") ?? 0,
    wordCharsMax: Number(model["max_input_chars_per_word"] ?? 100),
    vocabulary,
  };
}

/** @returns the ids of one text between its marks, `tokensMax` at most. */
export function tokenIds(text: string, settings: BertSettings, tokensMax: number): number[] {
  const ids = [settings.begin];
  for (const word of wordsOf(text, settings)) {
    for (const id of piecesOf(word, settings)) {
      if (ids.length >= tokensMax - 1) break;
      ids.push(id);
    }
    if (ids.length >= tokensMax - 1) break;
  }
  ids.push(settings.end);
  return ids;
}

function* wordsOf(text: string, settings: BertSettings): Iterable<string> {
  let clean = text;
  if (settings.cleanText) {
    clean = clean.replace(/[\u0000\ufffd]|(?![\t\n\r])\p{C}/gu, "").replace(/\s/gu, " ");
  }
  if (settings.splitChinese) clean = clean.replace(chinese, " $& ");
  if (settings.stripAccents) clean = clean.normalize("NFD").replace(/\p{Mn}/gu, "");
  if (settings.lowercase) clean = clean.toLowerCase();
  for (const [word] of clean.matchAll(wordOrMark)) yield word;
}

/** Ideographs are words of their own: the CJK blocks of BERT's own tokenizer. */
const chinese = new RegExp(
  "[\\u4e00-\\u9fff\\u3400-\\u4dbf\\u{20000}-\\u{2a6df}\\u{2a700}-\\u{2ceaf}" +
    "\\uf900-\\ufaff\\u{2f800}-\\u{2fa1f}]",
  "gu",
);
/** A mark is ASCII that is neither letter nor digit, or Unicode's punctuation. */
const wordOrMark = /[!-/:-@[-`{-~\p{P}]|[^\s!-/:-@[-`{-~\p{P}]+/gu;

function piecesOf(word: string, settings: BertSettings): number[] {
  const { vocabulary, prefix, unknown, wordCharsMax } = settings;
  const chars = [...word];
  if (chars.length > wordCharsMax) return [unknown];
  const pieces: number[] = [];
  for (let start = 0; start < chars.length; ) {
    let end = chars.length;
    let found: number | undefined;
    for (; end > start && found === undefined; end -= 1) {
      found = vocabulary.get((start === 0 ? "" : prefix) + chars.slice(start, end).join(""));
    }
    if (found === undefined) return [unknown];
    pieces.push(found);
    start = end + 1;
  }
  return pieces;
}

function vocabularyIn(entries: Json): Map<string, number> {
  const vocabulary = new Map<string, number>();
  for (const [token, id] of Object.entries(entries)) {
    if (typeof id === "number") vocabulary.set(token, id);
  }
  return vocabulary;
}

function objectAt(value: unknown, where: string): Json {
  if (typeof value === "object" && value !== null) return value as Json;
  throw new TerminalError(`tokenizer.json: ${where} is missing`);
}

function textAt(value: unknown, fallback: string): string {
  return typeof value === "string" ? value : fallback;
}

function refuse(where: string, got: unknown, expected: string): never {
  const text = `tokenizer.json: ${where}: got ${String(got)}, expected ${expected}`;
  throw new TerminalError(text);
}
