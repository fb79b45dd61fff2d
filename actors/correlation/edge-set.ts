/**
 * Edges of a service graph, to be followed both ways. Neighbours are in the order of names, so
 * that what is found depends on which edges there are, and not on when each of them came. An edge
 * stands in it once for each of those who say so, and goes with the last of them.
 */

/** A service, and the services that it depends on directly. */
export type Dependencies = Record<string, string[]>;

export class EdgeSet {
  readonly #dependencies = new Map<string, string[]>();
  readonly #dependants = new Map<string, string[]>();
  /** How many edges each service has. */
  readonly #services = new Map<string, number>();
  /** How often each edge was added, where it was more than once. */
  readonly #times = new Map<string, Map<string, number>>();

  /** @returns whether it was not there. An edge of a service to itself is none. */
  add(service: string, dependency: string): boolean {
    if (service === dependency) return false;
    if (insert(this.#dependencies, service, dependency)) {
      insert(this.#dependants, dependency, service);
      this.#count(service, 1);
      this.#count(dependency, 1);
      return true;
    }
    let times = this.#times.get(service);
    if (times === undefined) this.#times.set(service, (times = new Map()));
    times.set(dependency, (times.get(dependency) ?? 1) + 1);
    return false;
  }

  /** Takes back one `add`. @returns whether the edge is gone now. */
  remove(service: string, dependency: string): boolean {
    const times = this.#times.get(service);
    const count = times?.get(dependency);
    if (times !== undefined && count !== undefined) {
      if (count > 2) times.set(dependency, count - 1);
      else times.delete(dependency);
      if (times.size === 0) this.#times.delete(service);
      return false;
    }
    drop(this.#dependants, dependency, service);
    const isGone = drop(this.#dependencies, service, dependency);
    if (isGone) {
      this.#count(service, -1);
      this.#count(dependency, -1);
    }
    return isGone;
  }

  #count(service: string, edges: number): void {
    const count = (this.#services.get(service) ?? 0) + edges;
    if (count === 0) this.#services.delete(service);
    else this.#services.set(service, count);
  }

  dependenciesOf(service: string): readonly string[] {
    return this.#dependencies.get(service) ?? none;
  }

  dependantsOf(service: string): readonly string[] {
    return this.#dependants.get(service) ?? none;
  }

  has(service: string): boolean {
    return this.#services.has(service);
  }

  /** Services that an edge begins or ends at. */
  get size(): number {
    return this.#services.size;
  }

  get isEmpty(): boolean {
    return this.#dependencies.size === 0;
  }
}

export function edgesOf(dependencies: Dependencies): EdgeSet {
  const edges = new EdgeSet();
  for (const service of Object.keys(dependencies)) {
    for (const dependency of dependencies[service] ?? []) edges.add(service, dependency);
  }
  return edges;
}

const none: readonly string[] = [];

/** @returns false when it is there already. */
function insert(map: Map<string, string[]>, key: string, value: string): boolean {
  const list = map.get(key);
  if (list === undefined) {
    map.set(key, [value]);
    return true;
  }
  const at = placeOf(list, value);
  if (list[at] === value) return false;
  list.splice(at, 0, value);
  return true;
}

/** @returns false when it is not there. */
function drop(map: Map<string, string[]>, key: string, value: string): boolean {
  const list = map.get(key);
  if (list === undefined) return false;
  const at = placeOf(list, value);
  if (list[at] !== value) return false;
  if (list.length === 1) map.delete(key);
  else list.splice(at, 1);
  return true;
}

/** Where it stands, or would stand, in the sorted list. */
function placeOf(list: readonly string[], value: string): number {
  let [from, to] = [0, list.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((list[middle] ?? "") < value) from = middle + 1;
    else to = middle;
  }
  return from;
}
