/**
 * From a YAML file to a checked, frozen configuration. Every setting has a default; every
 * problem of the file is found in one reading and shown with its line and column.
 */
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { deepFreeze, readBounded, readConfigFile } from "./config-file.ts";
import {
  readCorrelation,
  readDedup,
  readGrouping,
  readLifecycle,
} from "./incident-sections.ts";
import { readPolicies, readRules } from "./people-sections.ts";
import {
  readClickhouse,
  readIngest,
  readListen,
  readListeners,
  readNats,
  readPartitions,
  readShards,
} from "./process-sections.ts";
import { Reading } from "./reading.ts";
import { readReceivers, type ReadSecret } from "./receivers.ts";
import { readSources } from "./sources.ts";
import type { TocsinConfig } from "./types.ts";
import { ConfigValue } from "./value.ts";

const secretBytesMax = 64 * 1024;
const placesMax = 100_000;

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
  const reading = new Reading(name, source, { placesMax });
  const base = file === null ? process.cwd() : dirname(resolve(file));
  const config = readAll(
    new ConfigValue(reading, reading.document.contents, "", null),
    file,
    (path) => readBounded(resolve(base, path), secretBytesMax),
  );
  reading.endIfBad();
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
    dispatch: null,
    sources: readSources(section("sources")),
  };
}
