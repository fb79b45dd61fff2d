/**
 * Which service depends on which, as far as the configuration says. Cycles are no harm: whatever
 * is reached twice counts at its least distance. A service that it does not know has no relations.
 */

/** A service, and the services that it depends on directly. */
export type Dependencies = Record<string, string[]>;

/** A service reached, how many steps away, and the first of the services on the way to it. */
export type Reached = { service: string; steps: number; via: string | null };

/** Services reached from one, so that a hub's neighbourhood stays a bounded search. */
export const reachedMax = 512;

export class ServiceGraph {
  readonly #depthMax: number;
  readonly #dependencies = new Map<string, string[]>();
  readonly #dependants = new Map<string, string[]>();
  readonly #upstream = new Map<string, Reached[]>();
  readonly #downstream = new Map<string, Reached[]>();
  readonly #steps = new Map<string, Map<string, number>>();
  /** Services that it knows. */
  readonly size: number;

  constructor(dependencies: Dependencies, depthMax: number) {
    this.#depthMax = depthMax;
    for (const service of Object.keys(dependencies)) {
      for (const dependency of dependencies[service] ?? []) {
        if (dependency === service) continue;
        push(this.#dependencies, service, dependency);
        push(this.#dependants, dependency, service);
      }
    }
    this.size = new Set([...this.#dependencies.keys(), ...this.#dependants.keys()]).size;
  }

  /** How many edges lie between the service and one that it depends on; null: it does not. */
  stepsUp(service: string, dependency: string): number | null {
    let steps = this.#steps.get(service);
    if (steps === undefined) {
      const reached = this.upstreamOf(service);
      if (reached.length === 0) return null;
      steps = new Map(reached.map((one) => [one.service, one.steps]));
      this.#steps.set(service, steps);
    }
    return steps.get(dependency) ?? null;
  }

  /** What it depends on, directly or not; nearest first, then in the order of names. */
  upstreamOf(service: string): readonly Reached[] {
    return this.#reached(service, this.#dependencies, this.#upstream);
  }

  /** What depends on it, directly or not. */
  downstreamOf(service: string): readonly Reached[] {
    return this.#reached(service, this.#dependants, this.#downstream);
  }

  #reached(
    from: string,
    edges: Map<string, string[]>,
    known: Map<string, Reached[]>,
  ): readonly Reached[] {
    // Only services of the configuration are remembered: senders can name any number of others.
    if (!edges.has(from)) return [];
    const found = known.get(from);
    if (found !== undefined) return found;
    const reached: Reached[] = [];
    const seen = new Set([from]);
    let frontier: Reached[] = [{ service: from, steps: 0, via: null }];
    for (let steps = 1; steps <= this.#depthMax && frontier.length > 0; steps += 1) {
      const next: Reached[] = [];
      for (const { service, via } of frontier) {
        for (const neighbour of edges.get(service) ?? []) {
          if (seen.has(neighbour) || seen.size > reachedMax) continue;
          seen.add(neighbour);
          next.push({ service: neighbour, steps, via: steps === 1 ? null : (via ?? service) });
        }
      }
      next.sort((a, b) => (a.service < b.service ? -1 : 1));
      reached.push(...next);
      frontier = next;
    }
    known.set(from, reached);
    return reached;
  }
}

function push(map: Map<string, string[]>, key: string, value: string): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else if (!list.includes(value)) list.push(value);
}
