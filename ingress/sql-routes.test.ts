import { expect, test } from "vitest";
import { RetryableError, TerminalError } from "../runtime/errors.ts";
import type { Handler, HttpRequest, HttpResponse } from "./http.ts";
import { registerSql } from "./sql-routes.ts";

async function post(
  body: string,
  query: (sql: string, format: string) => Promise<string>,
): Promise<HttpResponse> {
  const handlers: Handler[] = [];
  registerSql((_method, _pattern, handler) => void handlers.push(handler), { query });
  const answer = handlers[0]?.({ body: Buffer.from(body) } as HttpRequest);
  if (answer === undefined) throw new Error("no route was registered");
  return await answer;
}

const echo = async (sql: string, format: string): Promise<string> => `${format}: ${sql}`;

test.each([
  ["JSON", "application/json"],
  ["JSONCompact", "application/json"],
  ["JSONEachRow", "application/x-ndjson"],
  ["JSONCompactEachRow", "application/x-ndjson"],
  ["CSVWithNames", "text/csv; charset=utf-8"],
  ["TSV", "text/tab-separated-values; charset=utf-8"],
  ["PrettyCompact", "text/plain; charset=utf-8"],
])("%s is answered as %s", async (format, type) => {
  const response = await post(JSON.stringify({ query: "select 1", format }), echo);
  expect(response).toEqual({
    status: 200,
    headers: { "content-type": type },
    body: `${format}: select 1`,
  });
});

test("the format is JSON unless said otherwise", async () => {
  expect((await post('{"query":"select 1"}', echo)).body).toBe("JSON: select 1");
});

const badBodies = ["", "[]", "null", '"select 1"', "{}", '{"query":""}', '{"query":1}'];

test.each([...badBodies, '{"query":"a","format":1}'])(
  "the body %s is a 400 that says what is expected",
  async (body) => {
    const response = await post(body, echo);
    expect(response.status).toBe(400);
    expect(response.headers?.["content-type"]).toBe("application/problem+json");
  },
);

test("a refused statement is a 400 with the reason", async () => {
  const response = await post('{"query":"drop table t"}', () =>
    Promise.reject(new TerminalError("only reading is allowed here")),
  );
  expect(response.status).toBe(400);
  expect(String(response.body)).toContain("only reading is allowed here");
});

test("an engine that is away is a 503 that says when to try again", async () => {
  const away = new RetryableError("ClickHouse is not ready", { retryAfterMs: 2_500 });
  const response = await post('{"query":"select 1"}', () => Promise.reject(away));
  expect(response.status).toBe(503);
  expect(response.headers?.["retry-after"]).toBe("3");
});

test("a defect stays a defect", async () => {
  const defect = Promise.reject(new Error("defect"));
  await expect(post('{"query":"select 1"}', () => defect)).rejects.toThrow("defect");
});
