/**
 * What lies around a service of the graph, as correlation asks for it with each alert: the
 * services whose trouble an alert may belong to, and the third ones that it may have in common
 * with others. Remembered until an edge of the graph comes or goes.
 *
 * U1 Memory is bounded: 8 bytes for each name of a service, and no more names than services that
 *    the graph itself remembers; then all is forgotten. What the graph does not know is not kept.
 */
import type { ServiceGraph } from "./graph.ts";

/** Services that depend on a third, up to which it relates two of them. */
export const siblingsMax = 12;
/** How far up such a third is looked for. */
const siblingStepsMax = 2;

export type Around = {
  /** All that it depends on, that depends on it, or that depends on one of `thirds`; no order. */
  readonly services: readonly string[];
  /** What it depends on in few steps, as few others do; nearest first. */
  readonly thirds: readonly string[];
};

const nothing: Around = { services: [], thirds: [] };

export class Surroundings {
  readonly #graph: ServiceGraph;
  readonly #known = new Map<string, Around>();
  #names = 0;
  #version: number;

  constructor(graph: ServiceGraph) {
    this.#graph = graph;
    this.#version = graph.version;
  }

  of(service: string): Around {
    if (this.#version !== this.#graph.version) this.#forgetAll();
    const known = this.#known.get(service);
    if (known !== undefined) return known;
    const around = this.#find(service);
    const names = around.services.length + around.thirds.length;
    if (names === 0) return nothing;
    if (this.#names + names > this.#graph.rememberedMax) this.#forgetAll();
    this.#names += names;
    this.#known.set(service, around);
    return around;
  }

  #find(service: string): Around {
    const upstream = this.#graph.upstreamOf(service);
    const services = new Set<string>();
    const thirds: string[] = [];
    for (const one of upstream) services.add(one.service);
    for (const one of this.#graph.downstreamOf(service)) services.add(one.service);
    for (const { service: third, steps } of upstream) {
      if (steps > siblingStepsMax) break;
      const siblings = this.#graph.downstreamOf(third);
      if (siblings.length > siblingsMax) continue;
      thirds.push(third);
      for (const one of siblings) services.add(one.service);
    }
    return { services: [...services], thirds };
  }

  #forgetAll(): void {
    this.#known.clear();
    this.#names = 0;
    this.#version = this.#graph.version;
  }
}
