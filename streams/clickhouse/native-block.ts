/**
 * Rows as one block of ClickHouse's format Native: column by column, as the engine holds them, so
 * that it has nothing to parse. A block of JSON cost the engine five times as much.
 *
 * N1 A column that a row lacks, or has null for, holds the default of its type there.
 * N2 Nothing is bent into shape: a value that its column cannot hold is an error.
 *
 * @see https://clickhouse.com/docs/interfaces/formats/Native
 */
import { ByteWriter } from "./byte-writer.ts";
import type { Row } from "./engine.ts";

/** The types of columns that can be written. */
export type ColumnType =
  | "UInt16"
  | "UInt32"
  | "UInt64"
  | "String"
  | "LowCardinality(String)"
  | "DateTime64(3, 'UTC')"
  | "Nullable(String)"
  | "Nullable(DateTime64(3, 'UTC'))"
  | "Array(String)"
  | "Map(LowCardinality(String), String)";

/** Names and types, in the order in which they are written. */
export type Columns = Readonly<Record<string, ColumnType>>;

export type NativeBlock = { columns: string[]; bytes: Uint8Array };

/** A row holds something that its column cannot. */
export class UnstorableValue extends Error {
  constructor(column: string, type: ColumnType, value: unknown) {
    const shown = (JSON.stringify(value) ?? typeof value).slice(0, shownCharsMax);
    super(`column ${column}: expected a value for ${type}, not ${shown}`);
    this.name = "UnstorableValue";
  }
}

const shownCharsMax = 200;

/** @throws UnstorableValue */
export function nativeBlock(columns: Columns, rows: readonly Row[]): NativeBlock {
  const out = new ByteWriter();
  const entries = Object.entries(columns);
  out.varint(entries.length);
  out.varint(rows.length);
  for (const [name, type] of entries) {
    out.text(name);
    out.text(type);
    writeColumn(out, name, type, rows);
  }
  return { columns: entries.map(([name]) => name), bytes: out.written() };
}

function writeColumn(out: ByteWriter, name: string, type: ColumnType, rows: readonly Row[]): void {
  const refuse = (value: unknown): never => {
    throw new UnstorableValue(name, type, value);
  };
  switch (type) {
    case "UInt16":
      for (const row of rows) out.uint16(whole(row[name], 2 ** 16 - 1, refuse));
      return;
    case "UInt32":
      for (const row of rows) out.uint32(whole(row[name], 2 ** 32 - 1, refuse));
      return;
    case "UInt64":
      for (const row of rows) out.int64(whole(row[name], Number.MAX_SAFE_INTEGER, refuse));
      return;
    case "DateTime64(3, 'UTC')":
      for (const row of rows) out.int64(time(row[name], refuse));
      return;
    case "String":
      for (const row of rows) out.text(text(row[name], refuse));
      return;
    case "Nullable(DateTime64(3, 'UTC'))":
      writeNulls(out, name, rows);
      for (const row of rows) out.int64(time(row[name], refuse));
      return;
    case "Nullable(String)":
      writeNulls(out, name, rows);
      for (const row of rows) out.text(text(row[name], refuse));
      return;
    case "LowCardinality(String)":
      out.int64(dictionaryVersion);
      writeDictionary(out, rows.map((row) => text(row[name], refuse)));
      return;
    case "Array(String)":
      writeArrays(out, rows.map((row) => list(row[name], refuse)), refuse);
      return;
    case "Map(LowCardinality(String), String)":
      writeMaps(out, rows.map((row) => map(row[name], refuse)), refuse);
      return;
    default:
      assertNever(type);
  }
}

type Refuse = (value: unknown) => never;

function whole(value: unknown, max: number, refuse: Refuse): number {
  if (value === undefined || value === null) return 0;
  if (typeof value !== "number" || !Number.isInteger(value)) return refuse(value);
  return value >= 0 && value <= max ? value : refuse(value);
}

/** Milliseconds since the epoch. */
function time(value: unknown, refuse: Refuse): number {
  if (value === undefined || value === null) return 0;
  return typeof value === "number" && Number.isSafeInteger(value) ? value : refuse(value);
}

function text(value: unknown, refuse: Refuse): string {
  if (typeof value === "string") return value;
  if (value === undefined || value === null) return "";
  return typeof value === "number" || typeof value === "boolean" ? String(value) : refuse(value);
}

function list(value: unknown, refuse: Refuse): unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : refuse(value);
}

function map(value: unknown, refuse: Refuse): Record<string, unknown> {
  if (value === undefined || value === null) return {};
  if (typeof value !== "object" || Array.isArray(value)) return refuse(value);
  return value as Record<string, unknown>;
}

function writeNulls(out: ByteWriter, name: string, rows: readonly Row[]): void {
  for (const row of rows) out.uint8(row[name] === undefined || row[name] === null ? 1 : 0);
}

/** Of the serialization of keys: each block brings its own. */
const dictionaryVersion = 1;
const ownKeys = 1 << 9;
const newDictionary = 1 << 10;

/** Distinct values once, and then for each row the number of its own. */
function writeDictionary(out: ByteWriter, values: string[]): void {
  if (values.length === 0) return;
  const numbers = new Map<string, number>();
  const indexes = values.map((value) => {
    const known = numbers.get(value);
    if (known !== undefined) return known;
    const next = numbers.size;
    numbers.set(value, next);
    return next;
  });
  const width = numbers.size <= 2 ** 8 ? 0 : numbers.size <= 2 ** 16 ? 1 : 2;
  out.int64(width | ownKeys | newDictionary);
  out.int64(numbers.size);
  for (const value of numbers.keys()) out.text(value);
  out.int64(indexes.length);
  if (width === 0) for (const index of indexes) out.uint8(index);
  else if (width === 1) for (const index of indexes) out.uint16(index);
  else for (const index of indexes) out.uint32(index);
}

function writeArrays(out: ByteWriter, lists: unknown[][], refuse: Refuse): void {
  writeEnds(out, lists.map(({ length }) => length));
  for (const items of lists) for (const item of items) out.text(text(item, refuse));
}

function writeMaps(out: ByteWriter, maps: Record<string, unknown>[], refuse: Refuse): void {
  out.int64(dictionaryVersion);
  const keys: string[] = [];
  const ends: number[] = [];
  for (const each of maps) {
    const own = Object.keys(each);
    ends.push(own.length);
    for (const key of own) keys.push(key);
  }
  writeEnds(out, ends);
  writeDictionary(out, keys);
  for (const each of maps) for (const key in each) out.text(text(each[key], refuse));
}

/** Lists of all rows lie behind each other; each is known by where it ends. */
function writeEnds(out: ByteWriter, lengths: number[]): void {
  let end = 0;
  for (const length of lengths) {
    end += length;
    out.int64(end);
  }
}

function assertNever(value: never): never {
  throw new Error(`no column has the type ${String(value)}`);
}
