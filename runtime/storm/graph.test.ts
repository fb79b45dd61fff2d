import { describe, expect, test } from "vitest";
import { diceFor } from "./dice.ts";
import type { Service } from "./graph.ts";
import { dependenciesOf, dependentsOf, generateGraph, servicesMax } from "./graph.ts";
import { hostedHere, platform } from "./platform.ts";

/** Names are declared once, edges lead to earlier ones: so there is no cycle and no hole. */
function expectOrdered(graph: readonly Service[]): void {
  const known = new Set<string>();
  for (const { name, dependsOn } of graph) {
    for (const needed of dependsOn) expect([name, needed, known.has(needed)][2]).toBe(true);
    expect(new Set(dependsOn).size).toBe(dependsOn.length);
    expect(known.has(name)).toBe(false);
    known.add(name);
  }
}

describe("the platform", () => {
  test("has some forty services, without cycles, on one network", () => {
    expectOrdered(platform);
    expect(platform.length).toBeGreaterThanOrEqual(40);
    const reached = dependentsOf(platform, "cluster-network").length;
    // All but itself and the two providers outside.
    expect(reached).toBe(platform.length - 3);
    for (const { service } of hostedHere) {
      expect(platform.some(({ name }) => name === service)).toBe(true);
    }
  });
});

describe("reach", () => {
  const graph: Service[] = [
    { name: "db", role: "database", dependsOn: [] },
    { name: "a", role: "api", dependsOn: ["db"] },
    { name: "b", role: "api", dependsOn: ["db", "a"] },
    { name: "top", role: "edge", dependsOn: ["b"] },
    { name: "aside", role: "worker", dependsOn: [] },
  ];
  const named = (all: { service: Service; hop: number }[]): [string, number][] =>
    all.map(({ service, hop }) => [service.name, hop]);

  test("goes to dependents or dependencies by the shortest way, nearest first", () => {
    expect(named(dependentsOf(graph, "db"))).toEqual([["a", 1], ["b", 1], ["top", 2]]);
    expect(named(dependenciesOf(graph, "top"))).toEqual([["b", 1], ["db", 2], ["a", 2]]);
    expect(dependentsOf(graph, "aside")).toEqual([]);
  });

  test("refuses a service that is not there", () => {
    expect(() => dependentsOf(graph, "nowhere")).toThrow('the graph has no service "nowhere"');
  });
});

describe("a generated graph", () => {
  test.each([1, 2, 5, 40, 300, servicesMax])("of %i services has no cycle", (count) => {
    const graph = generateGraph(diceFor(9), count);
    expect(graph).toHaveLength(count);
    expectOrdered(graph);
    expect(generateGraph(diceFor(9), count)).toEqual(graph);
  });

  test("has a few services that many need, and depth", () => {
    const graph = generateGraph(diceFor(4), servicesMax);
    expect(generateGraph(diceFor(5), servicesMax)).not.toEqual(graph);
    const needed = new Map<string, number>();
    for (const { dependsOn } of graph) {
      for (const name of dependsOn) needed.set(name, (needed.get(name) ?? 0) + 1);
    }
    const counts = [...needed.values()].sort((a, b) => b - a);
    expect(counts[0]).toBeGreaterThan(50);
    expect(counts[Math.floor(counts.length / 2)]).toBeLessThan(10);
    const edge = graph.at(-1)?.name ?? "";
    expect(Math.max(...dependenciesOf(graph, edge).map(({ hop }) => hop))).toBeGreaterThan(3);
  });

  test.each([0, -1, 1.5, servicesMax + 1, NaN])("of %d services is refused", (count) => {
    expect(() => generateGraph(diceFor(1), count)).toThrow(RangeError);
  });
});
