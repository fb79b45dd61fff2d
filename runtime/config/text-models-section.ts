/** `correlation.text` and `correlation.classifier`: which models read incidents' texts. */
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { ModelLimits } from "../text-models/limited-model.ts";
import { isHttpHeader } from "../http-header.ts";
import { onnxFile } from "../text-models/onnx/model-folder.ts";
import { readSecretText, type ReadSecret } from "./receivers.ts";
import type { ConfigValue } from "./value.ts";

/** Where a model is asked; `url` is such as https://api.openai.com/v1. */
export type ModelAddress = {
  url: string;
  model: string;
  /** Of the file that was named; null: none was. */
  apiKey: string | null;
  /** The environment variable that has it; null: none was named. */
  apiKeyEnv: string | null;
  allowPrivate: boolean;
};

export type EndpointConfig = ModelAddress & {
  provider: "endpoint";
  dimensions: number | null;
  limits: ModelLimits;
};

export type OnnxConfig = {
  provider: "onnx";
  /** Absolute. */
  folder: string;
  /** Tokens of a text that the model reads; the rest is cut. */
  tokensMax: number;
  threads: number;
  limits: ModelLimits;
};

export type ClassifierConfig = ModelAddress & {
  parameters: Record<string, unknown>;
  confidence: number;
  askFrom: number;
  pairs: number;
  limits: ModelLimits;
};

export type TextModelsConfig = {
  /** Null: texts are compared by what the incident stage itself has. */
  embeddings: EndpointConfig | OnnxConfig | null;
  classifier: ClassifierConfig | null;
  threshold: number;
  windowMs: number;
  candidates: number;
  textCharsMax: number;
  /** Texts, and pairs of texts, whose answers are remembered. */
  rememberedMax: number;
};

const second = 1_000;
const minute = 60 * second;
const day = 24 * 60 * minute;
const urlCharsMax = 8_192;

const providers = ["local", "endpoint", "onnx"] as const;
type Provider = (typeof providers)[number];

const commonKeys = ["provider", "threshold", "window", "candidates", "chars_max", "remembered"];
const addressKeys = ["url", "model", "api_key_file", "api_key_env", "allow_private"];
const budgetKeys = ["calls_per_hour", "tokens_per_hour"];
const keysOf: Record<Provider, string[]> = {
  local: [],
  endpoint: [...addressKeys, ...budgetKeys, "timeout", "dimensions"],
  onnx: ["folder", "tokens_max", "threads", "timeout"],
};
/** What a request consists of whatever the parameters say. */
const ownParameters = ["model", "messages", "stream", "n"];

/**
 * @param correlation the section that both stand in.
 * @param source the configuration file; a model's folder is looked for beside it.
 */
export function readTextModels(
  correlation: ConfigValue,
  source: string | null,
  readSecret: ReadSecret,
): TextModelsConfig {
  const text = correlation.child("text");
  const provider = text.child("provider").choice(providers, "local");
  const section = text.section([...commonKeys, ...Object.values(keysOf).flat()]);
  refuseForeign(section, provider);
  return {
    embeddings: readEmbeddings(provider, section, source, readSecret),
    classifier: readClassifier(correlation.child("classifier"), readSecret),
    threshold: share(section("threshold"), 0.85),
    windowMs: section("window").duration({ default: 15 * minute, min: second, max: day }),
    candidates: section("candidates").integer({ default: 50, min: 1, max: 200 }),
    textCharsMax: section("chars_max").integer({ default: 1_000, min: 100, max: 8_000 }),
    rememberedMax: section("remembered").integer({ default: 2_000, min: 10, max: 100_000 }),
  };
}

type Section = (key: string) => ConfigValue;

function refuseForeign(section: Section, provider: Provider): void {
  for (const other of providers) {
    for (const key of keysOf[other]) {
      if (keysOf[provider].includes(key) || !section(key).given) continue;
      const owners = providers.filter((one) => keysOf[one].includes(key));
      // A key of two providers is met twice; the first of them says so.
      if (owners[0] !== other) continue;
      section(key).problem(`belongs to provider: ${owners.join(" or ")}, not to ${provider}`);
    }
  }
}

function readEmbeddings(
  provider: Provider,
  section: Section,
  source: string | null,
  readSecret: ReadSecret,
): TextModelsConfig["embeddings"] {
  const timeoutMs = readTimeout(section("timeout"), 5 * second);
  switch (provider) {
    case "local":
      return null;
    case "onnx":
      return {
        provider,
        folder: readFolder(section("folder"), source),
        tokensMax: section("tokens_max").integer({ default: 256, min: 8, max: 8_192 }),
        threads: section("threads").integer({ default: 1, min: 1, max: 64 }),
        limits: { timeoutMs, callsPerHour: Infinity, tokensPerHour: Infinity },
      };
    case "endpoint": {
      const dimensions = section("dimensions");
      return {
        provider,
        ...readAddress(section, readSecret),
        dimensions: dimensions.present
          ? dimensions.integer({ default: 1, min: 1, max: 8_192 })
          : null,
        limits: { timeoutMs, ...readBudget(section, 1_000, 1_000_000) },
      };
    }
  }
}

function readClassifier(value: ConfigValue, readSecret: ReadSecret): ClassifierConfig | null {
  if (!value.present) return null;
  const ownKeys = ["timeout", "confidence", "ask_from", "pairs", "parameters"];
  const section = value.section([...addressKeys, ...budgetKeys, ...ownKeys]);
  return {
    ...readAddress(section, readSecret),
    parameters: readParameters(section("parameters")),
    confidence: share(section("confidence"), 0.8),
    askFrom: share(section("ask_from"), 0.2),
    pairs: section("pairs").integer({ default: 3, min: 1, max: 20 }),
    limits: {
      timeoutMs: readTimeout(section("timeout"), 15 * second),
      ...readBudget(section, 200, 200_000),
    },
  };
}

function readAddress(section: Section, readSecret: ReadSecret): ModelAddress {
  const [file, variable] = [section("api_key_file"), section("api_key_env")];
  if (file.present && variable.present) {
    variable.problem("api_key_file and api_key_env are both given, expected one of them");
  }
  const apiKey = readSecretText(file, readSecret);
  if (apiKey !== null && !isHttpHeader("authorization", `Bearer ${apiKey}`)) {
    file.problem("the file's text cannot be a header value");
  }
  const apiKeyEnv = variable.optionalText();
  if (apiKeyEnv !== null && !/^[A-Za-z_][A-Za-z0-9_]*$/.test(apiKeyEnv)) {
    variable.problem("expected the name of an environment variable, such as OPENAI_API_KEY");
  }
  return {
    url: readUrl(section("url")),
    model: section("model").text(),
    ...{ apiKey, apiKeyEnv },
    allowPrivate: section("allow_private").flag(true),
  };
}

function readUrl(value: ConfigValue): string {
  const text = value.text();
  if (text === "") return "";
  const url = URL.canParse(text) && text.length <= urlCharsMax ? new URL(text) : null;
  if (url === null || !["http:", "https:"].includes(url.protocol)) {
    value.expected("an http:// or https:// URL, such as https://api.openai.com/v1");
  } else if (url.username !== "" || url.password !== "") {
    value.problem("a secret does not belong into the URL: use api_key_file or api_key_env");
  } else if (url.search !== "" || url.hash !== "") {
    value.problem("expected a URL without ? and #: the path of each question is put behind it");
  }
  return text;
}

function readFolder(value: ConfigValue, source: string | null): string {
  const name = value.text();
  if (name === "") return "";
  const folder = resolve(source === null ? process.cwd() : dirname(resolve(source)), name);
  if (onnxFile(folder) === null) {
    value.problem(`there is no model.onnx in ${folder}, nor in its folder onnx`);
  }
  if (!existsSync(join(folder, "tokenizer.json"))) {
    value.problem(`there is no tokenizer.json in ${folder}`);
  }
  return folder;
}

function readTimeout(value: ConfigValue, fallbackMs: number): number {
  return value.duration({ default: fallbackMs, min: 100, max: minute });
}

function readBudget(
  section: Section,
  calls: number,
  tokens: number,
): Pick<ModelLimits, "callsPerHour" | "tokensPerHour"> {
  const most = 1_000_000_000;
  return {
    callsPerHour: section("calls_per_hour").integer({ default: calls, min: 1, max: most }),
    tokensPerHour: section("tokens_per_hour").integer({ default: tokens, min: 1, max: most }),
  };
}

function readParameters(value: ConfigValue): Record<string, unknown> {
  if (!value.present) {
    return { temperature: 0, max_tokens: 200, response_format: { type: "json_object" } };
  }
  const entries = value.entries(32).map(([name, entry]) => {
    if (ownParameters.includes(name)) entry.problem("is set by Tocsin itself");
    return [name, entry.plain()] as const;
  });
  return Object.fromEntries(entries);
}

/** A number from 0 to 1. */
function share(value: ConfigValue, fallback: number): number {
  if (!value.present) return fallback;
  const number = value.number(fallback);
  if (number >= 0 && number <= 1) return number;
  value.expected("a number from 0 to 1");
  return fallback;
}
