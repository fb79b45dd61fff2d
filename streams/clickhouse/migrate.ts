/**
 * Brings the database `tocsin` to the shape this program knows. Migrations are files, numbered,
 * applied once and in order, and recorded; a file that was applied never changes again.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ClickHouseError } from "@clickhouse/client";
import { TerminalError } from "../../runtime/errors.ts";
import type { Logger } from "../../runtime/ports.ts";
import type { Engine } from "./engine.ts";
import { nativeBlock } from "./native-block.ts";

const folder = join(import.meta.dirname, "migrations");

/** Tables that forget by time; the others hold one row per thing that exists. */
const forgettingTables = [
  "alert_events",
  "incident_events",
  "notifications",
  "command_outcomes",
  "group_notifications",
  "silence_events",
] as const;

/** Tables that a storm fills: its blocks come twice a second. */
const busyTables = ["alert_events", "alerts", "incident_events", "incident_states"] as const;
/**
 * Parts that are merged into one, rather than ClickHouse's five: each merge writes all of its rows
 * again, and so there are half as many. A query reads a few parts more.
 */
const mergeBase = "merge_selector_base = 10";

const viewSources: Record<string, string> = {
  incidents: "incident_states",
  escalations: "incident_events",
  commands: "incident_events",
};

/**
 * Idempotent. A statement that fails half-way through a file leaves the file unrecorded, and
 * its tables are created again "if not exists" the next time.
 * @param retentionDays whole days that events are kept; null: for ever.
 * @param log told what the server refuses that the tables can do without.
 * @returns the identity of this database, which the sink's position belongs to.
 * @throws TerminalError when the database was made by a newer program.
 */
export async function migrate(
  engine: Engine,
  retentionDays: number | null,
  log: Logger,
): Promise<string> {
  await engine.command(
    "create database if not exists tocsin comment 'Tocsin: alerts, incidents, notifications'",
  );
  await engine.command(`
    create table if not exists tocsin.schema_migrations
    (
      number UInt32 comment 'Number of the migration; 0 stands for the database itself',
      name String comment 'Its file; for number 0, the identity of the database',
      applied_at DateTime64(3, 'UTC') default now64(3) comment 'When it was applied'
    )
    engine = ReplacingMergeTree order by (number, name)
    comment 'Which migrations have been applied'`);
  const applied = await engine.rows(
    "select number, name from tocsin.schema_migrations order by number, applied_at",
  );
  const files = readdirSync(folder).filter((name) => /^\d{4}-.*\.sql$/.test(name)).sort();
  const newest = Number(applied.at(-1)?.["number"] ?? 0);
  if (newest > files.length) {
    throw new TerminalError(
      `the ClickHouse database tocsin has schema ${newest}, this program knows ${files.length}: ` +
        "run the newer program again, or give this one a database of its own",
    );
  }
  for (const file of files) {
    const number = Number(file.slice(0, 4));
    if (applied.some((row) => Number(row["number"]) === number)) continue;
    for (const statement of statements(readFileSync(join(folder, file), "utf8"))) {
      await engine.command(statement);
    }
    await record(engine, number, file);
  }
  await commentViews(engine);
  await applyRetention(engine, retentionDays);
  await mergeLessOften(engine, log);
  return await identity(engine, applied);
}

/** Statements of a migration file; each ends with ";" at the end of a line. */
function statements(sql: string): string[] {
  return sql
    .split("\n")
    .filter((line) => !line.startsWith("--"))
    .join("\n")
    .split(/;\s*\n/)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== "")
    .map((statement) => statement.replace(/^create (table|view) /, "create $1 if not exists "));
}

async function record(engine: Engine, number: number, name: string): Promise<void> {
  const block = nativeBlock({ number: "UInt32", name: "String" }, [{ number, name }]);
  await engine.insert("tocsin.schema_migrations", block, `migration:${number}`);
}

async function identity(engine: Engine, applied: Record<string, unknown>[]): Promise<string> {
  const known = applied.find((row) => Number(row["number"]) === 0);
  if (known !== undefined) return String(known["name"]);
  await record(engine, 0, crypto.randomUUID());
  const [row] = await engine.rows(
    "select name from tocsin.schema_migrations where number = 0 order by applied_at limit 1",
  );
  return String(row?.["name"]);
}

/** A view's columns mean what they mean in the table it reads; say so in the schema too. */
async function commentViews(engine: Engine): Promise<void> {
  const columns = await engine.rows(
    "select table, name, comment from system.columns where database = 'tocsin'",
  );
  for (const { table, name, comment } of columns) {
    const source = viewSources[String(table)];
    if (source === undefined || comment !== "") continue;
    const original = columns.find((other) => other["table"] === source && other["name"] === name);
    const text = String(original?.["comment"] ?? "").replace(/['\\]/g, "\\$&");
    await engine.command(
      `alter table tocsin.${String(table)} comment column ${String(name)} '${text}'`,
    );
  }
}

async function applyRetention(engine: Engine, days: number | null): Promise<void> {
  const tables = await engine.rows(
    "select name, create_table_query as sql from system.tables where database = 'tocsin'",
  );
  for (const name of forgettingTables) {
    const sql = String(tables.find((table) => table["name"] === name)?.["sql"] ?? "");
    const now = /\bTTL toDateTime\(time\) \+ toIntervalDay\((\d+)\)/.exec(sql)?.[1] ?? null;
    if (now === (days === null ? null : String(days))) continue;
    await engine.command(
      days === null
        ? `alter table tocsin.${name} remove ttl`
        : `alter table tocsin.${name} modify ttl toDateTime(time) + toIntervalDay(${days})
           settings materialize_ttl_after_modify = 0`,
    );
  }
}

/**
 * A setting of the table, not a migration: servers that do not know it, or do not let us change it,
 * do without. Without its sink the step log would fill up, and then nobody would be paged.
 */
async function mergeLessOften(engine: Engine, log: Logger): Promise<void> {
  const known = await engine.rows(
    "select name from system.merge_tree_settings where name = 'merge_selector_base'",
  );
  if (known.length === 0) return;
  const names = busyTables.map((name) => `'${name}'`).join(", ");
  const without = await engine.rows(
    `select name from system.tables where database = 'tocsin' and name in (${names})
       and position(create_table_query, '${mergeBase}') = 0`,
  );
  for (const { name } of without) {
    try {
      await engine.command(`alter table tocsin.${String(name)} modify setting ${mergeBase}`);
    } catch (error) {
      if (!(error instanceof ClickHouseError)) throw error;
      log.warn({ table: name, err: error.message }, `ClickHouse refuses ${mergeBase}`);
      return;
    }
  }
}
