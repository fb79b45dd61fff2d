/** LABEL=VALUE arguments of commands that try an alert without sending it. */
import type { Labels } from "../actors/alert/events.ts";
import { usageError } from "./define-command.ts";
import { plain } from "./plain-text.ts";

/** @throws CommandFailure when one is something else, or names a label for the second time. */
export function readLabelPairs(pairs: readonly string[]): Labels {
  const labels = new Map<string, string>();
  for (const pair of pairs) {
    const at = pair.indexOf("=");
    const [name, value] = [pair.slice(0, Math.max(0, at)), pair.slice(at + 1)];
    if (name === "" || /[!~]$/.test(name) || value.startsWith("~")) {
      throw usageError(`got "${plain(pair)}", expected LABEL=VALUE`);
    }
    if (labels.has(name)) throw usageError(`the label ${plain(name)} was given twice`);
    labels.set(name, value);
  }
  // A label without a value is none, as everywhere in Alertmanager.
  return Object.fromEntries([...labels].filter(([, value]) => value !== ""));
}
