/**
 * Composition root of the process: reads options and configuration, brings up NATS and
 * ClickHouse, starts the shard threads, the delivery worker and the HTTP surface, says when it is
 * ready, and takes everything down in order when a signal says so.
 */
import { randomInt, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { type NatsConnection, connect } from "@nats-io/transport-node";
import type { Logger as PinoLogger } from "pino";
import { Delivery } from "./delivery.ts";
import { type HttpSurface, openHttpSurface, type SurfacePorts } from "./ingress/http-surface.ts";
import { openKeys, type OpenKeys } from "./keys.ts";
import { LiveConfig } from "./live-config.ts";
import { IncidentArchive } from "./reports/incident-archive.ts";
import { domainOf } from "./runtime/alert-payload.ts";
import { type ApiKey, environmentKey } from "./runtime/api-keys.ts";
import { openListenProblem } from "./runtime/config/auth-section.ts";
import { shippedConfigFile } from "./runtime/config/load.ts";
import { type Options, resolveOptions, withOptions } from "./runtime/config/options.ts";
import { ConfigError } from "./runtime/config/problems.ts";
import { TerminalError } from "./runtime/errors.ts";
import { collectWhenIdle } from "./runtime/idle-collector.ts";
import { NewestStored } from "./runtime/lag.ts";
import { boundBacktracking } from "./runtime/linear-regexps.ts";
import { Lifetime, StoppedError } from "./runtime/lifetime.ts";
import { defaultProcessorLimits } from "./runtime/processor-options.ts";
import { handOverOverlooked } from "./runtime/overlooked-alerts.ts";
import { LaneLog } from "./runtime/lane-log.ts";
import type { Hash32 } from "./runtime/placement.ts";
import type { Log } from "./runtime/ports.ts";
import { openLogger, outliveReaders } from "./runtime/process-logger.ts";
import { ShardPool } from "./runtime/shard-pool.ts";
import { StartParts } from "./runtime/start-parts.ts";
import { onStopSignal } from "./runtime/stop-signals.ts";
import { systemClock } from "./runtime/system-clock.ts";
import { type AnalyticsChild, startAnalytics } from "./streams/clickhouse/analytics-child.ts";
import { AlertClient } from "./streams/alert-client.ts";
import { DispatchClient } from "./streams/dispatch-client.ts";
import { type PartitionCounts, fixPartitions } from "./streams/deployment.ts";
import { domainPartitionOf, loadHash32 } from "./streams/domain-partition.ts";
import { lockDataDir } from "./streams/engines/data-dir.ts";
import { type OpenNats, openNats } from "./streams/engines/open-nats.ts";
import { bundlePublisher, frameBytesMax } from "./streams/frame-publisher.ts";
import { KvHeartbeats } from "./streams/heartbeats.ts";
import { IncidentClient } from "./streams/incident-client.ts";
import { keepTidy, stepRetentionMsDefault } from "./streams/janitor.ts";
import { JetStreamLog } from "./streams/jetstream-log.ts";
import { connectOptions, withoutPassword } from "./streams/nats-connection.ts";
import { NatsLink } from "./streams/nats-link.ts";
import { lanesOf } from "./streams/subjects.ts";
import { ServiceGraphClient } from "./streams/service-graph-client.ts";
import { createTopology, streamOf } from "./streams/topology.ts";
import { type Models, openModels, TextModels } from "./text-models.ts";

/** Requests in flight at a stop, and the frames that they wait for. */
const drainGraceMs = 5_000;
const surfaceCloseMsMax = 11_000;
/** For the partitions' last snapshots; without one, the next start reads more of the log. */
const shardGraceMs = 10_000;
const shardCloseMsMax = 12_000;
const natsCloseMsMax = 10_000;
/** How long the first readiness waits for ClickHouse; ingest never waits for it later. */
const analyticsWaitMs = 20_000;
const readyPollMs = 20;
const natsSilentMs = 2_000;
const version = (
  JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8")) as { version: string }
).version;

type Config = ReturnType<typeof withOptions>;
type Context = {
  options: Options;
  /** What the process was started with; `live` has what is in force now. */
  config: Config;
  live: LiveConfig;
  logger: PinoLogger;
  life: Lifetime;
  /** API keys of the environment. */
  pinned: ApiKey[];
};
type Spine = {
  nats: OpenNats;
  connection: NatsConnection;
  link: NatsLink;
  log: Log;
  partitions: PartitionCounts;
};
type Threads = { hash: Hash32; pool: ShardPool };
type Parts = Spine & Threads & { analytics: AnalyticsChild };

async function main(): Promise<number> {
  const asked = resolveOptions(process.argv.slice(2), process.env, availableParallelism());
  switch (asked.kind) {
    case "help":
      process.stdout.write(asked.text);
      return 0;
    case "version":
      process.stdout.write(`${version}\n`);
      return 0;
    case "refused":
      process.stderr.write(`tocsin: ${asked.message}\n`);
      return 2;
    case "run":
      return run(asked.options);
  }
}

async function run(options: Options): Promise<number> {
  const logger = openLogger(process.env["TOCSIN_LOG_LEVEL"] ?? "info", {});
  const live = await LiveConfig.open(options.configFile ?? shippedConfigFile, logger);
  const config = withOptions(live.config, options);
  const refusal = openListenProblem(config.listen, config.auth.mode);
  if (refusal !== null) throw new TerminalError(refusal);
  if (options.ignored.length > 0) say(`without effect here: ${options.ignored.join(", ")}`);
  const pinned = takeAdminKey();
  const life = new Lifetime(logger);
  const reload = (): void => void live.reload();
  const stopped = onStopSignal((signal) => life.stop(signal), reload, logger);
  collectWhenIdle();
  try {
    await start({ options, config, live, logger, life, pinned });
    await stopped;
  } catch (error) {
    if (!(error instanceof StoppedError)) throw error;
  } finally {
    await life.close();
    await live.close();
  }
  return 0;
}

/** Only its hash is kept; no process or thread that is started from here inherits it. */
function takeAdminKey(): ApiKey[] {
  const text = process.env["TOCSIN_ADMIN_KEY"] ?? "";
  delete process.env["TOCSIN_ADMIN_KEY"];
  return text === "" ? [] : [environmentKey(text, Date.now())];
}

async function start(context: Context): Promise<void> {
  const beganMs = Date.now();
  const { life, config, logger } = context;
  const took = new StartParts(() => performance.now());
  took.ended("program");
  const models = await openTextReaders(context);
  const threads = await openThreads(context);
  const spine = await openSpine(context, took);
  const parts = await openPartitions(context, spine, threads);
  await openJanitor(context, parts);
  const auth = await openKeys({ ...context, link: parts.link, say });
  let delivery: Delivery | null = null;
  let textModels: TextModels | null = null;
  const { host, port } = await openSurface(context, parts, auth, {
    deliveries: () => ({ ...delivery?.counters() }),
    textModels: () => textModels?.readings() ?? null,
  });
  const url = `http://${host}:${port}`;
  delivery = await openDelivery(context, parts, url);
  took.ended("doors");
  await becomeReady(parts, life.signal);
  took.ended("partitions");
  if (models !== null) textModels = await startTextModels(context, parts, models);
  lookForOverlooked(context, parts);
  const startedInMs = Date.now() - beganMs;
  const nats = withoutPassword(parts.nats.url);
  const { pid } = process;
  const ready = { listening: `${host}:${port}`, url, nats, version, pid, startedInMs };
  process.stdout.write(`${JSON.stringify(ready)}\n`);
  logger.info({ ms: took.ms }, "started");
  say(`ready on ${url} after ${startedInMs} ms, data in ${config.dataDir}`);
  say(`incident events: nats sub -s ${nats} 'incidents.>'`);
}

/** Now, and whenever another configuration may have brought routes. */
function lookForOverlooked({ config, live, logger, life }: Context, parts: Parts): void {
  const { connection, log, hash } = parts;
  const { dedup, incident } = config.partitions;
  const partitionOf = (domain: string): number => domainPartitionOf(hash, domain, incident);
  const alerts = new AlertClient(connection, dedup);
  const dispatch = new DispatchClient(connection, log, incident, partitionOf);
  const hasRoutes = (): boolean => live.routes !== null;
  const options = { alerts, dispatch, clock: systemClock, log: logger, hasRoutes };
  live.reloaded = () => {
    handOverOverlooked(options, life.signal).catch((error: unknown) => {
      logger.warn({ err: error }, "alerts from before there were routes could not be looked for");
    });
  };
  live.reloaded();
}

function say(line: string): void {
  process.stderr.write(`tocsin: ${line}\n`);
}

/** The data directory, NATS and what Tocsin keeps in it. */
async function openSpine(
  { config, logger, life }: Context,
  took: StartParts,
): Promise<Spine> {
  await life.open("lock", () => lockDataDir(config.dataDir), (lock) => lock.release());
  const nats = await life.open(
    "NATS",
    (signal) => openNats(config, process.env, say, logger, signal),
    (opened) => opened.stop(),
    natsCloseMsMax,
  );
  const silent = setTimeout(() => say("NATS does not answer; waiting for it"), natsSilentMs);
  const connection = await life
    .open(
      "connection",
      () => connect(connectOptions(nats.url, "tocsin main")),
      (opened) => opened.close(),
    )
    .finally(() => clearTimeout(silent));
  took.ended("NATS");
  const link = new NatsLink(connection);
  await life.unlessStopped(createTopology(connection));
  const lanesAuto = config.shards === 1 ? 1 : config.partitions.dedup;
  const partitions = await life.unlessStopped(
    fixPartitions(connection, config.partitions, lanesAuto),
  );
  took.ended("streams");
  const lanes = lanesOf(partitions.dedup, partitions.lanes);
  const log = new LaneLog(await JetStreamLog.open(link, streamOf), lanes);
  return { nats, connection, link, log, partitions };
}

/** While NATS reads its store, the threads read their program. */
async function openThreads({ config, logger, life }: Context): Promise<Threads> {
  const hash = await loadHash32();
  const options = {
    entry: new URL("shard.ts", import.meta.url).href,
    shards: config.shards,
    node: "node-0",
    partitions: config.partitions,
    limits: defaultProcessorLimits,
    logLevel: logger.level,
    hash,
    logger,
  };
  const open = (): ShardPool => new ShardPool(options);
  return { hash, pool: await life.open("threads", open, (opened) => opened.destroy()) };
}

async function openPartitions(context: Context, spine: Spine, threads: Threads): Promise<Parts> {
  const { config, live, logger, life } = context;
  const { nats, log } = spine;
  const analytics = await life.open(
    "analytics",
    () =>
      startAnalytics({
        dataDir: config.dataDir,
        clickhouseUrl: config.clickhouse.url,
        natsUrl: nats.url,
        retentionDays: config.clickhouse.retentionDays,
        log: logger,
      }),
    (opened) => opened.stop(),
  );
  const announced = live.announce(log, spine.partitions);
  await life.unlessStopped(announced);
  await life.open(
    "shards",
    () => threads.pool.start(nats.url, spine.partitions.lanes),
    () => threads.pool.stop(shardGraceMs),
    shardCloseMsMax,
  );
  return { ...spine, ...threads, analytics };
}

function openDelivery(context: Context, parts: Parts, url: string): Promise<Delivery> {
  const { live, logger, life, options } = context;
  const { connection, log } = parts;
  const externalUrl = options.externalUrl ?? `${url}${options.routePrefix}`;
  const userAgent = `tocsin/${version}`;
  return life.open(
    "delivery",
    () => Delivery.open({ connection, log, live, logger, externalUrl, userAgent }),
    (opened) => opened.stop(),
  );
}

function openTextReaders({ config, logger, life }: Context): Promise<Models | null> {
  const userAgent = `tocsin/${version}`;
  return life.open(
    "models",
    () => openModels({ config, env: process.env, logger, userAgent }),
    (opened) => opened?.close(),
  );
}

function startTextModels(context: Context, parts: Parts, models: Models): Promise<TextModels> {
  const { config, logger, life } = context;
  const { connection, log } = parts;
  return life.open(
    "text models",
    () => TextModels.open({ connection, log, config, logger, models }),
    (opened) => opened.stop(),
  );
}

async function openJanitor({ logger, life }: Context, parts: Parts): Promise<void> {
  const options = {
    link: parts.link,
    clock: systemClock,
    logger,
    stepRetentionMs: stepRetentionMsDefault,
    covered: () => parts.pool.covered(),
    sunkSeq: () => parts.analytics.sinkPosition(),
  };
  const end = new AbortController();
  await life.open("janitor", () => void keepTidy(options, end.signal), () => end.abort());
}

async function openSurface(
  { config, live, options, logger, life }: Context,
  parts: Parts,
  auth: OpenKeys,
  readings: Pick<SurfacePorts, "deliveries" | "textModels">,
): Promise<HttpSurface> {
  const { nats, log, link, connection, hash, analytics, pool } = parts;
  const partitions = config.partitions.incident;
  const partitionOf = (domain: string): number => domainPartitionOf(hash, domain, partitions);
  const partitionOfLabels = (labels: Readonly<Record<string, string>>): number =>
    partitionOf(domainOf(labels, live.config.dedup.domainBy));
  const incidents = new IncidentClient({
    ...{ connection, log, partitions },
    partitionOf: partitionOfLabels,
  });
  const newest = new NewestStored(parts.partitions.lanes);
  const ports = {
    config,
    listeners: {
      count: config.listeners,
      entry: new URL("door.ts", import.meta.url).href,
      natsUrl: nats.url,
      logLevel: logger.level,
    },
    log: logger,
    publishBundle: bundlePublisher(log, newest),
    places: { partitions: parts.partitions.dedup, lanes: parts.partitions.lanes },
    frameBytesMax: frameBytesMax(connection),
    alerts: new AlertClient(connection, config.partitions.dedup),
    incidents: new IncidentArchive(incidents, analytics),
    heartbeats: await life.unlessStopped(KvHeartbeats.open(link)),
    dispatch: new DispatchClient(connection, log, partitions, partitionOf),
    graphs: new ServiceGraphClient({ connection, log, partitions }),
    analytics,
    ...auth,
    ...{ live, version, routePrefix: options.routePrefix },
    ready: () => readiness(parts),
    status: () => ({
      version,
      pid: process.pid,
      nats: {
        url: withoutPassword(nats.url),
        monitorUrl: nats.monitorUrl,
        pid: nats.pid(),
        durability: nats.durability,
      },
      clickhouse: analytics.status(),
    }),
    shards: () => pool.stats(),
    lagMs: () => pool.lagMs(newest),
    newestStored: newest.memory,
    ...readings,
    killShard:
      process.env["TOCSIN_CHAOS"] === "1" ? (index: number) => pool.kill(index) : null,
    clock: systemClock,
    newId: randomUUID,
    cacheSeed: randomInt(2 ** 48 - 1),
  };
  return life.open(
    "HTTP",
    () => openHttpSurface(ports),
    (surface) => surface.close(drainGraceMs),
    surfaceCloseMsMax,
  );
}

function readiness({ pool, link }: Parts): { ready: boolean; reasons: string[] } {
  const reasons = pool.unready();
  if (!link.connected) reasons.unshift("NATS is out of reach");
  return { ready: reasons.length === 0, reasons };
}

async function becomeReady(parts: Parts, signal: AbortSignal): Promise<void> {
  const untilMs = Date.now() + analyticsWaitMs;
  const isStarting = (): boolean =>
    parts.analytics.status().state === "starting" && Date.now() < untilMs;
  while (!readiness(parts).ready || isStarting()) {
    await systemClock.sleep(readyPollMs, signal);
    signal.throwIfAborted();
  }
}

try {
  boundBacktracking();
  outliveReaders();
  process.exitCode = await main();
  process.exit();
} catch (error) {
  const known = error instanceof TerminalError || error instanceof ConfigError;
  const text = error instanceof Error ? (known ? error.message : error.stack) : String(error);
  process.stderr.write(`tocsin: ${text}\n`);
  process.exit(1);
}
