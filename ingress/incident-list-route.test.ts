/** Lists of incidents over the real HTTP server and the real incident stage. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { IncidentView } from "../actors/incident/types.ts";
import { startIncidentWorld } from "../testing/incident-world.ts";
import type { IncidentWorld } from "../testing/incident-world.ts";

let world: IncidentWorld;

type Page = { items: IncidentView[]; next_cursor: string | null };
type Problem = { errors: Record<string, string>[] };
type Reply<T> = { status: number; body: T };

async function list<T = Page>(query: string): Promise<Reply<T>> {
  const response = await fetch(`${world.url}/v1/incidents?${query}`);
  return { status: response.status, body: (await response.json()) as T };
}

async function send(method: string, path: string, body: object): Promise<IncidentView> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(world.url + path, { method, headers, body: JSON.stringify(body) });
  return (await response.json()) as IncidentView;
}

const titles = async (query: string): Promise<string[]> =>
  (await list(query)).body.items.map((item) => item.title);

beforeAll(async () => {
  world = await startIncidentWorld();
  const create = (title: string, severity: string, service: string): Promise<IncidentView> =>
    send("POST", "/v1/incidents", { title, severity, service, labels: { tenant_id: "listing" } });
  const a = await create("list A", "critical", "alpha");
  await create("list B", "low", "beta");
  await create("list C", "high", "alpha");
  await send("POST", "/v1/incidents", { title: "of another tenant" });
  await send("PATCH", `/v1/incidents/${a.id}`, { status: "resolved" });
});
afterAll(() => world.close());

test("filters by status, severity, service, tenant and text", async () => {
  const all = ["list C", "list B", "list A"];
  expect(await titles("tenant=listing")).toEqual(all);
  expect(await titles("tenant=listing&status=all")).toEqual(all);
  expect(await titles("tenant=listing&status=open")).toEqual(["list C", "list B"]);
  expect(await titles("tenant=listing&status=resolved")).toEqual(["list A"]);
  expect(await titles("tenant=listing&severity=critical,high")).toEqual(["list C", "list A"]);
  expect(await titles("tenant=listing&severity=low&severity=high")).toEqual([
    "list C",
    "list B",
  ]);
  expect(await titles("tenant=listing&service=beta")).toEqual(["list B"]);
  expect(await titles("tenant=listing&q=LIST%20c")).toEqual(["list C"]);
  expect(await titles("tenant=nobody")).toEqual([]);
});

test("filters by time, at or after and before", async () => {
  const { items } = (await list("tenant=listing")).body;
  const at = items[1]?.created_at ?? "";
  expect(await titles(`tenant=listing&created_after=${at}`)).toEqual(["list C", "list B"]);
  expect(await titles(`tenant=listing&created_before=${at}`)).toEqual(["list A"]);
  const offset = at.replace("Z", "+00:00");
  expect(await titles(`tenant=listing&created_after=${offset}`)).toEqual(["list C", "list B"]);
});

test("pages through everything once", async () => {
  const seen: string[] = [];
  let cursor = "";
  for (let page = 0; page < 5; page++) {
    const { body } = await list(`tenant=listing&limit=1${cursor}`);
    seen.push(...body.items.map((item) => item.title));
    if (body.next_cursor === null) break;
    cursor = `&cursor=${encodeURIComponent(body.next_cursor)}`;
  }
  expect(seen).toEqual(["list C", "list B", "list A"]);
});

test("bad values name the parameter, the value and what is expected", async () => {
  const cases: [string, string, string][] = [
    ["status=opne", "status", '"opne"'],
    ["severity=", "severity", '""'],
    ["limit=0", "limit", '"0"'],
    ["limit=501", "limit", '"501"'],
    ["limit=1e2", "limit", '"1e2"'],
    ["limit=1&limit=2", "limit", '["1","2"]'],
    ["created_after=yesterday", "created_after", '"yesterday"'],
    ["created_before=2026-13-01T00:00:00Z", "created_before", '"2026-13-01T00:00:00Z"'],
    ["sevrity=low", "sevrity", '"low"'],
    [`q=${"x".repeat(201)}`, "q", `"${"x".repeat(59)}…`],
  ];
  for (const [query, parameter, value] of cases) {
    const reply = await list<Problem>(query);
    const [error] = reply.body.errors;
    expect([query, reply.status, error?.["parameter"], error?.["value"]]).toEqual([
      query,
      400,
      parameter,
      value,
    ]);
    expect(error?.["expected"]).not.toBe("");
  }
  const typo = await list<Problem>("sevrity=low");
  expect(typo.body.errors[0]?.["expected"]).toBe('did you mean "severity"?');
  expect((await list("cursor=forged")).status).toBe(400);
});
