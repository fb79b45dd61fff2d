/** Whose configuration a file is: both programs' files are YAML, and people name them freely. */
import { isMap, isScalar, isSeq, type Node } from "yaml";
import { Reading } from "./reading.ts";

export type ConfigKind = "tocsin" | "alertmanager";

const alertmanagerOnly = new Set([
  ...["global", "route", "inhibit_rules", "templates", "time_intervals", "mute_time_intervals"],
  ...["tracing", "event_recorder"],
]);

/**
 * By the names of its sections: `route`, or a receiver with `…_configs`, is Alertmanager's.
 * @throws ConfigError when it is not YAML.
 */
export function configKind(file: string, text: string): ConfigKind {
  const { contents } = new Reading(file, text, { placesMax: 0 }).document;
  const root = entries(contents);
  if (root.some(([key]) => alertmanagerOnly.has(key))) return "alertmanager";
  const receivers = root.find(([key]) => key === "receivers")?.[1];
  const isTheirs = isSeq(receivers)
    && receivers.items.some((item) => entries(item).some(([key]) => key.endsWith("_configs")));
  return isTheirs ? "alertmanager" : "tocsin";
}

function entries(node: unknown): [string, unknown][] {
  if (!isMap(node)) return [];
  return node.items.map(({ key, value }) => [textOf(key as Node), value]);
}

function textOf(key: Node): string {
  return isScalar(key) ? String(key.value) : "";
}
