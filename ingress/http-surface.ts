/**
 * Everything that is served over HTTP, wired to the ports behind it: the ways in for alerts,
 * incidents, SQL, health, status and metrics. It owns the batcher, and so the last step of
 * ingest's drain: nothing is open or on its way when `close` resolves, or it was told so.
 */
import type { TocsinConfig } from "../runtime/config/types.ts";
import type { Logger } from "../runtime/ports.ts";
import type { AlertLists, Analytics, IncidentService } from "../runtime/services.ts";
import type { PartitionStats } from "../runtime/shard-task.ts";
import { FrameIntake } from "./alert-intake.ts";
import { registerAlertLists } from "./alert-list-routes.ts";
import * as alertmanager from "./alertmanager.ts";
import { Batcher, type PublishFrame } from "./batcher.ts";
import * as cloudevents from "./cloudevents.ts";
import * as health from "./health.ts";
import { HttpServer, defaultHttpLimits } from "./http-server.ts";
import { registerIncidents } from "./incident-routes.ts";
import { LagGate } from "./lag-gate.ts";
import { MetricRegistry } from "./metric-registry.ts";
import * as metrics from "./metrics.ts";
import * as native from "./native.ts";
import { addPartitionMetrics } from "./partition-metrics.ts";
import { registerSql } from "./sql-routes.ts";
import { registerStatus } from "./status-routes.ts";

export type SurfacePorts = {
  config: Pick<TocsinConfig, "listen" | "ingest" | "partitions">;
  log: Logger;
  publishFrame: PublishFrame;
  /** The largest frame that the log takes. */
  frameBytesMax: number;
  alerts: AlertLists;
  incidents: IncidentService;
  analytics: Analytics;
  ready(): health.Readiness;
  /** What GET /v1/status tells beside what is known here. */
  status(): object;
  shards(): { shard: string; restarts: number; partitions: PartitionStats[] }[];
  /** How late an alert accepted now would be processed, ms. */
  lagMs(): number;
  deliveries(): Record<string, number>;
  /** Null: chaos is not allowed. */
  killShard: ((index: number) => boolean) | null;
  nowMs(): number;
  newId(): string;
  /** Any number unknown to senders. */
  cacheSeed: number;
};

export type HttpSurface = {
  host: string;
  port: number;
  /** Accepts no more, answers what is in flight for at most `graceMs`, then awaits its frames. */
  close(graceMs: number): Promise<void>;
};

/** Listens at once, so that health can say what is still missing. */
export async function openHttpSurface(ports: SurfacePorts): Promise<HttpSurface> {
  const { config, log, shards, deliveries } = ports;
  const batcher = openBatcher(ports);
  const intake = new FrameIntake({
    batcher,
    gate: new LagGate(ports.lagMs, config.ingest.lagMsMax),
    nowMs: ports.nowMs,
    resolveTimeoutMs: config.ingest.resolveTimeoutMs,
    cacheSeed: ports.cacheSeed,
  });
  const server = openServer(config.ingest, log);
  let address = config.listen;
  const { route } = server;
  alertmanager.register(route, { intake });
  native.register(route, { intake });
  cloudevents.register(route, { intake });
  registerAlertLists(route, { alerts: ports.alerts });
  registerIncidents(route, { incidents: ports.incidents, newId: ports.newId });
  registerSql(route, ports.analytics);
  health.register(route, { ready: ports.ready });
  registerStatus(route, {
    status: () => ({
      ...ports.status(),
      listening: `${address.host}:${address.port}`,
      ready: ports.ready(),
      shards: shards(),
      ingest: { ...intake.counters },
      delivery: deliveries(),
    }),
    killShard: ports.killShard,
  });
  const registry = new MetricRegistry();
  metrics.addIngressMetrics(registry, { intake, batcher, server });
  addPartitionMetrics(registry, shards, { delivery: deliveries });
  metrics.register(route, { registry });
  address = await server.listen(config.listen.host, config.listen.port);
  return {
    ...address,
    async close(graceMs) {
      await server.drain(graceMs);
      await batcher.drained();
    },
  };
}

function openBatcher({ config, publishFrame, frameBytesMax }: SurfacePorts): Batcher {
  const { frameBytesTarget, lingerMs, framesInFlightMax, pendingBytesMax } = config.ingest;
  return new Batcher(config.partitions.dedup, publishFrame, {
    frameBytesTarget: Math.min(frameBytesTarget, frameBytesMax),
    frameBytesMax,
    lingerMs,
    framesInFlightMax,
    pendingBytesMax,
  });
}

function openServer(ingest: TocsinConfig["ingest"], log: Logger): HttpServer {
  const { bodyBytesMax, bodyTimeoutMs, requestsInFlightMax } = ingest;
  return new HttpServer({
    log,
    limits: {
      bodyBytesMax,
      bodyDeadlineMs: bodyTimeoutMs,
      requestsInFlightMax,
      // Room for the largest body and its inflated form, or it could never be taken.
      bufferedBytesMax: Math.max(defaultHttpLimits.bufferedBytesMax, 2 * bodyBytesMax),
    },
  });
}
