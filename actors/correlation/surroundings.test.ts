import { expect, test } from "vitest";
import { edgesOf } from "./edge-set.ts";
import { ServiceGraph } from "./graph.ts";
import { Surroundings } from "./surroundings.ts";

const dependencies = {
  gateway: ["checkout", "search"],
  checkout: ["db", "hub"],
  search: ["db"],
  db: ["disk"],
  ...Object.fromEntries(Array.from({ length: 13 }, (_, n) => [`user-${n}`, ["hub"]])),
};

function setUp(rememberedMax?: number) {
  const edges = edgesOf(dependencies);
  const graph = ServiceGraph.over([edges], 4, rememberedMax);
  const around = new Surroundings(graph);
  const of = (service: string) => {
    const { services, thirds } = around.of(service);
    return { services: services.toSorted(), thirds };
  };
  return { edges, graph, of };
}

test("around a service is what it needs, what needs it, and what needs the same as few do", () => {
  const { of } = setUp();
  expect(of("search")).toEqual({
    services: ["checkout", "db", "disk", "gateway", "search"],
    // The disk is two steps up.
    thirds: ["db", "disk"],
  });
  // Fourteen depend on the hub: that two of them do says nothing.
  expect(of("user-0")).toEqual({ services: ["hub"], thirds: [] });
  expect(of("nobody")).toEqual({ services: [], thirds: [] });
});

test("it is another once an edge came or went, or all edges at once", () => {
  const { edges, graph, of } = setUp();
  expect(of("db").services).not.toContain("reports");
  edges.add("reports", "db");
  graph.changed("reports", "db");
  expect(of("db").services).toContain("reports");
  // Both need the database: what is around a service is more than its own edges.
  expect(of("checkout").services).toContain("reports");
  edges.remove("reports", "db");
  graph.changedMuch();
  expect(of("checkout").services).not.toContain("reports");
});

test("with little room it answers the same", () => {
  const [narrow, wide] = [setUp(8), setUp()];
  for (const service of [...Object.keys(dependencies), "db", "disk", "hub", "gateway"]) {
    expect(narrow.of(service)).toEqual(wide.of(service));
  }
});
