import { afterAll, beforeAll, expect, test } from "vitest";
import type { LabelFilter } from "../runtime/label-filter.ts";
import { silentLog } from "../testing/ingress-door.ts";
import { registerAlertLists } from "./alert-list-routes.ts";
import { HttpServer } from "./http-server.ts";

type Asked = { filters: LabelFilter[]; limit: number; after: string };

const asked: Asked[] = [];
const server = new HttpServer({ log: silentLog });
let url = "";

beforeAll(async () => {
  registerAlertLists(server.route, {
    alerts: {
      list: async (filters, limit, after) => {
        asked.push({ filters, limit, after });
        const alert = {
          ...{ fingerprint: "00000000000000aa", labels: { a: "b" }, annotations: {}, domain: "d" },
          ...{ generatorURL: "http://g", dedupKey: null, received: 3 },
          ...{ startsAtMs: 0, endsAtMs: 60_000, updatedAtMs: 1_000 },
        };
        return { items: [alert], cursor: "00000000000000aa" };
      },
    },
  });
  const { host, port } = await server.listen("127.0.0.1", 0);
  url = `http://${host}:${port}/v1/alerts`;
});
afterAll(() => server.drain(100));

async function get(query: string): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(`${url}?${query}`);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

test("a page with Alertmanager's names and the place to go on", async () => {
  const filter = new URLSearchParams([
    ["filter", 'a="b"'],
    ["filter", "service=~api|web-.*"],
    ["limit", "7"],
    ["cursor", "0123456789abcdef"],
  ]);
  expect(await get(filter.toString())).toEqual({
    status: 200,
    body: {
      items: [
        {
          fingerprint: "00000000000000aa",
          labels: { a: "b" },
          annotations: {},
          startsAt: "1970-01-01T00:00:00.000Z",
          endsAt: "1970-01-01T00:01:00.000Z",
          updatedAt: "1970-01-01T00:00:01.000Z",
          generatorURL: "http://g",
          domain: "d",
          received: 3,
        },
      ],
      next_cursor: "00000000000000aa",
    },
  });
  const last = asked.at(-1);
  expect(last).toMatchObject({ limit: 7, after: "0123456789abcdef" });
  expect(last?.filters.map(({ label }) => label)).toEqual(["a", "service"]);
  await get("");
  expect(asked.at(-1)).toEqual({ filters: [], limit: 100, after: "" });
});

test("whatever is not understood is named, with what was expected", async () => {
  const before = asked.length;
  const bad = ["limits=3", "limit=0", "limit=1001", "cursor=x", "filter=a", "filter=a=~(b%2B)%2B"];
  for (const query of bad) {
    const { status, body } = await get(query);
    const name = query.split("=")[0];
    expect(status, query).toBe(400);
    expect(body["errors"], query).toMatchObject([{ parameter: name }]);
  }
  expect((await get("limit=1&limit=2")).status).toBe(400);
  expect(asked.length).toBe(before);
});
