import { describe, expect, test } from "vitest";
import type { LearntEdge } from "../actors/correlation/learnt-edges.ts";
import { MemoryGraphs } from "../testing/memory-graphs.ts";
import { replacedEdges, statedEdges, takenBackEdges } from "./edge-changes.ts";
import {
  cyclesOf,
  type EdgeFilter,
  filteredEdges,
  unitedEdges,
  unknownServices,
} from "./service-graph-view.ts";

const { topology } = new MemoryGraphs("{ dependencies: { web: [shop, web], shop: [db, db] } }");

function learnt(text: string, more: Partial<LearntEdge> = {}): LearntEdge {
  const [service = "", dependency = ""] = text.split(">");
  const scope = { tenant: null, environment: null };
  const state = { atMs: 7, removed: false, by: "ana" };
  return { source: "api", ...scope, service, dependency, ...state, ...more };
}

const all = unitedEdges(topology, [
  learnt("shop>db"),
  learnt("shop>db", { source: "traces", atMs: 9, by: "" }),
  learnt("db>disk", { tenant: "acme", environment: "prod", source: "labels" }),
  learnt("disk>shop", { tenant: "acme" }),
  learnt("db>tape", { tenant: "other" }),
]);
const everything: EdgeFilter = { sources: [], services: [], depth: 16, direction: "both" };
const texts = (filter: Partial<EdgeFilter>): string[] =>
  filteredEdges(all, { ...everything, ...filter }).map((edge) =>
    `${edge.service}>${edge.dependency}`,
  );

describe("the edges of all sources", () => {
  test("each edge once, with all who know it", () => {
    const known = all.find(({ service }) => service === "shop");
    expect(known).toEqual({
      ...{ service: "shop", dependency: "db", tenant: null, environment: null },
      origins: [
        { source: "config", atMs: null, by: "" },
        { source: "api", atMs: 7, by: "ana" },
        { source: "traces", atMs: 9, by: "" },
      ],
    });
    expect(texts({})).toEqual(["db>disk", "db>tape", "disk>shop", "shop>db", "web>shop"]);
  });

  test("of a tenant, an environment, a source", () => {
    expect(texts({ tenant: "acme" })).toEqual(["db>disk", "disk>shop", "shop>db", "web>shop"]);
    expect(texts({ tenant: "acme", environment: "dev" })).not.toContain("db>disk");
    expect(texts({ sources: ["traces", "labels"] })).toEqual(["db>disk", "shop>db"]);
  });

  test("around services, as far and in the direction that is asked for; cycles end", () => {
    const around = { services: ["shop"], tenant: "acme" };
    expect(texts({ ...around, depth: 1 })).toEqual(["disk>shop", "shop>db", "web>shop"]);
    expect(texts({ ...around, depth: 2, direction: "upstream" })).toEqual(["db>disk", "shop>db"]);
    const upstream = texts({ ...around, direction: "upstream" });
    expect(upstream).toEqual(["db>disk", "disk>shop", "shop>db"]);
    expect(texts({ ...around, direction: "downstream", depth: 1 })).toEqual([
      "disk>shop",
      "web>shop",
    ]);
    expect(texts({ services: ["nobody"] })).toEqual([]);
    expect(unknownServices(all, ["nobody", "tape"])).toEqual(["nobody"]);
  });

  test("cycles are the groups that depend on each other", () => {
    expect(cyclesOf(all)).toEqual([["db", "disk", "shop"]]);
    expect(cyclesOf(filteredEdges(all, { ...everything, tenant: "other" }))).toEqual([]);
    const two = ["a>b", "b>a", "b>c", "c>d", "d>e", "e>c"].map((text) => learnt(text));
    expect(cyclesOf(unitedEdges(null, two))).toEqual([["a", "b"], ["c", "d", "e"]]);
    const long = Array.from({ length: 20_000 }, (_, at) => learnt(`n${at}>n${at + 1}`));
    expect(cyclesOf(unitedEdges(null, long))).toEqual([]);
  });
});

describe("changes of what was stated", () => {
  const wish = (text: string, tenant: string | null = null) => {
    const { service, dependency } = learnt(text);
    return { tenant, service, dependency };
  };

  test("what is stated already stays as it is and is said again", () => {
    const known = [learnt("a>b")];
    const { edges, added } = statedEdges(known, [wish("a>b"), wish("a>c"), wish("a>c")], "bo", 100);
    expect([edges.length, added]).toEqual([2, 1]);
    expect(edges[0]).toBe(known[0]);
    expect(edges[1]).toMatchObject({ dependency: "c", atMs: 100, by: "bo", removed: false });
  });

  test("a change is newer than what it changes, whatever the clock says", () => {
    const gone = learnt("a>b", { atMs: 500, removed: true });
    expect(statedEdges([gone], [wish("a>b")], "", 100).edges[0]?.atMs).toBe(501);
    expect(takenBackEdges([learnt("a>b", { atMs: 500 }), gone], "bo", 100)).toEqual({
      edges: [learnt("a>b", { atMs: 501, removed: true, by: "bo" }), gone],
      ...{ added: 0, removed: 1 },
    });
  });

  test("a tenant's edges are replaced, and nobody else's", () => {
    const known = [learnt("a>b"), learnt("a>c"), learnt("a>d", { tenant: "t" })];
    const { edges, added, removed } = replacedEdges(known, null, [wish("a>c"), wish("x>y")], "", 9);
    expect([added, removed]).toEqual([1, 1]);
    expect(edges.map(({ dependency, removed }) => [dependency, removed])).toEqual([
      ["b", true],
      ["c", false],
      ["y", false],
    ]);
  });
});
