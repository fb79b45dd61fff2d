/**
 * The service graph as a person sees it: the edges of all sources together, those around a
 * service, and its cycles. Pure.
 */
import type { Dependencies } from "../actors/correlation/edge-set.ts";
import type { EdgeScope, LearntEdge, LearntSource } from "../actors/correlation/learnt-edges.ts";
import type { TopologyConfig } from "../actors/correlation/correlator.ts";

export const edgeSources = ["config", "file", "api", "traces", "labels"] as const;
export type EdgeSource = (typeof edgeSources)[number];

/** `atMs` null: as long as the configuration says so. */
export type EdgeOrigin = { source: EdgeSource; atMs: number | null; by: string };
/** "service" depends on "dependency". */
export type GraphEdge = EdgeScope & {
  service: string;
  dependency: string;
  origins: EdgeOrigin[];
};

/** Undefined: any. A tenant's graph is that of everywhere and its own. */
export type EdgeFilter = {
  tenant?: string;
  environment?: string;
  sources: EdgeSource[];
  services: string[];
  /** Steps from the services, in both directions or in one. */
  depth: number;
  direction: "upstream" | "downstream" | "both";
};

const sourceOf: Record<LearntSource, EdgeSource> = {
  api: "api",
  traces: "traces",
  labels: "labels",
};

/** Each edge of each tenant and environment once, in the order of names. */
export function unitedEdges(
  config: TopologyConfig | null,
  learnt: readonly LearntEdge[],
): GraphEdge[] {
  const edges = new Map<string, GraphEdge>();
  const add = (of: Omit<GraphEdge, "origins">, origin: EdgeOrigin): void => {
    const { tenant, environment, service, dependency } = of;
    const key = keyOfEdge(of);
    const known = edges.get(key);
    if (known !== undefined) known.origins.push(origin);
    else edges.set(key, { tenant, environment, service, dependency, origins: [origin] });
  };
  const everywhere = { tenant: null, environment: null };
  const said: [EdgeSource, Dependencies | undefined][] = [
    ["config", config?.dependencies],
    ["file", config?.sources?.files],
  ];
  for (const [source, dependencies] of said) {
    for (const [service, list] of Object.entries(dependencies ?? {})) {
      for (const dependency of new Set(list)) {
        if (dependency === service) continue;
        add({ ...everywhere, service, dependency }, { source, atMs: null, by: "" });
      }
    }
  }
  for (const edge of learnt) add(edge, { ...edge, source: sourceOf[edge.source] });
  return [...edges]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, edge]) => ({ ...edge, origins: edge.origins.map(plainOrigin) }));
}

/** Tells edges apart, and puts them in order. */
export function keyOfEdge(edge: Omit<GraphEdge, "origins">): string {
  return JSON.stringify([edge.service, edge.dependency, edge.tenant, edge.environment]);
}

const plainOrigin = ({ source, atMs, by }: EdgeOrigin): EdgeOrigin => ({ source, atMs, by });

export function filteredEdges(edges: readonly GraphEdge[], filter: EdgeFilter): GraphEdge[] {
  const { tenant, environment, sources } = filter;
  const isSeen = (of: string | null, wanted: string | undefined): boolean =>
    wanted === undefined || of === null || of === wanted;
  const visible = edges.filter(
    (edge) =>
      isSeen(edge.tenant, tenant) &&
      isSeen(edge.environment, environment) &&
      (sources.length === 0 || edge.origins.some(({ source }) => sources.includes(source))),
  );
  if (filter.services.length === 0) return visible;
  const { direction, depth, services } = filter;
  const around = new Set<GraphEdge>();
  if (direction !== "downstream") walk(visible, services, depth, "service", around);
  if (direction !== "upstream") walk(visible, services, depth, "dependency", around);
  return visible.filter((edge) => around.has(edge));
}

/** Those that alerts of the tenant may meet: of everywhere, and its own. */
export function edgesMetBy(tenant: string, edges: readonly GraphEdge[]): GraphEdge[] {
  return edges.filter((edge) => edge.tenant === null || edge.tenant === tenant);
}

/** Names of services that are in none of the edges. */
export function unknownServices(edges: readonly GraphEdge[], services: string[]): string[] {
  const known = new Set(namesOf(edges));
  return services.filter((service) => !known.has(service));
}

export function namesOf(edges: readonly GraphEdge[]): string[] {
  return [...new Set(edges.flatMap(({ service, dependency }) => [service, dependency]))].sort();
}

/** Groups of services each of which depends on all of its group, itself included. */
export function cyclesOf(edges: readonly GraphEdge[]): string[][] {
  const next = byName(edges, "service");
  const back = byName(edges, "dependency");
  // Kosaraju: in the reverse order of their ends, what is reached backwards is one group.
  const order: string[] = [];
  const seen = new Set<string>();
  for (const name of namesOf(edges)) depthFirst(name, seen, (of) => targets(next, of), order);
  const groups: string[][] = [];
  const taken = new Set<string>();
  for (const name of order.reverse()) {
    const group: string[] = [];
    depthFirst(name, taken, (of) => sourcesOf(back, of), group);
    if (group.length > 1) groups.push(group.sort());
  }
  return groups.sort((a, b) => ((a[0] ?? "") < (b[0] ?? "") ? -1 : 1));
}

type Index = Map<string, GraphEdge[]>;

const targets = (index: Index, of: string): string[] =>
  (index.get(of) ?? []).map(({ dependency }) => dependency);
const sourcesOf = (index: Index, of: string): string[] =>
  (index.get(of) ?? []).map(({ service }) => service);

function byName(edges: readonly GraphEdge[], end: "service" | "dependency"): Index {
  const index: Index = new Map();
  for (const edge of edges) {
    const known = index.get(edge[end]);
    if (known === undefined) index.set(edge[end], [edge]);
    else known.push(edge);
  }
  return index;
}

/** Adds what is reached to `ended`, each after all that is reached from it. */
function depthFirst(
  from: string,
  seen: Set<string>,
  next: (of: string) => string[],
  ended: string[],
): void {
  if (seen.has(from)) return;
  seen.add(from);
  const path = [{ name: from, rest: next(from) }];
  for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
    const name = top.rest.pop();
    if (name === undefined) {
      ended.push(top.name);
      path.pop();
    } else if (!seen.has(name)) {
      seen.add(name);
      path.push({ name, rest: next(name) });
    }
  }
}

function walk(
  edges: readonly GraphEdge[],
  from: readonly string[],
  depth: number,
  end: "service" | "dependency",
  found: Set<GraphEdge>,
): void {
  const index = byName(edges, end);
  const other = end === "service" ? "dependency" : "service";
  const seen = new Set(from);
  let frontier = [...from];
  for (let steps = 0; steps < depth && frontier.length > 0; steps += 1) {
    const further: string[] = [];
    for (const edge of frontier.flatMap((name) => index.get(name) ?? [])) {
      found.add(edge);
      if (seen.has(edge[other])) continue;
      seen.add(edge[other]);
      further.push(edge[other]);
    }
    frontier = further;
  }
}
