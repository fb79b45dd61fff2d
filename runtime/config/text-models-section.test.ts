import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { incidentConfig } from "./actor-configs.ts";
import { loadConfig, shippedConfigFile } from "./load.ts";
import { ConfigError } from "./problems.ts";

let dir: string;
let file: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "tocsin-text-models-"));
  file = join(dir, "t.yaml");
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const read = (lines: string[]) =>
  loadConfig(file, ["correlation:", ...lines.map((line) => `  ${line}`), ""].join("\n"));

/** What a person would see, without the file's folder. */
function problems(lines: string[]): string[] {
  try {
    read(lines);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.message.replaceAll(dir, "").split("\n");
    throw error;
  }
}

const inText = (...lines: string[]) => ["text:", ...lines.map((line) => `  ${line}`)];
const inClassifier = (...lines: string[]) => ["classifier:", ...lines.map((line) => `  ${line}`)];

test("without either nothing is asked, and the stage's configuration is the same", () => {
  const none = read(["enabled: true"]);
  expect(none.textModels).toMatchObject({ embeddings: null, classifier: null, threshold: 0.85 });
  const some = read(inClassifier("url: http://localhost:11434/v1", "model: m"));
  expect(incidentConfig(some).hash).toBe(incidentConfig(none).hash);
});

test("an endpoint has limits by default, and its key is in a file or in the environment", () => {
  writeFileSync(join(dir, "key"), "sk-1\n");
  const address = ["provider: endpoint", "url: https://models.example/v1", "model: small"];
  const { embeddings } = read(inText(...address, "api_key_file: key", "threshold: 0.9")).textModels;
  expect(embeddings).toEqual({
    ...{ provider: "endpoint", url: "https://models.example/v1", model: "small" },
    ...{ apiKey: "sk-1", apiKeyEnv: null, allowPrivate: true, dimensions: null },
    limits: { timeoutMs: 5_000, callsPerHour: 1_000, tokensPerHour: 1_000_000 },
  });
  const other = read(inText(...address, "api_key_env: KEY", "calls_per_hour: 7")).textModels;
  expect(other.embeddings).toMatchObject({
    ...{ apiKey: null, apiKeyEnv: "KEY", limits: { callsPerHour: 7 } },
  });
});

test("a model's folder is looked for beside the file", () => {
  mkdirSync(join(dir, "minilm", "onnx"), { recursive: true });
  writeFileSync(join(dir, "minilm", "onnx", "model.onnx"), "");
  writeFileSync(join(dir, "minilm", "tokenizer.json"), "{}");
  const { embeddings } = read(inText("provider: onnx", "folder: minilm")).textModels;
  expect(embeddings).toMatchObject({ folder: join(dir, "minilm"), tokensMax: 256, threads: 1 });
});

test("a classifier's parameters are the user's, but for what a question consists of", () => {
  const address = ["url: http://localhost:11434/v1", "model: judge"];
  const { classifier } = read(inClassifier(...address)).textModels;
  expect(classifier).toMatchObject({
    ...{ confidence: 0.8, askFrom: 0.2, pairs: 3 },
    parameters: { temperature: 0, max_tokens: 200, response_format: { type: "json_object" } },
    limits: { timeoutMs: 15_000, callsPerHour: 200, tokensPerHour: 200_000 },
  });
  const own = read(inClassifier(...address, "parameters: { max_completion_tokens: 300 }"));
  expect(own.textModels.classifier?.parameters).toEqual({ max_completion_tokens: 300 });
  expect(problems(inClassifier(...address, "parameters: { messages: [] }"))).toEqual([
    "/t.yaml:5:29: correlation.classifier.parameters.messages: is set by Tocsin itself",
  ]);
});

test("the example of the shipped file is valid once it is uncommented", () => {
  const shipped = readFileSync(shippedConfigFile, "utf8");
  const example = /^ {2}# text:\n(?: {2}# .*\n)+/m.exec(shipped)?.[0] ?? "";
  const lines = example.trimEnd().split("\n").map((line) => line.replace("  # ", ""));
  const { embeddings, classifier } = read(lines).textModels;
  expect(embeddings).toMatchObject({ provider: "endpoint", apiKeyEnv: "OPENAI_API_KEY" });
  expect(classifier).toMatchObject({ model: "qwen3", confidence: 0.8 });
});

test("problems have their place", () => {
  expect(problems(inText("provider: openai"))).toEqual([
    "/t.yaml:3:15: correlation.text.provider: " +
      'got "openai", expected one of local, endpoint, onnx',
  ]);
  expect(problems(inText("provider: onnx", "folder: nowhere", "url: http://x"))).toEqual([
    "/t.yaml:4:13: correlation.text.folder: " +
      "there is no model.onnx in /nowhere, nor in its folder onnx",
    "/t.yaml:4:13: correlation.text.folder: there is no tokenizer.json in /nowhere",
    "/t.yaml:5:10: correlation.text.url: belongs to provider: endpoint, not to onnx",
  ]);
  expect(problems(inText("timeout: 5s"))).toEqual([
    "/t.yaml:3:14: correlation.text.timeout: belongs to provider: endpoint or onnx, not to local",
  ]);
  expect(problems(inText("provider: endpoint", "threshold: 85"))).toEqual([
    "/t.yaml:3:5: correlation.text.url: got nothing, expected a text",
    "/t.yaml:3:5: correlation.text.model: got nothing, expected a text",
    "/t.yaml:4:16: correlation.text.threshold: got 85, expected a number from 0 to 1",
  ]);
  expect(problems(["text: yes please"])).toEqual([
    '/t.yaml:2:9: correlation.text: got "yes please", expected a map of settings',
  ]);
});

test("secrets do not stand in the file, and no problem shows one", () => {
  const url = "url: https://me:secret@models.example/v1";
  expect(problems(inClassifier(url, "model: m", "api_key: sk-secret"))).toEqual([
    "/t.yaml:3:10: correlation.classifier.url: " +
      "a secret does not belong into the URL: use api_key_file or api_key_env",
    expect.stringMatching(/^\/t\.yaml:5:5: correlation\.classifier\.api_key: unknown setting/),
  ]);
  writeFileSync(join(dir, "key"), "two\nlines");
  const both = problems(
    inClassifier(
      ...["url: https://models.example/v1?key=secret", "model: m"],
      ...["api_key_file: key", "api_key_env: OPENAI-KEY"],
    ),
  ).join("\n");
  expect(both).toContain("expected a URL without ? and #");
  expect(both).toContain("api_key_file and api_key_env are both given, expected one of them");
  expect(both).toContain("the file's text cannot be a header value");
  expect(both).toContain("expected the name of an environment variable");
  expect(both).not.toContain("key=secret");
});
