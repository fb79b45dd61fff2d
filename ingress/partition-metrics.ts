/** Metrics of the partitions and of delivery, read when they are scraped. */
import type { PartitionStats } from "../runtime/shard-task.ts";
import type { MetricRegistry, Sample } from "./metric-registry.ts";

type Shards = { shard: string; restarts: number; partitions: PartitionStats[] }[];
type Deps = { delivery(): Record<string, number> };

export function addPartitionMetrics(
  registry: MetricRegistry,
  shards: () => Shards,
  deps: Deps,
): void {
  const perPartition = (value: (stats: PartitionStats) => number): (() => Sample[]) => () =>
    shards().flatMap(({ partitions }) =>
      partitions.map((stats) => ({
        labels: { stage: stats.stage, partition: String(stats.partition) },
        value: value(stats),
      })),
    );
  registry.callback(
    "gauge",
    "tocsin_partition_ready",
    "1 while the partition is served, 0 while it recovers or is stopped.",
    perPartition((stats) => (stats.ready ? 1 : 0)),
  );
  registry.callback(
    "gauge",
    "tocsin_partition_actors",
    "Alerts (stage dedup) or incidents (stage incident) in memory.",
    perPartition((stats) => stats.actors),
  );
  registry.callback(
    "gauge",
    "tocsin_partition_lag_seconds",
    "How long a record stored now would wait until the partition applies it.",
    perPartition((stats) => stats.lagMs / 1000),
  );
  registry.callback(
    "gauge",
    "tocsin_relay_backlog_steps",
    "Steps that are durable but not yet published downstream.",
    perPartition((stats) => stats.relayBacklog),
  );
  registry.callback(
    "gauge",
    "tocsin_alerts_processed",
    "Alerts counted by the dedup stage since its beginning, by outcome.",
    () => outcomes(shards()),
  );
  registry.callback("counter", "tocsin_shard_restarts_total", "Shard threads restarted.", () =>
    shards().map(({ shard, restarts }) => ({ labels: { shard }, value: restarts })),
  );
  registry.callback("counter", "tocsin_deliveries_total", "Delivery attempts, by outcome.", () =>
    Object.entries(deps.delivery()).map(([outcome, value]) => ({ labels: { outcome }, value })),
  );
}

function outcomes(shards: Shards): Sample[] {
  const sums = new Map<string, number>();
  for (const { partitions } of shards) {
    for (const { counters } of partitions) {
      for (const [outcome, count] of Object.entries(counters ?? {})) {
        if (outcome !== "received") sums.set(outcome, (sums.get(outcome) ?? 0) + count);
      }
    }
  }
  return [...sums].map(([outcome, value]) => ({ labels: { outcome }, value }));
}
