/** The service graph through real HTTP, with one partition's memory behind it. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { bearer, KeyedWorld } from "../testing/keyed-world.ts";
import { MemoryGraphs } from "../testing/memory-graphs.ts";
import { silentLog } from "../testing/ingress-door.ts";
import { HttpServer } from "./http-server.ts";
import type { Route } from "./http.ts";
import { registerServiceGraph } from "./service-graph-routes.ts";

type Body = Record<string, unknown> & { items: { service: string; depends_on: string }[] };
type Answer = { status: number; body: Body };

const nowMs = Date.parse("2026-03-02T09:00:00Z");
let server: HttpServer;
let graphs: MemoryGraphs;
let url: string;

function register(route: Route): void {
  registerServiceGraph(route, { graphs, topology: () => graphs.topology, nowMs: () => nowMs });
}

beforeEach(async () => {
  graphs = new MemoryGraphs("{ dependencies: { web: [shop] }, sources: { edges_max: 3 } }");
  server = new HttpServer({ log: silentLog });
  register(server.route);
  const { port } = await server.listen("127.0.0.1", 0);
  url = `http://127.0.0.1:${port}/v1/topology`;
});
afterEach(() => server.drain(100));

async function send(method: string, path: string, body?: object, headers = {}, at = url) {
  const json = { "content-type": "application/json" };
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  const response = await fetch(at + path, { method, headers: { ...json, ...headers }, ...sent });
  return { status: response.status, body: await response.json() } as Answer;
}
const edges = (answer: Answer): string[] =>
  answer.body.items.map(({ service, depends_on: upstream }) => `${service}>${upstream}`);
const shopNeeds = (...names: string[]) => [{ service: "shop", depends_on: names }];

describe("reading", () => {
  test("edges with their sources, and what is asked about nobody", async () => {
    await send("POST", "/edges", { edges: shopNeeds("web"), by: "ana" });
    graphs.graph.observe({ service: "web", tenant: "t", env: "e", depends_on: "dns" }, nowMs);
    const { status, body } = await send("GET", "?service=web&service=nobody&depth=1");
    const at = "2026-03-02T09:00:00.000Z";
    const everywhere = { tenant: null, environment: null };
    expect([status, body]).toEqual([200, {
      items: [
        {
          ...{ service: "shop", depends_on: "web", ...everywhere, last_seen: at },
          sources: [{ source: "api", last_seen: at, by: "ana" }],
        },
        {
          ...{ service: "web", depends_on: "dns", tenant: "t", environment: "e", last_seen: at },
          sources: [{ source: "labels", last_seen: at }],
        },
        {
          ...{ service: "web", depends_on: "shop", ...everywhere, last_seen: null },
          sources: [{ source: "config", last_seen: null }],
        },
      ],
      ...{ next_cursor: null, services: 3, edges: 3, cycles: [["shop", "web"]] },
      ...{ unknown: ["nobody"], refused: 0 },
    }]);
  });

  test("page by page", async () => {
    await send("POST", "/edges", { edges: shopNeeds("a", "b", "c") });
    const found: string[] = [];
    for (let cursor: unknown = ""; cursor !== null; ) {
      const page = await send("GET", `?limit=3${cursor === "" ? "" : `&cursor=${cursor}`}`);
      found.push(...edges(page));
      cursor = page.body["next_cursor"];
    }
    expect(found).toEqual(["shop>a", "shop>b", "shop>c", "web>shop"]);
  });

  test.each([
    ["?depht=2", 'did you mean \\"depth\\"?'],
    ["?depth=0", "a number from 1 to 16"],
    ["?source=file,trace", "one of config, file, api, traces, labels"],
    ["?direction=up", "one of upstream, downstream, both"],
    ["?service=", "names of 1 to 200 characters"],
    ["?cursor=%C3%BC", "next_cursor of the page before"],
  ])("what is not understood is refused: %s", async (query, expected) => {
    const { status, body } = await send("GET", query);
    expect([status, JSON.stringify(body)]).toEqual([400, expect.stringContaining(expected)]);
  });
});

describe("changing", () => {
  test("POST adds, twice is once, and what is wrong does not hold up the rest", async () => {
    const body = { edges: [...shopNeeds("db"), { service: "db" }, shopNeeds, { servce: "x" }] };
    const first = await send("POST", "/edges", body);
    expect(first).toMatchObject({ status: 200, body: { added: 1, accepted: 1, rejectedTotal: 3 } });
    expect(first.body["rejected"]).toMatchObject([
      { index: 1, field: "depends_on" },
      { index: 2, reason: "expected an object with service and depends_on" },
      { index: 3, field: "servce" },
    ]);
    expect((await send("POST", "/edges", body)).body).toMatchObject({ added: 0, accepted: 1 });
    expect(edges(await send("GET", "?service=db"))).toEqual(["shop>db", "web>shop"]);
  });

  test("PUT is all or nothing, and takes back what it does not name", async () => {
    await send("POST", "/edges", { edges: shopNeeds("a", "b") });
    await send("POST", "/edges", { edges: shopNeeds("a"), tenant: "t" });
    const bad = await send("PUT", "/edges", { edges: [...shopNeeds("c"), { service: 7 }] });
    expect(bad).toMatchObject({ status: 400, body: { rejectedTotal: 1 } });
    const half = await send("PUT", "/edges", { edges: shopNeeds("d\ud83d") });
    expect(half.body).toMatchObject({ rejected: [{ field: "depends_on" }] });
    const self = await send("PUT", "/edges", { edges: shopNeeds("shop") });
    const reason = "a service cannot depend on itself";
    expect(self.body).toMatchObject({ rejected: [{ reason }] });
    const good = await send("PUT", "/edges", { edges: shopNeeds("b", "c") });
    expect(good.body).toMatchObject({ added: 1, removed: 1, accepted: 2 });
    expect(edges(await send("GET", "?source=api&tenant=u"))).toEqual(["shop>b", "shop>c"]);
    const own = edges(await send("GET", "?source=api&tenant=t"));
    expect(own).toEqual(["shop>a", "shop>b", "shop>c"]);
    expect((await send("PUT", "/edges", { edges: [] })).body).toMatchObject({ removed: 2 });
  });

  test("DELETE takes back what was stated, and says what stays", async () => {
    const webNeeds = { service: "web", depends_on: "shop" };
    await send("POST", "/edges", { edges: [...shopNeeds("a", "b"), webNeeds] });
    const web = await send("DELETE", "/edges?service=web&depends_on=shop");
    expect(web.body).toMatchObject({ removed: 1, still: [{ sources: [{ source: "config" }] }] });
    expect((await send("DELETE", "/edges?service=shop")).body).toEqual({
      ...{ added: 0, removed: 2, still: [] },
    });
    expect((await send("DELETE", "/edges?service=shop")).body).toMatchObject({ removed: 0 });
    expect((await send("DELETE", "/edges")).status).toBe(400);
  });

  test("more edges than a tenant may have are refused, those before them hold", async () => {
    const { status, body } = await send("POST", "/edges", { edges: shopNeeds("a", "b", "c", "d") });
    expect([status, body]).toMatchObject([409, { title: "Too many edges", added: 3 }]);
    expect(edges(await send("GET", "?source=api"))).toHaveLength(3);
  });

  test("too many edges in few entries are refused as such", async () => {
    const names = new Array<string>(200_000).fill("db");
    const wanted = [{ service: "shop", depends_on: names }];
    const { status, body } = await send("POST", "/edges", { edges: wanted });
    expect([status, body["detail"]]).toEqual([400, expect.stringContaining("at most 20000 edges")]);
  });

  test("changes at the same time are made one after the other", async () => {
    const all = ["a", "b", "c"].map((name) => send("PUT", "/edges", { edges: shopNeeds(name) }));
    await Promise.all(all);
    expect(edges(await send("GET", "?source=api"))).toHaveLength(1);
  });
});

test("a key of a tenant sees and changes its own edges; reading needs the scope read", async () => {
  const keyed = new KeyedWorld();
  const door = await keyed.open();
  register(door.server.route);
  keyed.key("ops", ["read", "respond"], { tenant: "acme" });
  keyed.key("in", ["ingest"]);
  const base = `http://127.0.0.1:${door.port}`;
  const as = (key: string, method: string, path: string, body?: object) =>
    send(method, path, body, bearer(key), `${base}/v1/topology`);
  await send("POST", "/edges", { edges: shopNeeds("secret"), tenant: "other" });
  expect((await as("in", "GET", "")).status).toBe(403);
  const other = { edges: shopNeeds("x"), tenant: "other" };
  expect((await as("ops", "POST", "/edges", other)).status).toBe(403);
  expect((await as("ops", "DELETE", "/edges?service=shop&tenant=other")).status).toBe(403);
  expect((await as("ops", "GET", "?tenant=other")).status).toBe(403);
  expect((await as("ops", "POST", "/edges", { edges: shopNeeds("own") })).status).toBe(200);
  expect(edges(await as("ops", "GET", ""))).toEqual(["shop>own", "web>shop"]);
  // A name of another tenant's is as unknown as one that nobody has.
  const asked = await as("ops", "GET", "?service=own&service=secret&service=nobody");
  expect(asked.body["unknown"]).toEqual(["secret", "nobody"]);
  expect(await graphs.stated()).toMatchObject([
    { tenant: "other", by: "" },
    { tenant: "acme", by: "key ops" },
  ]);
  await keyed.close();
});
