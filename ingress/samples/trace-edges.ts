/**
 * Edges of the service graph from metrics of traces: OpenTelemetry's service graph connector
 * counts the requests of each client to each server, and a client depends on its servers.
 *
 * E1 An edge is seen when its count has grown: exporters go on telling counts of long ago.
 * E2 What was told to the partitions a short while ago is not told again; each edge comes with
 *    every export, from every collector.
 * E3 Of a tenant's edges, not many more are told than it may have: each is a record for all
 *    partitions, and a sender that makes up names must not fill their logs.
 */
import { isServiceName, serviceCharsMax } from "../../actors/correlation/service-names.ts";
import type { LearntEdge } from "../../actors/correlation/learnt-edges.ts";
import type { TopologyConfig } from "../../actors/correlation/correlator.ts";
import type { Clock } from "../../runtime/ports.ts";
import type { AlertOwner, RejectedAlert, ServiceGraphs } from "../../runtime/services.ts";
import { type Fault, fault, faultReasons } from "../alert-check.ts";
import { RecentMap } from "../../runtime/recent-map.ts";
import { ownedLabels } from "../senders/sender.ts";
import { anyone } from "../senders/sender-deps.ts";
import type { MetricSample } from "./sample.ts";

const traceMetrics = ["traces_service_graph_request_total", "traces_service_graph_request"];
const toldMax = 200_000;
/** An edge is told again after this, or a quarter of the time after which it is forgotten. */
const tellAgainMs = 5 * 60_000;
const tellAgainShare = 4;
/** Edges of a tenant that are told within that time, as a multiple of those that it may have. */
const toldTimes = 2;
const tenantsMax = 10_000;

export type TraceEdgesOptions = {
  graphs: Pick<ServiceGraphs, "see">;
  clock: Clock;
  /** Of the configuration in force; null: there is no service graph. */
  topology(): TopologyConfig | null;
};

export class TraceEdges {
  readonly #options: TraceEdgesOptions;
  /** When each edge was last told to the partitions. */
  readonly #told = new RecentMap<number>(toldMax);
  /** How many of each tenant were told lately. */
  readonly #shares = new RecentMap<Share>(tenantsMax);

  constructor(options: TraceEdgesOptions) {
    this.#options = options;
  }

  /** Whether samples of the metric are edges. */
  takes(metric: string): boolean {
    return traceMetrics.includes(metric) && this.#options.topology()?.sources?.traces === true;
  }

  /**
   * Resolves when what was seen is durable. @returns what was refused, and why.
   * @throws RetryableError; to repeat it is safe.
   */
  async take(samples: readonly MetricSample[], owner?: AlertOwner): Promise<RejectedAlert[]> {
    const { graphs, clock } = this.#options;
    const { edgesMax = 0, tracesForgetMs = 0 } = this.#options.topology()?.sources ?? {};
    const againMs = Math.min(tellAgainMs, tracesForgetMs / tellAgainShare);
    const nowMs = clock.nowMs();
    const times = { nowMs, forgetMs: tracesForgetMs, againMs };
    const period = Math.floor(nowMs / againMs);
    const refused: RejectedAlert[] = [];
    const seen = new Map<string, LearntEdge>();
    const counts = new Map<string, number>();
    for (const sample of samples) {
      const edge = edgeOf(sample, nowMs, owner ?? anyone);
      if ("reason" in edge) {
        refused.push({ index: sample.index, ...edge });
        continue;
      }
      const key = keyOf(edge);
      if (!this.#isNews(edge, sample.value, times)) continue;
      if (!seen.has(key)) {
        const tenant = edge.tenant ?? "";
        const count = counts.get(tenant) ?? 0;
        if (this.#toldOf(tenant, period) + count >= toldTimes * edgesMax) continue;
        counts.set(tenant, count + 1);
      }
      seen.set(key, edge);
    }
    if (seen.size > 0) await graphs.see([...seen.values()]);
    for (const [key, { atMs }] of seen) this.#told.set(key, atMs);
    for (const [tenant, count] of counts) {
      this.#shares.set(tenant, { period, told: this.#toldOf(tenant, period) + count });
    }
    return refused;
  }

  #isNews(edge: LearntEdge, count: number, { nowMs, forgetMs, againMs }: Times): boolean {
    if (!(count > 0) || edge.service === edge.dependency) return false;
    if (nowMs - edge.atMs > forgetMs) return false;
    const toldMs = this.#told.get(keyOf(edge));
    return toldMs === undefined || edge.atMs - toldMs >= againMs;
  }

  #toldOf(tenant: string, period: number): number {
    const share = this.#shares.get(tenant);
    return share?.period === period ? share.told : 0;
  }
}

/** `told`: in the period of this number. */
type Share = { period: number; told: number };
type Times = { nowMs: number; forgetMs: number; againMs: number };

function keyOf({ tenant, service, dependency }: LearntEdge): string {
  return JSON.stringify([tenant, service, dependency]);
}

function edgeOf(sample: MetricSample, nowMs: number, owner: AlertOwner): LearntEdge | Fault {
  const labels = ownedLabels(sample.labels, { ...owner, service: null });
  if (labels === null) {
    return fault(faultReasons.otherTenant, "labels.tenant_id", sample.labels["tenant_id"]);
  }
  const { client = "", server = "" } = labels;
  const tenant = labels["tenant_id"] || labels["tenant"] || null;
  for (const [name, value] of Object.entries({ client, server, tenant_id: tenant ?? "-" })) {
    if (!isServiceName(value)) return fault(notName, `labels.${name}`, value);
  }
  return {
    ...{ source: "traces", tenant, environment: null, service: client, dependency: server },
    ...{ atMs: Math.min(sample.atMs ?? nowMs, nowMs), removed: false, by: "" },
  };
}

const notName = `expected a name of 1 to ${serviceCharsMax} characters`;
