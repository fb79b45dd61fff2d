/**
 * Everything that is served over HTTP, wired to the ports behind it: the ways in for alerts,
 * incidents, SQL, health, status and metrics; and the door threads beside it, if there are any.
 */
import { type AddressInfo, createServer } from "node:net";
import type { HostPort, TocsinConfig } from "../runtime/config/types.ts";
import type { DoorAuth } from "../runtime/door-task.ts";
import { LimitError, TerminalError } from "../runtime/errors.ts";
import type { Clock, HeartbeatStore, Logger } from "../runtime/ports.ts";
import type {
  AlertLists,
  AlertOwner,
  Analytics,
  ApiKeys,
  DispatchService,
  IncidentService,
  ServiceGraphs,
} from "../runtime/services.ts";
import type { PartitionStats } from "../runtime/shard-task.ts";
import type { TextModelReadings } from "../runtime/text-models/text-model-readings.ts";
import type { Admission } from "./admission.ts";
import type { Routes } from "./alertmanager-api/alerts.ts";
import { registerAlertmanagerApi } from "./alertmanager-api/routes.ts";
import { SilenceReminder } from "./alertmanager-api/silence-reminder.ts";
import { AlertDoor } from "./alert-door.ts";
import { registerAlertLists } from "./alert-list-routes.ts";
import type { BatchPlaces, PublishBundle } from "./batcher.ts";
import { DoorPool } from "./door-pool.ts";
import * as health from "./health.ts";
import type { HttpServer } from "./http-server.ts";
import { registerIncidents } from "./incident-routes.ts";
import type { Route } from "./http.ts";
import { registerKeys } from "./key-routes.ts";
import { MetricRegistry } from "./metric-registry.ts";
import * as metrics from "./metrics.ts";
import { addPartitionMetrics } from "./partition-metrics.ts";
import { addedUp } from "./readings.ts";
import { addReloadMetrics, registerReload, type Reloads } from "./reload-routes.ts";
import { addSampleMetrics, registerSamples } from "./samples/sample-routes.ts";
import { anyone, type SenderScope } from "./senders/sender-deps.ts";
import { registerSenders } from "./senders/sender-routes.ts";
import { registerServiceGraph } from "./service-graph-routes.ts";
import { registerSql } from "./sql-routes.ts";
import { registerStatus } from "./status-routes.ts";
import { addTextModelMetrics } from "./text-model-metrics.ts";

type IngressSections = "listen" | "ingest" | "redaction" | "partitions" | "auth" | "sources";

export type SurfacePorts = {
  config: Pick<TocsinConfig, IngressSections>;
  /** What paths may begin with; "": nothing. */
  routePrefix: string;
  /** Threads that listen, this one included; `entry`: file URL of the others'. */
  listeners: { count: number; entry: string; natsUrl: string; logLevel: string };
  log: Logger;
  publishBundle: PublishBundle;
  places: BatchPlaces;
  /** The largest frame that the log takes. */
  frameBytesMax: number;
  alerts: AlertLists;
  incidents: IncidentService;
  heartbeats: HeartbeatStore;
  dispatch: DispatchService;
  graphs: ServiceGraphs;
  live: LiveConfiguration;
  analytics: Analytics;
  keys: ApiKeys;
  /** How this thread and the others ask for API keys; null: nobody does. */
  admission: Admission | null;
  doorAuth: DoorAuth | null;
  /** Of the program. */
  version: string;
  ready(): health.Readiness;
  /** What GET /v1/status tells beside what is known here. */
  status(): object;
  shards(): { shard: string; restarts: number; partitions: PartitionStats[] }[];
  /** How late an alert accepted now would be processed, ms. */
  lagMs(): number;
  /** For door threads (runtime/lag.ts). */
  newestStored: SharedArrayBuffer;
  deliveries(): Record<string, number>;
  /** Null: none is configured, or they do not run yet. */
  textModels(): TextModelReadings | null;
  /** Null: chaos is not allowed. */
  killShard: ((index: number) => boolean) | null;
  clock: Clock;
  newId(): string;
  /** Any number unknown to senders. */
  cacheSeed: number;
};

/** The configuration in force, whichever that is, and how to exchange it. */
export interface LiveConfiguration extends Reloads {
  readonly config: TocsinConfig;
  /** Null: there is no Alertmanager configuration. */
  readonly routes: Routes | null;
}

export type HttpSurface = {
  host: string;
  port: number;
  /** Accepts no more, answers what is in flight for at most `graceMs`, then awaits its frames. */
  close(graceMs: number): Promise<void>;
};

/** Listens at once, so that health can say what is still missing. */
export async function openHttpSurface(ports: SurfacePorts): Promise<HttpSurface> {
  const { config, live, log, shards, deliveries, listeners } = ports;
  const doors = listeners.count - 1;
  const listen = doors === 0 ? config.listen : await portToShare(config.listen);
  const door = new AlertDoor({
    ...{ log, ingest: config.ingest, redaction: config.redaction },
    ...{ places: ports.places, publishBundle: ports.publishBundle },
    frameBytesMax: ports.frameBytesMax,
    ...{ lagMs: ports.lagMs, nowMs: ports.clock.nowMs, cacheSeed: ports.cacheSeed },
    ...{ sharePort: doors > 0, elsewhere: null, admission: ports.admission },
    routePrefix: ports.routePrefix,
  });
  const { server } = door;
  const pool = doors === 0 ? null : openDoors(ports, doors, listen, server);
  const readings = () => addedUp([door.readings(), ...(pool?.readings() ?? [])]);
  let address = listen;
  const { route } = server;
  registerAlertLists(route, { alerts: ports.alerts });
  registerIncidents(route, { incidents: ports.incidents, newId: ports.newId });
  const heartbeats = registerSenders(route, {
    ...{ ...ports, intake: door.intake, sources: config.sources },
    authenticate: (key, scope) => senderOf(ports.admission, key, scope),
  });
  const samples = registerGraphAndSamples(route, ports, door);
  registerAlertmanager(route, ports);
  const reminder = new SilenceReminder({
    ...{ dispatch: ports.dispatch, intake: door.intake, clock: ports.clock, log },
    remindBeforeMs: () => live.config.silences.remindBeforeMs,
  });
  registerReload(route, live);
  registerSql(route, ports.analytics);
  registerKeys(route, { keys: ports.keys, nowMs: ports.clock.nowMs, log });
  health.register(route, { ready: ports.ready });
  registerStatus(route, {
    status: () => ({
      ...ports.status(),
      listening: `${address.host}:${address.port}`,
      listeners: listeners.count,
      ready: ports.ready(),
      shards: shards(),
      ingest: readings().counters,
      delivery: deliveries(),
    }),
    killShard: ports.killShard,
  });
  const registry = new MetricRegistry();
  metrics.addIngressMetrics(registry, readings);
  metrics.addLagMetric(registry, ports.lagMs);
  addPartitionMetrics(registry, shards, { delivery: deliveries });
  addReloadMetrics(registry, live);
  addTextModelMetrics(registry, ports.textModels);
  addSampleMetrics(registry, samples);
  metrics.register(route, { registry, access: config.auth.metrics === "open" ? "open" : "read" });
  address = await server.listen(listen.host, listen.port);
  pool?.start();
  heartbeats.start();
  samples.start();
  reminder.start();
  return {
    ...address,
    async close(graceMs) {
      await Promise.all([heartbeats.stop(), samples.stop(), reminder.stop()]);
      await Promise.all([pool?.close(graceMs), door.close(graceMs)]);
    },
  };
}

/** Metrics of traces tell edges of the graph. */
function registerGraphAndSamples(route: Route, ports: SurfacePorts, door: AlertDoor) {
  const { graphs, clock, log, live } = ports;
  const topology = () => live.config.correlation.topology;
  registerServiceGraph(route, { graphs, topology, nowMs: clock.nowMs });
  return registerSamples(route, {
    ...{ intake: door.intake, alerts: ports.alerts, clock, log, graphs, topology },
    metrics: () => live.config.metrics,
  });
}

function registerAlertmanager(route: Route, ports: SurfacePorts): void {
  const { live, alerts, dispatch, clock, newId, version } = ports;
  const { nowMs } = clock;
  registerAlertmanagerApi(route, {
    ...{ alerts, dispatch, nowMs, newId, version, startedAtMs: nowMs() },
    routes: () => live.routes,
    receivers: () => live.config.alertmanager?.receivers.map(({ name }) => name) ?? [],
    originalConfig: () => live.config.alertmanager?.original ?? "",
  });
}

/** @throws LimitError when the key has used up its limit of requests. */
function senderOf(
  admission: Admission | null,
  key: string,
  scope: SenderScope,
): AlertOwner | null {
  if (admission === null) return anyone;
  const checked = admission.check(key, scope, true);
  if (checked.kind === "admitted") return checked.principal;
  const { status, headers } = checked.answer;
  if (status !== 429) return null;
  const retryAfterMs = Number(headers?.["retry-after"] ?? 1) * 1_000;
  throw new LimitError("the limit of this API key is used up", { retryAfterMs });
}

function openDoors(
  ports: SurfacePorts,
  doors: number,
  listen: HostPort,
  server: HttpServer,
): DoorPool {
  const { config, listeners, lagMs, log, routePrefix, places } = ports;
  const { entry, natsUrl, logLevel } = listeners;
  const { ingest, redaction } = config;
  return new DoorPool({
    ...{ entry, doors, lagMs, logger: log },
    task: {
      ...{ ...listen, natsUrl, logLevel, ingest, places },
      ...{ auth: ports.doorAuth, routePrefix, redaction, newestStored: ports.newestStored },
    },
    dispatch: (request) => server.dispatch(request),
  });
}

/**
 * The address, with a port that nobody listens on: whoever shares a port would not be told that
 * another program has it. @throws TerminalError when it is taken.
 */
async function portToShare({ host, port }: HostPort): Promise<HostPort> {
  const probe = createServer();
  const free = await new Promise<number>((resolve, reject) => {
    probe.once("error", (error) => {
      const text = `cannot listen on ${host}:${port}: ${error.message}`;
      reject(new TerminalError(text, { cause: error }));
    });
    probe.listen(port, host, () => resolve((probe.address() as AddressInfo).port));
  });
  await new Promise((resolve) => probe.close(resolve));
  return { host, port: free };
}
