/**
 * From a YAML file to a checked, frozen configuration. Every setting has a default; every
 * problem of the file is found in one reading and shown with its line and column.
 */
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type AlertmanagerConfig, loadAlertmanagerConfig } from "./alertmanager/load.ts";
import { deepFreeze, readBounded, readConfigFile } from "./config-file.ts";
import { configKind } from "./config-kind.ts";
import { openListenProblem, readAuth } from "./auth-section.ts";
import {
  readCorrelation,
  readDedup,
  readFlapping,
  readGrouping,
  readLifecycle,
  readSilences,
} from "./incident-sections.ts";
import { readMetrics } from "./metrics-section.ts";
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
import { ConfigError } from "./problems.ts";
import { Reading } from "./reading.ts";
import { readRedaction } from "./redaction-section.ts";
import { readSeverity } from "./severity-section.ts";
import { readReceivers, type ReadSecret } from "./receivers.ts";
import { readSources } from "./sources.ts";
import { readTextModels } from "./text-models-section.ts";
import type { TocsinConfig } from "./types.ts";
import { ConfigValue } from "./value.ts";

const secretBytesMax = 64 * 1024;
const placesMax = 100_000;

/** What is read when no file is named; it ships with the program. */
export const shippedConfigFile = fileURLToPath(
  new URL("../../config/tocsin.yaml", import.meta.url),
);

export const defaultDataDir = ".tocsin";

/** Alertmanager's groups and inhibition know no tenants: all alerts are in one memory. */
const wholeDomain: string[][] = [];

const sections = [
  "listen",
  "data_dir",
  "partitions",
  "shards",
  "listeners",
  "auth",
  "nats",
  "clickhouse",
  "ingest",
  "redaction",
  "dedup",
  "grouping",
  "correlation",
  "lifecycle",
  "flapping",
  "severity",
  "silences",
  "receivers",
  "escalation_policies",
  "rules",
  "alertmanager",
  "sources",
  "metrics",
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

/**
 * What `--config` names: Tocsin's own file, or an alertmanager.yml, which then stands beside the
 * shipped settings. The result is frozen.
 * @throws ConfigError with all problems.
 */
export function loadConfiguration(file: string): TocsinConfig {
  const text = readConfigFile(file);
  if (configKind(file, text) === "tocsin") return loadConfig(file, text);
  const alertmanager = loadAlertmanagerConfig(file, text);
  const shipped = loadConfig(shippedConfigFile);
  return deepFreeze({
    ...shipped,
    source: file,
    alertmanager,
    dedup: { ...shipped.dedup, domainBy: wholeDomain },
    ingest: { ...shipped.ingest, resolveTimeoutMs: alertmanager.resolveTimeoutMs },
  });
}

/** The file that it names, beside this one; its problems are problems of this reading. */
function readAlertmanager(value: ConfigValue, source: string | null): AlertmanagerConfig | null {
  if (!value.present) return null;
  const base = source === null ? process.cwd() : dirname(resolve(source));
  try {
    return loadAlertmanagerConfig(resolve(base, value.text()));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    value.problem(`the file is not valid:\n${error.message}`);
    return null;
  }
}

function readAll(root: ConfigValue, source: string | null, readSecret: ReadSecret): TocsinConfig {
  const section = root.section(sections);
  const receivers = readReceivers(section("receivers"), readSecret);
  const policies = readPolicies(
    section("escalation_policies"),
    receivers.map((receiver) => receiver.name),
  );
  const alertmanager = readAlertmanager(section("alertmanager"), source);
  const listen = readListen(section("listen"));
  const auth = readAuth(section("auth"));
  const problem = openListenProblem(listen, auth.mode);
  if (problem !== null) section("listen").problem(problem);
  return {
    source,
    listen,
    auth,
    dataDir: section("data_dir").text(defaultDataDir),
    partitions: readPartitions(section("partitions")),
    shards: readShards(section("shards")),
    listeners: readListeners(section("listeners")),
    nats: readNats(section("nats")),
    clickhouse: readClickhouse(section("clickhouse")),
    ingest: readIngest(section("ingest")),
    redaction: readRedaction(section("redaction")),
    dedup: readDedup(section("dedup"), alertmanager === null ? undefined : wholeDomain),
    grouping: readGrouping(section("grouping")),
    correlation: readCorrelation(section("correlation"), source),
    textModels: readTextModels(section("correlation"), source, readSecret),
    lifecycle: readLifecycle(section("lifecycle")),
    flapping: readFlapping(section("flapping")),
    severity: readSeverity(section("severity"), source),
    silences: readSilences(section("silences")),
    receivers,
    policies,
    rules: readRules(section("rules"), Object.keys(policies)),
    alertmanager,
    sources: readSources(section("sources")),
    metrics: readMetrics(section("metrics"), source),
  };
}
