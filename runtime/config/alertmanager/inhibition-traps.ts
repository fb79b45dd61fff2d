/** Inhibition rules that are valid and yet hardly meant: they keep everything quiet, or nothing. */
import type { PlacedRule } from "./inhibition.ts";
import { contradiction, implies, matcherText } from "./matcher-logic.ts";

export function warnOfInhibition(rules: PlacedRule[]): void {
  for (const { rule, value } of rules) {
    const { sources, targetMatchers } = rule;
    if (targetMatchers.length === 0) value.warn("no target matchers: it keeps every alert quiet");
    for (const { matchers } of sources) {
      if (matchers.length === 0) value.warn("a source without matchers: every alert is one");
    }
    for (const matchers of [targetMatchers, ...sources.map((source) => source.matchers)]) {
      const pair = contradiction(matchers);
      if (pair === null) continue;
      value.warn(`never holds: no alert has both ${pair.map(matcherText).join(" and ")}`);
    }
    // An alert that is source and target at once is not inhibited by another such alert.
    const [source, ...others] = sources;
    if (source === undefined || others.length > 0 || targetMatchers.length === 0) continue;
    const isSame =
      implies(source.matchers, targetMatchers) && implies(targetMatchers, source.matchers);
    if (isSame) value.warn("never inhibits: sources and targets are the same alerts");
  }
}
