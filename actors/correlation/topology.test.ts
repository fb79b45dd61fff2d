import { describe, expect, test } from "vitest";
import { ServiceGraph } from "./graph.ts";
import { GraphState } from "./graph-state.ts";
import type { Candidate } from "./rule.ts";
import { Topology } from "./topology.ts";

const minute = 60_000;
/** gateway -> checkout -> db -> disk, gateway -> search -> db, and a cycle of a and b. */
const dependencies = {
  gateway: ["checkout", "search"],
  checkout: ["db"],
  search: ["db"],
  db: ["disk"],
  a: ["b"],
  b: ["a"],
};

function rule(depthMax = 4): Topology<Candidate> {
  return new Topology({ dependencies, windowMs: 10 * minute, depthMax, agree: ["region"] });
}

function candidate(serial: number, service: string, lastOpenedMs = 0): Candidate {
  const of = { tenant: "t", environment: "e", labels: { service }, root: null, seen: null };
  return { id: `inc-0-${serial}`, serial, ...of, severity: "high", lastOpenedMs };
}

function sighting(service: string, atMs = minute, tenant = "t") {
  const labels = { service, severity: "critical" };
  return { tenant, environment: "e", labels, atMs };
}

describe("the graph", () => {
  test("reaches by the shortest way, within its depth, and ends in cycles", () => {
    const graph = new ServiceGraph(dependencies, 2);
    expect(graph.upstreamOf("gateway")).toEqual([
      { service: "checkout", steps: 1, via: null },
      { service: "search", steps: 1, via: null },
      { service: "db", steps: 2, via: "checkout" },
    ]);
    expect(graph.downstreamOf("disk").map(({ service }) => service)).toEqual([
      "db",
      "checkout",
      "search",
    ]);
    expect(graph.upstreamOf("a")).toEqual([{ service: "b", steps: 1, via: null }]);
    expect(graph.upstreamOf("nobody")).toEqual([]);
  });

  test("a hub reaches a bounded number of services", () => {
    const many = Array.from({ length: 5_000 }, (_, n) => `s${n}`);
    const graph = new ServiceGraph({ hub: many }, 3);
    expect(graph.upstreamOf("hub").length).toBeLessThanOrEqual(512);
  });
});

test("edges of a tenant relate its own alerts only, from the moment on when they came", () => {
  const graph = new GraphState();
  const config = { dependencies, windowMs: 10 * minute, depthMax: 4, agree: ["region"] };
  const sources = { files: {}, labels: [], labelsForgetMs: 0, traces: false, tracesForgetMs: 0 };
  graph.configure({ ...config, sources: { ...sources, edgesMax: 10 } });
  const found = new Topology<Candidate>(config, graph);
  found.add(candidate(1, "ledger"));
  found.add({ ...candidate(2, "ledger"), tenant: "other" });
  expect(found.find(sighting("checkout"))).toBeNull();
  const edge = { service: "checkout", dependency: "ledger", tenant: "t", environment: null };
  graph.apply([{ source: "api", ...edge, atMs: 0, removed: false, by: "ana" }]);
  expect(found.find(sighting("checkout"))).toMatchObject({ candidate: { id: "inc-0-1" } });
  expect(found.find(sighting("gateway"))).toMatchObject({ candidate: { id: "inc-0-1" } });
  expect(found.find(sighting("checkout", minute, "other"))).toBeNull();
});

describe("topology", () => {
  test("a symptom joins the incident furthest up, and says on which way", () => {
    const found = rule();
    found.add(candidate(1, "checkout"));
    found.add(candidate(2, "db"));
    expect(found.find(sighting("gateway"))).toMatchObject({
      candidate: { id: "inc-0-2" },
      because:
        '"gateway" depends on "db" through "checkout", ' +
        "where an alert of inc-0-2 began 1 min before",
      explains: [],
    });
    expect(found.find(sighting("gateway"))?.root).toBeUndefined();
  });

  test("a cause that shows later becomes the root of the oldest, and explains the others", () => {
    const found = rule();
    const [checkout, search] = [candidate(3, "checkout"), candidate(2, "search")];
    found.add(checkout);
    found.add(search);
    expect(found.find(sighting("db"))).toEqual({
      candidate: search,
      because: '"search" depends on "db": the cause showed after its symptoms',
      explains: [checkout],
      root: "db",
    });
  });

  test("a service in the middle joins its cause and brings what depends on it along", () => {
    const found = rule();
    const [db, gateway] = [candidate(5, "db"), candidate(1, "gateway")];
    found.add(db);
    found.add(gateway);
    expect(found.find(sighting("checkout"))).toMatchObject({ candidate: db, explains: [gateway] });
  });

  test("beyond the window, the depth, the tenant or the graph nothing is related", () => {
    const found = rule(1);
    found.add(candidate(1, "db"));
    expect(found.find(sighting("gateway"))).toBeNull();
    expect(found.find(sighting("checkout", minute, "other"))).toBeNull();
    expect(found.find(sighting("billing"))).toBeNull();
    expect(found.find(sighting("checkout", 10 * minute))).not.toBeNull();
    expect(found.find(sighting("checkout", 10 * minute + 1))).toBeNull();
  });

  test("an incident is found by its root, not by where it was first seen", () => {
    const found = rule();
    const moved = { ...candidate(1, "gateway"), root: { service: "disk" } };
    found.add(moved);
    expect(found.find(sighting("search"))).toMatchObject({ candidate: moved });
    found.remove(moved);
    expect(found.find(sighting("search"))).toBeNull();
  });

  test("of two causes the one whose labels agree is chosen, also if it is nearer", () => {
    const found = rule();
    found.add({ ...candidate(1, "db"), labels: { service: "db", region: "us" } });
    found.add({ ...candidate(2, "checkout"), labels: { service: "checkout", region: "eu" } });
    const labels = { service: "gateway", severity: "high", region: "eu" };
    expect(found.find({ ...sighting("gateway"), labels })).toMatchObject({
      candidate: { id: "inc-0-2" },
    });
  });

  test("labels that speak against it more than for it keep two troubles apart", () => {
    const found = rule();
    found.add({ ...candidate(1, "db"), labels: { service: "db", region: "us" } });
    const labels = { service: "gateway", severity: "high", region: "eu" };
    expect(found.find({ ...sighting("gateway"), labels })).toBeNull();
  });

  test("small alerts explain nothing, and nothing explains them", () => {
    const found = rule();
    found.add({ ...candidate(1, "db"), severity: "low" });
    expect(found.find(sighting("checkout"))).toBeNull();
    found.add({ ...candidate(2, "db"), severity: "medium" });
    const as = (severity: string) => {
      const labels = { service: "checkout", severity };
      return found.find({ ...sighting("checkout"), labels });
    };
    expect(as("critical")).toBeNull();
    expect(as("medium")).toMatchObject({ candidate: { id: "inc-0-2" } });
    expect(as("info")).toBeNull();
  });
});
