/**
 * From a YAML file to a checked, frozen configuration. Every setting has a default; every
 * problem of the file is found in one reading and shown with its line and column.
 */
import { readFileSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { LineCounter, parseDocument } from "yaml";
import {
  readCorrelation,
  readDedup,
  readGrouping,
  readLifecycle,
} from "./incident-sections.ts";
import { readPolicies, readRules } from "./people-sections.ts";
import { ConfigError, type Problem } from "./problems.ts";
import {
  readClickhouse,
  readIngest,
  readListen,
  readListeners,
  readNats,
  readPartitions,
  readShards,
} from "./process-sections.ts";
import { readReceivers, type ReadSecret } from "./receivers.ts";
import { readSources } from "./sources.ts";
import type { TocsinConfig } from "./types.ts";
import { ConfigValue, type Reading } from "./value.ts";

const fileBytesMax = 4 * 1024 * 1024;
const secretBytesMax = 64 * 1024;

/** What is read when no file is named; it ships with the program. */
export const shippedConfigFile = fileURLToPath(
  new URL("../../config/tocsin.yaml", import.meta.url),
);

export const defaultDataDir = ".tocsin";

const sections = [
  "listen",
  "data_dir",
  "partitions",
  "shards",
  "listeners",
  "nats",
  "clickhouse",
  "ingest",
  "dedup",
  "grouping",
  "correlation",
  "lifecycle",
  "receivers",
  "escalation_policies",
  "rules",
  "sources",
] as const;

/**
 * @param file null: built-in defaults (or `text`, under the name "(text)"). Files that it names
 *   are looked for beside it.
 * @param text the file's content, when the caller has it already.
 * @throws ConfigError with all problems.
 */
export function loadConfig(file: string | null, text?: string): TocsinConfig {
  const name = file ?? "(text)";
  const source = text ?? (file === null ? "" : readConfigFile(file));
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines, prettyErrors: false });
  const problems: Problem[] = document.errors.map((error) => {
    const { line, col } = lines.linePos(error.pos[0]);
    return { file: name, line, column: col, path: "", message: `not valid YAML: ${error.message}` };
  });
  if (problems.length > 0) throw new ConfigError(problems);
  const reading: Reading = { file: name, document, lines, problems, places: 0 };
  const base = file === null ? process.cwd() : dirname(resolve(file));
  const config = readAll(
    new ConfigValue(reading, document.contents, "", null),
    file,
    (path) => readBounded(resolve(base, path), secretBytesMax),
  );
  if (problems.length > 0) throw new ConfigError(problems);
  return deepFreeze(config);
}

function readAll(root: ConfigValue, source: string | null, readSecret: ReadSecret): TocsinConfig {
  const section = root.section(sections);
  const receivers = readReceivers(section("receivers"), readSecret);
  const policies = readPolicies(
    section("escalation_policies"),
    receivers.map((receiver) => receiver.name),
  );
  return {
    source,
    listen: readListen(section("listen")),
    dataDir: section("data_dir").text(defaultDataDir),
    partitions: readPartitions(section("partitions")),
    shards: readShards(section("shards")),
    listeners: readListeners(section("listeners")),
    nats: readNats(section("nats")),
    clickhouse: readClickhouse(section("clickhouse")),
    ingest: readIngest(section("ingest")),
    dedup: readDedup(section("dedup")),
    grouping: readGrouping(section("grouping")),
    correlation: readCorrelation(section("correlation")),
    lifecycle: readLifecycle(section("lifecycle")),
    receivers,
    policies,
    rules: readRules(section("rules"), Object.keys(policies)),
    sources: readSources(section("sources")),
  };
}

function readConfigFile(file: string): string {
  try {
    return readBounded(file, fileBytesMax);
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
    const message = `cannot read the configuration: ${why}`;
    throw new ConfigError([{ file, line: 1, column: 1, path: "", message }]);
  }
}

function readBounded(file: string, bytesMax: number): string {
  const { size } = statSync(file);
  if (size > bytesMax) throw new Error(`${size} bytes, at most ${bytesMax} are read`);
  return readFileSync(file, "utf8");
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  for (const part of Object.values(value)) deepFreeze(part);
  return Object.freeze(value);
}
