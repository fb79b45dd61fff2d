/** How a block of the format Native gets into a server, and into the engine inside this process. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import type { ClickHouseClient, ClickHouseSettings } from "@clickhouse/client";
import type { NativeBlock } from "./native-block.ts";

/** See Engine.insert. */
export type Insert = (table: string, block: NativeBlock, token: string) => Promise<void>;

/** As the body of an HTTP request. */
export function insertByBody(client: ClickHouseClient): Insert {
  return async (table, { columns, bytes }, token) => {
    const { stream } = await client.exec({
      query: `insert into ${table} (${columns.join(", ")}) format Native`,
      values: Readable.from([bytes], { objectMode: false }),
      clickhouse_settings: settingsOf(token),
    });
    // The statement answers nothing, and the connection is free once that has been read.
    stream.resume();
  };
}

/**
 * As a file that the engine reads.
 * @param dataDir the engine's; it must exist.
 */
export function insertByFile(client: ClickHouseClient, dataDir: string): Insert {
  const folder = blockFolder(dataDir);
  let count = 0;
  return async (table, { columns, bytes }, token) => {
    const file = join(folder, `${++count}.native`);
    try {
      await writeFile(file, bytes, { mode: 0o600 });
      await client.command({
        query:
          `insert into ${table} (${columns.join(", ")}) ` +
          `from infile '${file.replace(/['\\]/g, "\\$&")}' format Native`,
        clickhouse_settings: settingsOf(token),
      });
    } finally {
      await rm(file, { force: true });
    }
  };
}

/** Empty: a former process may have been killed between writing a block and removing it. */
function blockFolder(dataDir: string): string {
  // To the engine these stand for other characters of a file's name.
  if (/[*?{}]/.test(dataDir)) return mkdtempSync(join(tmpdir(), "tocsin-blocks-"));
  const folder = join(dataDir, "blocks");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { mode: 0o700 });
  return folder;
}

const settingsOf = (token: string): ClickHouseSettings => ({
  insert_deduplication_token: token,
  async_insert: 0,
  // One block per insert: its rows become visible together, and the token stands for all.
  input_format_parallel_parsing: 0,
});
