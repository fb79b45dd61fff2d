/**
 * `inhibit_rules`: which firing alerts keep others quiet. Beside Alertmanager's single source a
 * rule may have several, as `sources: [{matchers, equal}]`: it holds when each has a match.
 */
import type { InhibitRule } from "../../../actors/dispatch/config.ts";
import type { ConfigValue } from "../value.ts";
import type { Section } from "./fields.ts";
import { readLabelName, readMatchers } from "./label-matchers.ts";

const rulesMax = 10_000;
const sourcesMax = 100;
const equalMax = 1_000;

const sourceKeys = ["source_matchers", "source_match", "source_match_re"] as const;
const keys = [
  "name",
  ...sourceKeys,
  "sources",
  "target_matchers",
  "target_match",
  "target_match_re",
  "equal",
] as const;

export type PlacedRule = { rule: InhibitRule; value: ConfigValue };

export function readInhibitRules(value: ConfigValue): PlacedRule[] {
  return value.list(rulesMax).map((entry) => {
    const section = entry.section(keys);
    const rule: InhibitRule = {
      name: section("name").scalarText(""),
      sources: readSources(section),
      targetMatchers: readMatchers(
        section("target_matchers"),
        section("target_match"),
        section("target_match_re"),
      ),
      equal: readEqual(section("equal")),
    };
    return { rule, value: entry };
  });
}

function readSources(section: Section): InhibitRule["sources"] {
  const sources = section("sources");
  if (!sources.present) {
    const [list, match, matchRe] = sourceKeys.map((key) => section(key));
    return [{ matchers: readMatchers(list!, match!, matchRe!), equal: [] }];
  }
  const single = sourceKeys.find((key) => section(key).present);
  if (single !== undefined) {
    section(single).problem("cannot stand beside sources, expected one of them");
  }
  const items = sources.list(sourcesMax);
  if (items.length === 0) sources.expected("a list of sources, each with matchers");
  return items.map((item) => {
    const source = item.section(["matchers", "match", "match_re", "equal"]);
    return {
      matchers: readMatchers(source("matchers"), source("match"), source("match_re")),
      equal: readEqual(source("equal")),
    };
  });
}

function readEqual(value: ConfigValue): string[] {
  const labels = value.list(equalMax).map(readLabelName);
  return labels.filter((label) => label !== null);
}
