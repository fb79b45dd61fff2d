/** Section `correlation.similarity`: when messages, texts and values count as alike. */
import { type SimilarityConfig, similarityDefaults } from "../../actors/correlation/likeness.ts";
import { llmRuleDefaults } from "../../actors/similarity/llm-rule.ts";
import type { LlmRuleConfig, LlmThreshold } from "../../actors/similarity/llm-rule.ts";
import type { ConfigValue } from "./value.ts";

const second = 1_000;
const day = 86_400 * second;
const thresholdsMax = 128;
const wordCharsMax = 64;

export function readSimilarity(value: ConfigValue): SimilarityConfig {
  const section = value.section(["enabled", "messages", "texts", "llm"]);
  const messages = section("messages").section(["least"]);
  const texts = section("texts").section(["least"]);
  const defaults = similarityDefaults;
  return {
    enabled: section("enabled").flag(defaults.enabled),
    messages: { least: readShare(messages("least"), defaults.messages.least) },
    texts: { least: readShare(texts("least"), defaults.texts.least) },
    llm: readLlm(section("llm")),
  };
}

/** Below a half, nearly everything is alike. */
function readShare(value: ConfigValue, fallback: number): number {
  if (!value.present) return fallback;
  const share = value.number(fallback);
  if (share >= 0.5 && share <= 1) return share;
  value.expected("a number from 0.5 to 1");
  return fallback;
}

/** A threshold of the file replaces the default of its metric and unit; others stay. */
function readLlm(value: ConfigValue): LlmRuleConfig {
  const section = value.section(["window", "thresholds"]);
  const windowMs = section("window").duration({
    ...{ default: llmRuleDefaults.windowMs, min: second, max: day },
  });
  const own = section("thresholds").list(thresholdsMax).map(readThreshold);
  const isOwn = ({ metric, unit }: LlmThreshold): boolean =>
    own.some((each) => each.metric === metric && each.unit === unit);
  const kept = llmRuleDefaults.thresholds.filter((each) => !isOwn(each));
  return { windowMs, thresholds: [...own, ...kept] };
}

/** A threshold of 0: nothing of this metric counts as alike. */
function readThreshold(value: ConfigValue): LlmThreshold {
  const section = value.section(["metric", "unit", "less_than"]);
  const metric = readWord(section("metric")).toLowerCase();
  const unit = section("unit").present ? readWord(section("unit")) : "1";
  const threshold = section("less_than").number(0);
  if (threshold < 0) section("less_than").expected("a number that is not below 0");
  return { metric, unit, threshold };
}

function readWord(value: ConfigValue): string {
  const word = value.text();
  if (word.length > wordCharsMax) value.expected(`at most ${wordCharsMax} characters`);
  return word;
}
