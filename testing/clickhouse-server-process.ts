/**
 * As much of ClickHouse's HTTP interface as its client uses, over the embedded engine: statement
 * in the URL or in the body, settings in the URL, errors as text. Started by clickhouse-server.ts.
 */
import { writeFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createChdbConnection } from "chdb/connection";

const [path = "", port = "0"] = process.argv.slice(2);
const writer = createChdbConnection({ path });
const reader = createChdbConnection({ path });
let readerLocked = false;

const notSettings = /^(query|query_id|database|default_format|session_id|role|param_.*)$/;
/** Meaningful to a real server only. */
const httpSettings = /^(wait_end_of_query|enable_http_compression|.*http.*)$/;

async function answer(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  const { searchParams } = new URL(request.url ?? "/", "http://127.0.0.1");
  const statement = statementOf(searchParams.get("query"), body);
  const settings: Record<string, string> = {};
  for (const [name, value] of searchParams) {
    if (!notSettings.test(name) && !httpSettings.test(name)) settings[name] = value;
  }
  const reads = settings["readonly"] === "1";
  const connection = reads ? reader : writer;
  // The embedded engine keeps settings for good, and a read-only session cannot set any more.
  const wanted = reads && readerLocked ? {} : settings;
  if (reads) {
    const { readonly, ...limits } = wanted;
    if (!readerLocked) await connection.command({ query: "select 1", clickhouse_settings: limits });
    if (!readerLocked) await connection.command({ query: `set readonly = ${readonly ?? 1}` });
    readerLocked = true;
  }
  const given = reads ? {} : wanted;
  const result = await connection.exec({ query: statement, clickhouse_settings: given });
  const out: Buffer[] = [];
  for await (const chunk of result.stream) out.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(out);
}

/** A binary body becomes a file: the embedded engine takes data inside a statement as text only. */
function statementOf(inUrl: string | null, body: Buffer): string {
  if (inUrl === null) return body.toString("utf8");
  const insert = /^(insert into .*) format Native$/s.exec(inUrl)?.[1];
  if (insert === undefined) return `${inUrl}\n${body.toString("utf8")}`;
  const file = join(path, "body.native");
  writeFileSync(file, body);
  return `${insert} from infile '${file}' format Native`;
}

const server = createServer((request, response) => {
  answer(request).then(
    (body) => response.writeHead(200).end(body),
    (error: Error & { code?: string; type?: string }) => {
      const { code = "1002", type = "UNKNOWN_EXCEPTION", message } = error;
      response
        .writeHead(500, { "x-clickhouse-exception-code": code })
        .end(`Code: ${code}. DB::Exception: ${message} (${type})`);
    },
  );
});
server.listen(Number(port), "127.0.0.1", () => {
  process.send?.((server.address() as AddressInfo).port);
});
process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));
