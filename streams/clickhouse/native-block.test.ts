/** What is written as a block is what ClickHouse reads. */
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { silentLog } from "../../testing/ingress-door.ts";
import { ClickHouseServer } from "../../testing/clickhouse-server.ts";
import { openEngine, type Engine, type Row } from "./engine.ts";
import { migrate } from "./migrate.ts";
import { nativeBlock, UnstorableValue, type Columns } from "./native-block.ts";
import { tableColumns } from "./table-columns.ts";

const columns: Columns = {
  u16: "UInt16",
  u32: "UInt32",
  u64: "UInt64",
  text: "String",
  word: "LowCardinality(String)",
  at: "DateTime64(3, 'UTC')",
  maybe_text: "Nullable(String)",
  maybe_at: "Nullable(DateTime64(3, 'UTC'))",
  list: "Array(String)",
  map: "Map(LowCardinality(String), String)",
};

const empty = {
  ...{ u16: 0, u32: 0, u64: 0, text: "", word: "", at: 0, maybe_text: null, maybe_at: null },
  ...{ list: [], map: {} },
};

let server: ClickHouseServer;
let engine: Engine;
let blocks = 0;

beforeAll(async () => {
  server = await ClickHouseServer.start();
  engine = await openEngine({ kind: "server", url: server.url });
  await migrate(engine, null, silentLog);
  const declared = Object.entries(columns).map(([name, type]) => `${name} ${type}`);
  const order = "engine = MergeTree order by n";
  await engine.command(`create table t (block UInt32, n UInt64, ${declared.join(", ")}) ${order}`);
}, 60_000);

afterAll(async () => {
  await engine.close();
  await server.stop();
});

/** Stores the rows as one block and reads them back, times as milliseconds. */
async function through(rows: Row[]): Promise<Row[]> {
  const block = ++blocks;
  const numbered = rows.map((row, n) => ({ ...row, block, n }));
  const all: Columns = { block: "UInt32", n: "UInt64", ...columns };
  await engine.insert("t", nativeBlock(all, numbered), `block ${block}`);
  return await engine.rows(
    `select * except (block, n) replace (toUnixTimestamp64Milli(at) as at,
       toUnixTimestamp64Milli(maybe_at) as maybe_at)
     from t where block = ${block} order by n
     settings output_format_json_quote_64bit_integers = 0`,
  );
}

const words = fc.string({ unit: "grapheme", maxLength: 80 });
const times = fc.integer({ min: Date.UTC(1900, 0, 1), max: Date.UTC(2299, 11, 31) });

const row = fc.record({
  u16: fc.integer({ min: 0, max: 2 ** 16 - 1 }),
  u32: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  u64: fc.maxSafeNat(),
  text: words,
  word: words,
  at: times,
  maybe_text: fc.option(words),
  maybe_at: fc.option(times),
  list: fc.array(words, { maxLength: 3 }),
  map: fc.dictionary(words.map((key) => `k${key}`), words, { maxKeys: 3 }),
});

test("any rows come back as they were", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 20 }), async (rows) => {
      expect(await through(rows)).toEqual(rows.map((each) => ({ ...each })));
    }),
    { numRuns: 15 },
  );
}, 60_000);

test("what a row lacks, or has null for, is the default of its column", async () => {
  const nulls = Object.fromEntries(Object.keys(columns).map((name) => [name, null]));
  expect(await through([{}, nulls])).toEqual([empty, empty]);
});

test("dictionaries of more words than one byte, or two, can number", async () => {
  const rows = Array.from({ length: 70_000 }, (_, n) => ({ word: `w${n}` }));
  await through(rows.slice(0, 300));
  expect(await engine.rows(`select uniqExact(word) as n from t where block = ${blocks}`)).toEqual([
    { n: 300 },
  ]);
  const block = ++blocks;
  const some: Columns = { block: "UInt32", n: "UInt64", word: "LowCardinality(String)" };
  const numbered = rows.map((each, n) => ({ ...each, block, n }));
  await engine.insert("t", nativeBlock(some, numbered), "many");
  const wrong = `countIf(word != 'w' || toString(n)) as wrong`;
  const counts = `select count() as total, ${wrong} from t where block = ${block}`;
  expect(await engine.rows(counts)).toEqual([{ total: 70_000, wrong: 0 }]);
}, 60_000);

test("a value that its column cannot hold is refused by name", () => {
  const refused: [Row, string][] = [
    [{ u16: 65_536 }, "column u16: expected a value for UInt16, not 65536"],
    [{ u64: -1 }, "column u64"],
    [{ u32: 1.5 }, "column u32"],
    [{ u64: "many" }, 'column u64: expected a value for UInt64, not "many"'],
    [{ at: Number.NaN }, "column at"],
    [{ text: {} }, "column text"],
    [{ list: "a" }, "column list"],
    [{ map: ["a"] }, "column map"],
  ];
  for (const [bad, message] of refused) {
    const write = (): unknown => nativeBlock(columns, [{}, bad]);
    expect(write).toThrow(UnstorableValue);
    expect(write).toThrow(message);
  }
});

test("the sink fills the columns that the migrations declare, all of them", async () => {
  const stored = await engine.rows(
    `select table, name, type from system.columns
     where database = 'tocsin' and table in ('${Object.keys(tableColumns).join("','")}')
     order by table, position`,
  );
  const declared = Object.entries(tableColumns)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([table, all]) =>
      Object.entries(all).map(([name, type]) => ({ table, name, type })),
    );
  expect(stored).toEqual(declared);
});

test("tables that a storm fills merge ten parts at a time, also when started again", async () => {
  await migrate(engine, null, silentLog);
  const tables = await engine.rows(
    `select name from system.tables where database = 'tocsin'
       and position(create_table_query, 'merge_selector_base = 10') > 0 order by name`,
  );
  const names = tables.map(({ name }) => name);
  expect(names).toEqual(["alert_events", "alerts", "incident_events", "incident_states"]);
});

test("a server that refuses the setting has the tables all the same, and it is told", async () => {
  const known = await migrate(engine, null, silentLog);
  await engine.command("alter table tocsin.alerts reset setting merge_selector_base");
  const refusing: Engine = {
    kind: engine.kind,
    version: () => engine.version(),
    read: (sql, format) => engine.read(sql, format),
    rows: (sql) => engine.rows(sql),
    command: (sql) => engine.command(sql.replace("merge_selector_base", "no_such_setting")),
    insert: (table, block, token) => engine.insert(table, block, token),
    close: () => engine.close(),
  };
  const told: unknown[] = [];
  const log = { ...silentLog, warn: (fields: object) => void told.push(fields) };
  expect(await migrate(refusing, null, log)).toBe(known);
  expect(told).toEqual([{ table: "alerts", err: expect.stringContaining("no_such_setting") }]);
});
