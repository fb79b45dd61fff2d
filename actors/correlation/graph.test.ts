import { expect, test } from "vitest";
import { edgesOf } from "./edge-set.ts";
import { ServiceGraph } from "./graph.ts";

test("what was forgotten to make room is asked anew, also after the edge has gone", () => {
  const edges = edgesOf({ a: ["b"], c: ["d"], e: ["f"] });
  const graph = ServiceGraph.over([edges], 4, 2);
  const steps = (): (number | null)[] => {
    return [["a", "b"], ["c", "d"], ["e", "f"]].map(([from = "", to = ""]) => {
      return graph.stepsUp(from, to);
    });
  };
  expect(steps()).toEqual([1, 1, 1]);
  for (const [from, to] of [["c", "d"], ["e", "f"], ["a", "b"]] as const) {
    edges.remove(from, to);
    graph.changed(from, to);
  }
  expect(steps()).toEqual([null, null, null]);
});
