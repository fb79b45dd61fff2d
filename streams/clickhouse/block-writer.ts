/**
 * Puts the rows of one range into their tables, each row exactly once, whatever broke before.
 *
 * B1 A block is the rows of one range, table and month (the partition key), so it becomes one
 *    part: all of it is there or none. Its token is derived from the range, so ClickHouse itself
 *    drops a repetition, also one that is still running.
 * B2 The token alone is not enough after a crash of the engine: it may have noted the token and
 *    lost the part. So a repeated range first asks which of its rows are there, and afterwards
 *    whether all of them are.
 * B3 A row that its table cannot hold becomes a dead letter: most are found when the block is
 *    written, what only ClickHouse refuses by halving. Any other failure is the caller's to repeat.
 */
import { clickHouseCode, type Engine, type Row } from "./engine.ts";
import { nativeBlock, UnstorableValue } from "./native-block.ts";
import { eventTables, stateTables, type Rows, type TableName } from "./rows.ts";
import type { SinkRange } from "./sink-position.ts";
import { tableColumns } from "./table-columns.ts";

export type RefusedRow = { table: TableName; row: Row; error: string };

export type Block = SinkRange & {
  rows: Rows;
  logCreatedMs: number;
  /** The range was begun before: parts of it may be stored. */
  repeated: boolean;
};

/** ClickHouse's errors that mean "this text is no row of this table". */
const malformedCodes = new Set([
  6, 25, 26, 27, 32, 33, 34, 38, 41, 49, 53, 69, 70, 72, 117, 130, 131, 321, 349, 467, 691, 715,
]);

/** The block is too large for the engine's memory: halves may fit. */
const memoryExceeded = 241;

export class BlockWriter {
  #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Resolves once all rows are stored, but those it returns. @throws as the engine does. */
  async write(block: Block): Promise<RefusedRow[]> {
    const refused: RefusedRow[] = [];
    for (const table of stateTables) {
      await this.#insert(table, block.rows[table], tokenOf(block, table), refused);
    }
    for (const table of eventTables) {
      for (const [month, rows] of byMonth(block.rows[table])) {
        await this.#insertOnce(table, rows, `${tokenOf(block, table)}:${month}`, block, refused);
      }
    }
    return refused;
  }

  async #insertOnce(
    table: TableName,
    rows: Row[],
    token: string,
    block: Block,
    refused: RefusedRow[],
  ): Promise<void> {
    if (!block.repeated) {
      await this.#insert(table, rows, token, refused);
      return;
    }
    const absent = await this.#absent(table, rows, block);
    await this.#insert(table, absent, token, refused);
    const refusedRows = new Set(refused.map((refusal) => refusal.row));
    const taken = absent.filter((row) => !refusedRows.has(row));
    const lost = await this.#absent(table, taken, block);
    await this.#insert(table, lost, `${token}:again:${Date.now()}`, refused);
  }

  async #insert(
    table: TableName,
    rows: Row[],
    token: string,
    refused: RefusedRow[],
  ): Promise<void> {
    if (rows.length === 0) return;
    try {
      await this.#engine.insert(`tocsin.${table}`, nativeBlock(tableColumns[table], rows), token);
    } catch (error) {
      if (error instanceof UnstorableValue) {
        await this.#insert(table, storable(table, rows, refused), token, refused);
        return;
      }
      const code = clickHouseCode(error);
      const malformed = code !== null && malformedCodes.has(code);
      if (!malformed && !(code === memoryExceeded && rows.length > 1)) throw error;
      if (rows.length === 1) {
        refused.push(...rows.map((row) => ({ table, row, error: String(error) })));
        return;
      }
      const middle = rows.length >> 1;
      for (const half of [rows.slice(0, middle), rows.slice(middle)]) {
        await this.#insert(table, half, halfToken(token, half), refused);
      }
    }
  }

  /** The rows that are not in the table yet. */
  async #absent(table: TableName, rows: Row[], block: Block): Promise<Row[]> {
    if (rows.length === 0) return [];
    // Rows of an earlier log with the same sequences are older than this log.
    const stored = await this.#engine.rows(
      `select step_seq, idx from tocsin.${table}
       where step_seq between ${block.first} and ${block.last}
         and time >= fromUnixTimestamp64Milli(${block.logCreatedMs}, 'UTC')`,
    );
    const keys = new Set(stored.map(keyOf));
    return rows.filter((row) => !keys.has(keyOf(row)));
  }
}

const keyOf = (row: Row): string => `${String(row["step_seq"])}.${String(row["idx"])}`;

const tokenOf = (block: Block, table: TableName): string =>
  `STEPS:${block.first}-${block.last}@${block.logCreatedMs}:${table}`;

function halfToken(token: string, half: Row[]): string {
  const base = token.split("/")[0] ?? token;
  return `${base}/${keyOf(half[0] ?? {})}+${half.length}`;
}

/** The rows that their table can hold; those that it cannot are added to `refused`. */
function storable(table: TableName, rows: Row[], refused: RefusedRow[]): Row[] {
  return rows.filter((row) => {
    try {
      nativeBlock(tableColumns[table], [row]);
      return true;
    } catch (error) {
      if (!(error instanceof UnstorableValue)) throw error;
      refused.push({ table, row, error: String(error) });
      return false;
    }
  });
}

const dayMs = 86_400_000;

function byMonth(rows: Row[]): Map<string, Row[]> {
  const months = new Map<string, Row[]>();
  const days = new Map<number, Row[]>();
  for (const row of rows) {
    const day = Math.floor(Number(row["time"]) / dayMs);
    let list = days.get(day);
    if (list === undefined) {
      const month = monthOf(day * dayMs);
      list = months.get(month) ?? [];
      months.set(month, list);
      days.set(day, list);
    }
    list.push(row);
  }
  return months;
}

function monthOf(ms: number): string {
  const time = new Date(ms);
  return Number.isNaN(time.getTime()) ? "none" : time.toISOString().slice(0, 7);
}
