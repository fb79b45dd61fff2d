/** Matchers as routes and inhibition rules write them: a list of texts, and two older maps. */
import { translateGoRegexp } from "../../../actors/incident/go-regexp.ts";
import type { Matcher } from "../../../actors/incident/types.ts";
import type { ConfigValue } from "../value.ts";
import { sortedMatchers } from "../../../actors/dispatch/text.ts";
import { parseMatchers } from "./matcher-list.ts";

const matchersMax = 10_000;

/** All of them must hold; sorted, as Alertmanager keeps them. */
export function readMatchers(
  list: ConfigValue,
  match: ConfigValue,
  matchRe: ConfigValue,
): Matcher[] {
  return sortedMatchers([
    ...readMap(match, "="),
    ...readMap(matchRe, "=~"),
    ...list.list(matchersMax).flatMap(readItem),
  ]);
}

/** Any label name that is not empty; null stands for what is none. */
export function readLabelName(value: ConfigValue): string | null {
  const name = value.scalarText("");
  if (name !== "") return name;
  value.expected("a label's name");
  return null;
}

function readItem(item: ConfigValue): Matcher[] {
  const parsed = parseMatchers(item.scalarText(""));
  if (parsed.kind === "ok") return parsed.matchers;
  item.problem(parsed.message);
  return [];
}

function readMap(map: ConfigValue, op: "=" | "=~"): Matcher[] {
  return map.entries(matchersMax).map(([label, entry]) => {
    if (!/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(label)) {
      entry.problem("not a label name of the old kind, expected letters, digits and _");
    }
    const value = entry.scalarText("");
    const checked = op === "=~" ? translateGoRegexp(value) : null;
    if (op === "=~" && !entry.present) entry.expected("a regular expression");
    if (checked?.kind === "error") {
      entry.problem(`not a valid regular expression: ${checked.message}, in "${value}"`);
    }
    // The keys of groups show it so: receivers recognise their groups after a move to Tocsin.
    return { label, op, value: op === "=~" ? `^(?:${value})$` : value };
  });
}
