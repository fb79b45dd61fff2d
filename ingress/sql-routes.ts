/** POST /v1/sql: one read-only statement for ClickHouse, its answer as text of any format. */
import { RetryableError, TerminalError } from "../runtime/errors.ts";
import type { Analytics } from "../runtime/services.ts";
import { problem, type HttpRequest, type HttpResponse, type Route } from "./http.ts";

const formatDefault = "JSON";
const retryAfterDefaultMs = 2_000;

/** Only what people read with a program of their own; every other format is plain text. */
const contentTypes: [RegExp, string][] = [
  [/^JSON(EachRow|.*Lines|.*EachRow.*)$|^NDJSON$/i, "application/x-ndjson"],
  [/^JSON/i, "application/json"],
  [/^CSV/i, "text/csv; charset=utf-8"],
  [/^(TSV|TabSeparated)/i, "text/tab-separated-values; charset=utf-8"],
];

export function registerSql(route: Route, analytics: Analytics): void {
  route("POST", "/v1/sql", (request) => answer(request, analytics), "read");
}

async function answer(request: HttpRequest, analytics: Analytics): Promise<HttpResponse> {
  const asked = readBody(request.body);
  if (typeof asked === "string") return problem(400, "Not a query", asked);
  try {
    const body = await analytics.query(asked.query, asked.format);
    const type = contentTypes.find(([pattern]) => pattern.test(asked.format))?.[1];
    return {
      status: 200,
      headers: { "content-type": type ?? "text/plain; charset=utf-8" },
      body,
    };
  } catch (error) {
    if (error instanceof TerminalError) return problem(400, "Query refused", error.message);
    if (!(error instanceof RetryableError)) throw error;
    const seconds = Math.ceil((error.retryAfterMs ?? retryAfterDefaultMs) / 1000);
    const response = problem(503, "ClickHouse is away", `${error.message}; try again shortly`);
    return { ...response, headers: { ...response.headers, "retry-after": String(seconds) } };
  }
}

/** The query, or a sentence that says what is wrong with the body. */
function readBody(body: Buffer): { query: string; format: string } | string {
  let value: unknown;
  try {
    value = JSON.parse(body.toString("utf8"));
  } catch {
    return 'the body is no JSON: send {"query": "select 1", "format": "JSON"}';
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return 'the body is no JSON object: send {"query": "select 1", "format": "JSON"}';
  }
  const { query, format = formatDefault } = value as { query?: unknown; format?: unknown };
  if (typeof query !== "string" || query.trim() === "") {
    return "query: expected a statement, as a string";
  }
  if (typeof format !== "string") return 'format: expected a name such as "JSON" or "CSV"';
  return { query, format };
}
