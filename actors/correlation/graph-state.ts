/**
 * The service graph of one incident partition, as it changes: what the configuration says (of
 * itself, and by the files that it names) and what was learnt (learnt-edges.ts). All of it comes
 * with the partition's records, in their order and with their time, so a replay finds the same
 * graph.
 *
 * S1 An alert meets the edges of everywhere, of its tenant, and of its tenant's environment.
 *    Labels teach only their own environment: nobody can name edges for others.
 * S2 What was only seen is forgotten when it was not seen for the configured time, within a
 *    minute of log time.
 * S3 A change costs what it touches: neighbourhoods that it is no part of stay remembered.
 */
import type { Labels } from "../alert/events.ts";
import { identityOf, labelOf, unknownService } from "../incident/identity.ts";
import { type Dependencies, EdgeSet } from "./edge-set.ts";
import { ServiceGraph } from "./graph.ts";
import {
  type LearntEdge,
  LearntEdges,
  type LearntSource,
  learntSources,
  scopeKey,
} from "./learnt-edges.ts";
import { isServiceName, readServiceNames } from "./service-names.ts";

export type GraphSources = {
  /** What the files that it names say. */
  files: Dependencies;
  /** Labels of alerts that name what their service depends on. */
  labels: string[];
  labelsForgetMs: number;
  /** Whether metrics of traces are taken for edges. */
  traces: boolean;
  tracesForgetMs: number;
  /** Edges of each source for one tenant, or one of its environments. */
  edgesMax: number;
};

export type GraphConfig = {
  dependencies: Dependencies;
  depthMax: number;
  /** Absent in configurations of versions that knew no other sources. */
  sources?: GraphSources;
};

export type GraphSnapshot = { sweptMinute: number; edges: LearntEdge[] };

type Change = { scope: string; service: string; dependency: string };

const minuteMs = 60_000;
/** Changes at once that are looked at one by one; more of them forget all neighbourhoods. */
const carefulMax = 32;
/** Graphs of tenants and environments with edges of their own that are kept at hand. */
const viewsMax = 32;
/** Services in the remembered neighbourhoods of each of them. */
const viewRememberedMax = 50_000;

export class GraphState {
  #config: GraphConfig | null = null;
  readonly #learnt = new Map<LearntSource, LearntEdges>();
  /** By scope; "": everywhere. */
  readonly #layers = new Map<string, EdgeSet>();
  readonly #views = new Map<string, ServiceGraph>();
  /** The last answer of `of`; null: views came or went since. */
  #last: { tenant: string; environment: string; view: ServiceGraph } | null = null;
  #changes: Change[] = [];
  #sweptMinute = 0;

  constructor() {
    for (const source of learntSources) this.#learnt.set(source, new LearntEdges());
  }

  /** @param config null: there is no graph; what was stated is kept all the same. */
  configure(config: GraphConfig | null): void {
    const before = this.#config;
    this.#config = config;
    for (const said of [config?.dependencies, config?.sources?.files]) {
      eachOf(said, (service, dependency) => this.#add("", service, dependency));
    }
    for (const said of [before?.dependencies, before?.sources?.files]) {
      eachOf(said, (service, dependency) => this.#remove("", service, dependency));
    }
    if (!config?.sources?.traces) this.#forget("traces", Infinity, 0);
    if (!config?.sources?.labels.length) this.#forget("labels", Infinity, 0);
    this.#settle();
    if (before?.depthMax !== config?.depthMax) this.#views.clear();
    this.#last = null;
  }

  /** @returns how many of them found no place. */
  apply(edges: readonly LearntEdge[]): number {
    const sources = this.#config?.sources;
    let refused = 0;
    for (const edge of edges) {
      if (edge.source === "traces" && !sources?.traces) continue;
      if (!this.#merge(edge, sources?.edgesMax ?? 0)) refused += 1;
    }
    this.#settle();
    return refused;
  }

  /** What the labels of an alert say of its service. */
  observe(labels: Labels, nowMs: number): void {
    const sources = this.#config?.sources;
    if (sources === undefined) return;
    for (const name of sources.labels) {
      const value = labelOf(labels, name);
      if (value === "") continue;
      const { tenant, environment, service } = identityOf(labels);
      if (service === unknownService) continue;
      if (![tenant, environment, service].every(isServiceName)) continue;
      for (const dependency of readServiceNames(value)) {
        if (dependency === service) continue;
        const edge = { tenant, environment, service, dependency, atMs: nowMs };
        this.#merge({ source: "labels", ...edge, removed: false, by: "" }, sources.edgesMax);
      }
    }
    this.#settle();
  }

  /** Time has moved on; called with each record, before it. */
  sweep(nowMs: number): void {
    const minute = Math.floor(nowMs / minuteMs);
    if (minute === this.#sweptMinute) return;
    this.#sweptMinute = minute;
    const { tracesForgetMs = 0, labelsForgetMs = 0 } = this.#config?.sources ?? {};
    this.#forget("api", -Infinity, nowMs);
    this.#forget("traces", nowMs - tracesForgetMs, nowMs);
    this.#forget("labels", nowMs - labelsForgetMs, nowMs);
    this.#settle();
  }

  /** S1; valid until the next change. */
  of(tenant: string, environment: string): ServiceGraph {
    const last = this.#last;
    if (last?.tenant === tenant && last.environment === environment) return last.view;
    const view = this.#viewOf(tenant, environment);
    this.#last = { tenant, environment, view };
    return view;
  }

  #viewOf(tenant: string, environment: string): ServiceGraph {
    const scopes = ["", tenant, scopeKey({ tenant, environment })];
    const present = scopes.filter((scope, at) => at === 0 || this.#layers.has(scope));
    const key = present.at(-1) ?? "";
    const known = this.#views.get(key);
    if (known !== undefined) return known;
    if (this.#views.size >= viewsMax) this.#views.clear();
    const layers = present.map((scope) => this.#layers.get(scope) ?? new EdgeSet());
    const most = key === "" ? undefined : viewRememberedMax;
    const view = ServiceGraph.over(layers, this.#config?.depthMax ?? 0, most);
    this.#views.set(key, view);
    return view;
  }

  /** Those taken back included. */
  *learnt(source: LearntSource): Iterable<LearntEdge> {
    yield* this.#of(source).all();
  }

  /** New edges that found no place since this memory began. */
  refused(source: LearntSource): number {
    return this.#of(source).refused;
  }

  snapshot(): GraphSnapshot {
    const edges = learntSources.flatMap((source) => [...this.learnt(source)]);
    return { sweptMinute: this.#sweptMinute, edges };
  }

  /** Into a state that is configured and has learnt nothing. */
  restore({ sweptMinute, edges }: GraphSnapshot): void {
    this.#sweptMinute = sweptMinute;
    for (const edge of edges) this.#merge(edge, Infinity);
    this.#settle();
  }

  /** @returns false when there was no place for it. */
  #merge(edge: LearntEdge, livingMax: number): boolean {
    const merged = this.#of(edge.source).merge(edge, livingMax);
    const { service, dependency } = edge;
    if (merged === "came") this.#add(scopeKey(edge), service, dependency);
    if (merged === "went") this.#remove(scopeKey(edge), service, dependency);
    return merged !== "refused";
  }

  #forget(source: LearntSource, seenSinceMs: number, nowMs: number): void {
    for (const edge of this.#of(source).forget(seenSinceMs, nowMs)) {
      this.#remove(scopeKey(edge), edge.service, edge.dependency);
    }
  }

  #of(source: LearntSource): LearntEdges {
    return this.#learnt.get(source) as LearntEdges;
  }

  #add(scope: string, service: string, dependency: string): void {
    let layer = this.#layers.get(scope);
    if (layer === undefined) {
      this.#layers.set(scope, (layer = new EdgeSet()));
      this.#dropViews(scope);
    }
    if (layer.add(service, dependency)) this.#changes.push({ scope, service, dependency });
  }

  #remove(scope: string, service: string, dependency: string): void {
    const layer = this.#layers.get(scope);
    if (layer?.remove(service, dependency) !== true) return;
    this.#changes.push({ scope, service, dependency });
    if (!layer.isEmpty) return;
    this.#layers.delete(scope);
    this.#dropViews(scope);
  }

  /** The layer of this scope is new, or no more. */
  #dropViews(scope: string): void {
    this.#last = null;
    for (const key of this.#views.keys()) if (isWithin(key, scope)) this.#views.delete(key);
  }

  /** S3 */
  #settle(): void {
    const changes = this.#changes;
    if (changes.length === 0) return;
    this.#changes = [];
    for (const [key, view] of this.#views) {
      const own = changes.filter(({ scope }) => isWithin(key, scope));
      if (own.length > carefulMax) view.changedMuch();
      else for (const { service, dependency } of own) view.changed(service, dependency);
    }
  }
}

/** Whether the graph of the scope `key` has the layer `scope`. */
function isWithin(key: string, scope: string): boolean {
  return scope === "" || key === scope || key.startsWith(`${scope}\u0000`);
}

function eachOf(
  said: Dependencies | undefined,
  visit: (service: string, dependency: string) => void,
): void {
  for (const [service, list] of Object.entries(said ?? {})) {
    for (const dependency of list) visit(service, dependency);
  }
}
