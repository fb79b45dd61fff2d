/**
 * Which service depends on which: the edges of one or more layers together. Cycles are no harm:
 * whatever is reached twice counts at its least distance. A service that it does not know has no
 * relations.
 *
 * G1 Neighbourhoods are remembered. When an edge comes or goes, those that it may be part of are
 *    forgotten: of the services from which its end is reached within the depth.
 */
import { type Dependencies, type EdgeSet, edgesOf } from "./edge-set.ts";

export type { Dependencies };

/** A service reached, how many steps away, and the first of the services on the way to it. */
export type Reached = { service: string; steps: number; via: string | null };

/** Services reached from one, so that a hub's neighbourhood stays a bounded search. */
export const reachedMax = 512;
/** Services in all remembered neighbourhoods of a graph; beyond it the oldest are forgotten. */
const rememberedMaxDefault = 200_000;

/** Services that are looked at for neighbourhoods to forget, however few there are. */
const lookMin = 64;

const noSteps: ReadonlyMap<string, number> = new Map();

type Neighbours = (edges: EdgeSet, service: string) => readonly string[];
const dependencies: Neighbours = (edges, service) => edges.dependenciesOf(service);
const dependants: Neighbours = (edges, service) => edges.dependantsOf(service);

export class ServiceGraph {
  readonly #depthMax: number;
  /** Services in all remembered neighbourhoods. */
  readonly rememberedMax: number;
  #layers: readonly EdgeSet[];
  readonly #upstream = new Map<string, Reached[]>();
  readonly #downstream = new Map<string, Reached[]>();
  /** Steps to what `#upstream` remembers, and forgotten with it. */
  readonly #steps = new Map<string, ReadonlyMap<string, number>>();
  #asked: string | null = null;
  #askedSteps = noSteps;
  #remembered = 0;
  /** Grows with each change: what was read from it before may be another now. */
  version = 0;

  constructor(edges: Dependencies, depthMax: number, rememberedMax = rememberedMaxDefault) {
    this.#depthMax = depthMax;
    this.rememberedMax = rememberedMax;
    this.#layers = [edgesOf(edges)];
  }

  /** Over sets that others change; whoever does tells of it by `changed`. */
  static over(
    layers: readonly EdgeSet[],
    depthMax: number,
    rememberedMax = rememberedMaxDefault,
  ): ServiceGraph {
    const graph = new ServiceGraph({}, depthMax, rememberedMax);
    graph.#layers = layers;
    return graph;
  }

  /** What it depends on, directly or not; nearest first, then in the order of names. */
  upstreamOf(service: string): readonly Reached[] {
    return this.#reached(service, dependencies, this.#upstream);
  }

  /** What depends on it, directly or not. */
  downstreamOf(service: string): readonly Reached[] {
    return this.#reached(service, dependants, this.#downstream);
  }

  /** How many edges lie between the service and one that it depends on; null: it does not. */
  stepsUp(service: string, dependency: string): number | null {
    // Asked for one service after the other: the last one's are at hand.
    if (service !== this.#asked) {
      this.#askedSteps = this.#stepsOf(service);
      this.#asked = service;
    }
    return this.#askedSteps.get(dependency) ?? null;
  }

  #stepsOf(service: string): ReadonlyMap<string, number> {
    const known = this.#steps.get(service);
    if (known !== undefined) return known;
    const reached = this.upstreamOf(service);
    if (reached.length === 0) return noSteps;
    const steps = new Map(reached.map((one) => [one.service, one.steps]));
    this.#steps.set(service, steps);
    return steps;
  }

  /** Whether the service depends on others or others on it. */
  knows(service: string): boolean {
    if (this.#depthMax < 1) return false;
    for (const edges of this.#layers) if (edges.has(service)) return true;
    return false;
  }

  /** Services that it knows; one that several layers know counts in each of them. */
  get size(): number {
    let sum = 0;
    for (const { size } of this.#layers) sum += size;
    return sum;
  }

  /** G1: this edge came to a layer, or went from it. */
  changed(service: string, dependency: string): void {
    this.version += 1;
    this.#asked = null;
    this.#forget(this.#upstream, service, dependants);
    this.#forget(this.#downstream, dependency, dependencies);
  }

  /** G1: more edges came or went than are worth looking at. */
  changedMuch(): void {
    this.version += 1;
    this.#forgetAll();
  }

  #forgetAll(): void {
    this.#upstream.clear();
    this.#downstream.clear();
    this.#steps.clear();
    this.#asked = null;
    this.#remembered = 0;
  }

  #reached(from: string, next: Neighbours, known: Map<string, Reached[]>): readonly Reached[] {
    const found = known.get(from);
    if (found !== undefined) return found;
    // Only services of the graph are remembered: senders can name any number of others.
    if (!this.#hasNext(from, next)) return none;
    const reached = this.#search(from, next);
    this.#makeRoom(known, reached.length);
    this.#remembered += reached.length;
    known.set(from, reached);
    return reached;
  }

  #hasNext(from: string, next: Neighbours): boolean {
    for (const edges of this.#layers) if (next(edges, from).length > 0) return true;
    return false;
  }

  #search(from: string, next: Neighbours): Reached[] {
    const reached: Reached[] = [];
    const seen = new Set([from]);
    let frontier: Reached[] = [{ service: from, steps: 0, via: null }];
    for (let steps = 1; steps <= this.#depthMax && frontier.length > 0; steps += 1) {
      const further: Reached[] = [];
      for (const { service, via } of frontier) {
        const first = steps === 1 ? null : (via ?? service);
        for (const edges of this.#layers) {
          for (const neighbour of next(edges, service)) {
            if (seen.size > reachedMax) break;
            if (seen.has(neighbour)) continue;
            seen.add(neighbour);
            further.push({ service: neighbour, steps, via: first });
          }
        }
        if (seen.size > reachedMax) break;
      }
      further.sort((a, b) => (a.service < b.service ? -1 : 1));
      reached.push(...further);
      frontier = further;
      if (seen.size > reachedMax) break;
    }
    return reached;
  }

  #makeRoom(known: Map<string, Reached[]>, count: number): void {
    for (const [service, reached] of known) {
      if (this.#remembered + count <= this.rememberedMax) return;
      known.delete(service);
      if (known === this.#upstream) this.#steps.delete(service);
      this.#remembered -= reached.length;
    }
    if (this.#remembered + count > this.rememberedMax) this.#forgetAll();
  }

  /** Those of `known` whose search went through `service`: found against its direction. */
  #forget(known: Map<string, Reached[]>, service: string, back: Neighbours): void {
    if (known.size === 0) return;
    // To look further than there is to forget costs more than to forget all of it: a hub has
    // thousands of neighbours, and may change with every alert.
    const seenMax = known.size + lookMin;
    const seen = new Set([service]);
    let frontier = [service];
    for (let steps = 0; steps < this.#depthMax && frontier.length > 0; steps += 1) {
      const further: string[] = [];
      for (const each of frontier) {
        this.#drop(known, each);
        for (const edges of this.#layers) {
          for (const neighbour of back(edges, each)) {
            if (seen.has(neighbour)) continue;
            if (seen.size >= seenMax) return this.#dropAll(known);
            seen.add(neighbour);
            further.push(neighbour);
          }
        }
      }
      frontier = further;
    }
  }

  #dropAll(known: Map<string, Reached[]>): void {
    for (const service of known.keys()) this.#drop(known, service);
  }

  #drop(known: Map<string, Reached[]>, service: string): void {
    this.#remembered -= known.get(service)?.length ?? 0;
    known.delete(service);
    if (known === this.#upstream) this.#steps.delete(service);
  }
}

const none: readonly Reached[] = [];
