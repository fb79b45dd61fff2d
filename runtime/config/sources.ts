/**
 * The section `sources`: how JSON of any shape becomes alerts at POST /v1/ingest/{name}. A rule
 * says where a value comes from: a path into the item (or the whole body), or a constant; then
 * what words it is replaced by, and what stands in when there is none.
 *
 *   host: /event/host            a JSON pointer
 *   host: event.host             the same, dotted
 *   team: { value: platform }    a constant
 *   severity: { path: [level, event.level], map: { "5": critical }, default: medium }
 */
import { readName } from "./people-sections.ts";
import type { ConfigValue } from "./value.ts";

export type SourcePath = { text: string; steps: string[] };

export type SourceRule = {
  /** Where the paths begin. */
  from: "item" | "body";
  /** The first that leads to a value counts. */
  paths: SourcePath[];
  constant: string | null;
  /** Words in lower case, and what each becomes; null: they stay. */
  map: Record<string, string> | null;
  /** For what is absent, or not in the map. */
  fallback: string | null;
};

export type SourceMapping = {
  /** The last part of the path, and the first part of dedup keys. */
  name: string;
  /** Where the list of items is; null: the body is the list, or the one item. */
  items: SourcePath | null;
  labels: [string, SourceRule][];
  annotations: [string, SourceRule][];
  /** Null: whatever comes fires. Lists of words in lower case; null: the usual words. */
  status: { rule: SourceRule; firing: string[] | null; resolved: string[] | null } | null;
  startsAt: SourceRule | null;
  endsAt: SourceRule | null;
  dedupKey: SourceRule | null;
  generatorUrl: SourceRule | null;
  /** How long an alert without an end fires unless it is repeated; null: ingest.resolve_timeout. */
  firesForMs: number | null;
};

const sourcesMax = 1_000;
const entriesMax = 64;
const wordsMax = 1_000;
const pathsMax = 10;
const stepsMax = 32;
const minute = 60_000;
const day = 24 * 60 * minute;
/** How long what is ended by a message of its sender fires at most. */
const firesForMsMax = 30 * day;
/** Paths of the same folder that are formats of their own. */
const reserved = ["alertmanager", "grafana"];

export function readSources(value: ConfigValue): SourceMapping[] {
  const taken = new Set<string>();
  return value.list(sourcesMax).map((entry) => readSource(entry, taken));
}

function readSource(entry: ConfigValue, taken: Set<string>): SourceMapping {
  const section = entry.section([
    ...["name", "items", "labels", "annotations", "status", "starts_at", "ends_at"],
    ...["dedup_key", "generator_url", "fires_for"],
  ]);
  const name = readName(section("name"), taken);
  if (reserved.includes(name)) section("name").problem(`${name} is a door of its own`);
  const rule = (key: string): SourceRule | null =>
    section(key).present ? readRule(section(key), []) : null;
  const status = section("status").present ? readStatus(section("status")) : null;
  const firesFor = section("fires_for");
  return {
    name,
    status,
    items: section("items").present ? readPath(section("items")) : null,
    labels: readRules(section("labels")),
    annotations: readRules(section("annotations")),
    startsAt: rule("starts_at"),
    endsAt: rule("ends_at"),
    dedupKey: rule("dedup_key"),
    generatorUrl: rule("generator_url"),
    firesForMs: firesFor.present
      ? firesFor.duration({ default: 5 * minute, min: minute, max: firesForMsMax })
      : status === null
        ? null
        : firesForMsMax,
  };
}

function readRules(value: ConfigValue): [string, SourceRule][] {
  return value.entries(entriesMax).map(([name, rule]) => [name, readRule(rule, [])]);
}

function readStatus(value: ConfigValue): SourceMapping["status"] {
  const rule = readRule(value, ["firing", "resolved"]);
  if (!value.isMap()) return { rule, firing: null, resolved: null };
  const section = value.section([...ruleKeys, "firing", "resolved"]);
  const words = (key: string): string[] | null => {
    if (!section(key).present) return null;
    return section(key).list(wordsMax).map((word) => word.scalarText("").toLowerCase());
  };
  return { rule, firing: words("firing"), resolved: words("resolved") };
}

const ruleKeys = ["path", "from", "value", "map", "default"];

/** @param more keys that are read elsewhere. */
function readRule(value: ConfigValue, more: string[]): SourceRule {
  const blank: SourceRule = { from: "item", paths: [], constant: null, map: null, fallback: null };
  if (!value.isMap()) return { ...blank, paths: [readPath(value)] };
  const section = value.section([...ruleKeys, ...more]);
  const [path, constant] = [section("path"), section("value")];
  if (path.present === constant.given) {
    value.problem("expected either path or value");
    return blank;
  }
  const text = (key: string): string | null =>
    section(key).given ? section(key).scalarText("") : null;
  return {
    from: section("from").choice(["item", "body"], "item"),
    paths: path.present ? (path.isList() ? path.list(pathsMax) : [path]).map(readPath) : [],
    constant: text("value"),
    map: section("map").present ? readWords(section("map")) : null,
    fallback: text("default"),
  };
}

function readWords(value: ConfigValue): Record<string, string> {
  const words = Object.create(null) as Record<string, string>;
  for (const [word, meaning] of value.entries(wordsMax)) {
    words[word.toLowerCase()] = meaning.scalarText("");
  }
  return words;
}

function readPath(value: ConfigValue): SourcePath {
  const text = value.text();
  const path = parsePath(text);
  if (path !== null) return path;
  if (text !== "") {
    value.expected('a path such as event.host, /event/host or "." for the whole item');
  }
  return { text, steps: [] };
}

/** Null: it is none. */
function parsePath(text: string): SourcePath | null {
  if (text === ".") return { text, steps: [] };
  const isPointer = text.startsWith("/");
  const parts = isPointer ? text.slice(1).split("/") : text.split(".");
  if (parts.length > stepsMax) return null;
  if (!isPointer) return parts.includes("") ? null : { text, steps: parts };
  if (parts.some((part) => /~(?![01])/.test(part))) return null;
  return { text, steps: parts.map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~")) };
}
