/** The service graph in memory, as one partition keeps it, for tests of API and command line. */
import { GraphState } from "../actors/correlation/graph-state.ts";
import { type LearntEdge, learntSources } from "../actors/correlation/learnt-edges.ts";
import { loadConfig } from "../runtime/config/load.ts";
import type { ServiceGraphs } from "../runtime/services.ts";

export class MemoryGraphs implements ServiceGraphs {
  readonly topology: NonNullable<ReturnType<typeof loadConfig>["correlation"]["topology"]>;
  readonly graph = new GraphState();

  /** @param yaml of the section `correlation.topology`. */
  constructor(yaml = "{}") {
    const { topology } = loadConfig(null, `correlation: { topology: ${yaml} }`).correlation;
    if (topology === null) throw new Error("the configuration has no service graph");
    this.topology = topology;
    this.graph.configure(topology);
  }

  async learnt(): Promise<{ edges: LearntEdge[]; refused: number }> {
    const all = learntSources.flatMap((source) => [...this.graph.learnt(source)]);
    return { edges: all.filter(({ removed }) => !removed), refused: 0 };
  }

  async stated(): Promise<LearntEdge[]> {
    return [...this.graph.learnt("api")];
  }

  async state(edges: LearntEdge[]): Promise<number> {
    return this.graph.apply(edges);
  }

  async see(edges: LearntEdge[]): Promise<void> {
    this.graph.apply(edges);
  }
}
