/**
 * ClickHouse as the analytics process sees it: a server over HTTP, or chdb, which is the same
 * engine inside this process. Both speak through @clickhouse/client; what differs is how a
 * statement is kept read-only.
 *
 * E1 A settings change lasts for a chdb session, and a statement that failed half-way was seen to
 *    leave its output behind for the next one of its session. So every statement that answers
 *    gets a session of its own (1 ms), locked to reading before it sees foreign SQL.
 * E2 chdb allows one process per data directory and one engine per process, and its destructor
 *    is sound only on a main thread: open it in a child process of its own.
 * E3 chdb takes data inside a statement as text only. A block in binary reaches it as a file in
 *    its data directory, which is gone again before it has to be on the disk.
 */
import { createClient, type ClickHouseClient, type ClickHouseSettings } from "@clickhouse/client";
import { createChdbConnection } from "chdb/connection";
import { TerminalError } from "../../runtime/errors.ts";
import { insertByBody, insertByFile, type Insert } from "./block-insert.ts";
import type { NativeBlock } from "./native-block.ts";
import { checkReadOnly, guardedNames } from "./read-only.ts";

/** Bounds of one read-only statement; what exceeds them is refused, never cut short silently. */
export const queryLimits = {
  timeMs: 25_000,
  resultBytesMax: 16 * 1024 * 1024,
  /** A column of one constant counts as one value in the engine; rows bound its printed form. */
  resultRowsMax: 200_000,
  memoryBytesMax: 1024 * 1024 * 1024,
  threadsMax: 2,
} as const;

const insertTimeoutMs = 120_000;

const readSettings: ClickHouseSettings = {
  max_execution_time: queryLimits.timeMs / 1000,
  max_result_bytes: String(queryLimits.resultBytesMax),
  max_result_rows: String(queryLimits.resultRowsMax),
  result_overflow_mode: "throw",
  max_memory_usage: String(queryLimits.memoryBytesMax),
  max_threads: queryLimits.threadsMax,
};

export type EngineTarget = { kind: "embedded"; path: string } | { kind: "server"; url: string };

export type Row = Record<string, unknown>;

export interface Engine {
  kind: EngineTarget["kind"];
  version(): Promise<string>;
  /**
   * Runs a statement that came from outside, read-only and within `queryLimits`.
   * @throws TerminalError when it is refused, fails or is too large; whatever else is thrown
   *   means that the engine is away.
   */
  read(sql: string, format: string): Promise<string>;
  /** Rows of a statement of our own. */
  rows(sql: string): Promise<Row[]>;
  /** A statement of our own without a result. */
  command(sql: string): Promise<void>;
  /** Inserts one block synchronously; the same table and token again change nothing. */
  insert(table: string, block: NativeBlock, token: string): Promise<void>;
  close(): Promise<void>;
}

/** Opens the engine; a server is not contacted yet, a data directory is locked. */
export async function openEngine(target: EngineTarget): Promise<Engine> {
  if (target.kind === "server") {
    const client = createClient({ url: target.url, request_timeout: insertTimeoutMs });
    const settings: ClickHouseSettings = { ...readSettings, readonly: "1" };
    const shared: Session = { client, settings, close: async () => {} };
    const insert = insertByBody(client);
    return new ClickHouse("server", client, insert, async (locked) =>
      locked ? shared : { ...shared, settings: {} },
    );
  }
  // chdb types its connection after another release of the client's settings; the shape is one.
  type Connection = NonNullable<Parameters<typeof createClient>[0]>["connection"];
  const open = (): ClickHouseClient =>
    createClient({
      connection: createChdbConnection({ path: target.path }) as unknown as Connection,
    });
  const writer = open();
  const insert = insertByFile(writer, target.path);
  return new ClickHouse("embedded", writer, insert, async (locked) => {
    const client = open();
    if (locked) await client.command({ query: lockStatement });
    return { client, settings: {}, close: () => client.close() };
  });
}

const lockStatement = `set ${Object.entries({ ...readSettings, readonly: 1 })
  .map(([name, value]) => `${name} = '${value}'`)
  .join(", ")}`;

/** Where one statement runs; `settings` go with it. */
type Session = {
  client: ClickHouseClient;
  settings: ClickHouseSettings;
  close(): Promise<void>;
};

/** ClickHouse's own number of an error it raised; null when the engine did not answer at all. */
export function clickHouseCode(error: unknown): number | null {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return /^\d+$/.test(code) ? Number(code) : null;
}

class ClickHouse implements Engine {
  kind: EngineTarget["kind"];
  #writer: ClickHouseClient;
  #insert: Insert;
  #session: (locked: boolean) => Promise<Session>;
  #guarded: Set<string> | null = null;

  constructor(
    kind: EngineTarget["kind"],
    writer: ClickHouseClient,
    insert: Insert,
    session: (locked: boolean) => Promise<Session>,
  ) {
    this.kind = kind;
    this.#writer = writer;
    this.#insert = insert;
    this.#session = session;
  }

  async version(): Promise<string> {
    const [row] = await this.rows("select version() as version");
    return String(row?.["version"] ?? "unknown");
  }

  async read(sql: string, format: string): Promise<string> {
    this.#guarded ??= guardedNames(
      (await this.rows("select name from system.table_functions")).map(({ name }) => String(name)),
    );
    const statement = checkReadOnly(sql, format, this.#guarded);
    let text: string;
    try {
      text = await this.#answer(true, statement.sql, statement.format);
    } catch (error) {
      if (isTooLongForText(error)) throw new TerminalError(tooLarge, { cause: error });
      if (clickHouseCode(error) === null) throw error;
      throw new TerminalError(explain(error), { cause: error });
    }
    if (text.length > queryLimits.resultBytesMax) throw new TerminalError(tooLarge);
    return text;
  }

  async rows(sql: string): Promise<Row[]> {
    const text = await this.#answer(false, sql, "JSONEachRow");
    return text.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line) as Row]));
  }

  async #answer(locked: boolean, sql: string, format: string): Promise<string> {
    const session = await this.#session(locked);
    try {
      const result = await session.client.query({
        query: sql,
        format: format as "JSON",
        clickhouse_settings: session.settings,
      });
      return await result.text();
    } finally {
      await session.close();
    }
  }

  async command(sql: string): Promise<void> {
    await this.#writer.command({ query: sql });
  }

  async insert(table: string, block: NativeBlock, token: string): Promise<void> {
    await this.#insert(table, block, token);
  }

  async close(): Promise<void> {
    await this.#writer.close();
  }
}

const tooLarge =
  `the result is larger than ${queryLimits.resultBytesMax / 1024 / 1024} MiB or ` +
  `${queryLimits.resultRowsMax} rows: ` +
  "aggregate it, name fewer columns or add a LIMIT";

/** Node has no string beyond 512 MiB. */
const isTooLongForText = (error: unknown): boolean =>
  error instanceof Error &&
  "code" in error &&
  ["ERR_ENCODING_INVALID_ENCODED_DATA", "ERR_STRING_TOO_LONG"].includes(String(error.code));

const timeoutExceeded = 159;
const readOnlyViolation = 164;
const resultTooLarge = 396;

/** ClickHouse's message, or a plainer one where people would not know what to do next. */
function explain(error: unknown): string {
  const code = clickHouseCode(error);
  const message = error instanceof Error ? error.message.trim() : String(error);
  if (code === resultTooLarge) return tooLarge;
  if (code === timeoutExceeded) {
    return (
      `the query took longer than ${queryLimits.timeMs / 1000} s: ` +
      "restrict its time range (column time) or aggregate less"
    );
  }
  if (code === readOnlyViolation) return `only reading is allowed here: ${message}`;
  return `${message} (ClickHouse error ${code})`;
}
