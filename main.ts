/**
 * Composition root of the process: reads options and configuration, brings up NATS and
 * ClickHouse, starts the shard threads, the delivery worker and the HTTP surface, says when it is
 * ready, and takes everything down in order on SIGTERM.
 */
import { randomInt, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { connect } from "@nats-io/transport-node";
import { type Logger as PinoLogger, pino } from "pino";
import { createWebhookChannel } from "./channels/webhook/send.ts";
import { DeliveryWorker } from "./channels/delivery-worker.ts";
import { FrameIntake } from "./ingress/alert-intake.ts";
import * as alertmanager from "./ingress/alertmanager.ts";
import { Batcher } from "./ingress/batcher.ts";
import * as cloudevents from "./ingress/cloudevents.ts";
import * as health from "./ingress/health.ts";
import { HttpServer } from "./ingress/http-server.ts";
import { registerIncidents } from "./ingress/incident-routes.ts";
import { MetricRegistry } from "./ingress/metric-registry.ts";
import * as metrics from "./ingress/metrics.ts";
import * as native from "./ingress/native.ts";
import { registerSql } from "./ingress/sql-routes.ts";
import { registerStatus } from "./ingress/status-routes.ts";
import { IncidentArchive } from "./reports/incident-archive.ts";
import { dedupConfig, incidentConfig } from "./runtime/config/actor-configs.ts";
import { loadConfig, shippedConfigFile } from "./runtime/config/load.ts";
import { type Options, resolveOptions, withOptions } from "./runtime/config/options.ts";
import { ConfigError } from "./runtime/config/problems.ts";
import { domainOf } from "./runtime/alert-payload.ts";
import { TerminalError } from "./runtime/errors.ts";
import { defaultProcessorLimits } from "./runtime/partition-processor.ts";
import { addPartitionMetrics } from "./ingress/partition-metrics.ts";
import { ShardPool } from "./runtime/shard-pool.ts";
import { systemClock } from "./runtime/system-clock.ts";
import { startAnalytics } from "./streams/clickhouse/analytics-child.ts";
import { codec } from "./streams/codec.ts";
import { announceConfig, deliveryReporter } from "./streams/control-records.ts";
import { fixPartitions } from "./streams/deployment.ts";
import { domainPartitionOf, loadHash32 } from "./streams/domain-partition.ts";
import { lockDataDir } from "./streams/engines/data-dir.ts";
import { openNats } from "./streams/engines/open-nats.ts";
import { framePublisher } from "./streams/frame-publisher.ts";
import { IncidentClient } from "./streams/incident-client.ts";
import { keepTidy, stepRetentionMsDefault } from "./streams/janitor.ts";
import { JetStreamLog } from "./streams/jetstream-log.ts";
import { connectOptions } from "./streams/nats-connection.ts";
import { NatsLink } from "./streams/nats-link.ts";
import { openOutbox } from "./streams/outbox.ts";
import { createTopology, streamOf } from "./streams/topology.ts";

const drainGraceMs = 10_000;
const shardGraceMs = 20_000;
/** How long the first readiness waits for ClickHouse; ingest never waits for it later. */
const analyticsWaitMs = 20_000;
const version = (
  JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8")) as { version: string }
).version;

type Config = ReturnType<typeof withOptions>;
/** Taken down in reverse order of what is pushed. */
type Closing = (() => Promise<void> | void)[];

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
  const config = withOptions(loadConfig(options.configFile ?? shippedConfigFile), options);
  const level = process.env["TOCSIN_LOG_LEVEL"] ?? "info";
  const logger = pino({ level, base: {} }, pino.destination(2));
  const closing: Closing = [];
  const stopped = stopSignal();
  try {
    await start(config, logger, closing);
    const signal = await stopped;
    logger.info({ signal }, "draining");
    return 0;
  } finally {
    for (const close of closing.reverse()) await close();
  }
}

async function start(config: Config, logger: PinoLogger, closing: Closing): Promise<void> {
  const beganMs = Date.now();
  const say = (line: string): void => void process.stderr.write(`tocsin: ${line}\n`);
  const lock = lockDataDir(config.dataDir);
  closing.push(() => lock.release());
  const nats = await openNats(config, process.env, say, logger);
  closing.push(() => nats.stop());
  const connection = await connect(connectOptions(nats.url, "tocsin main"));
  closing.push(() => connection.close());
  const link = new NatsLink(connection);
  await createTopology(connection);
  await fixPartitions(connection, config.partitions);

  const analytics = await startAnalytics({
    dataDir: config.dataDir,
    clickhouseUrl: config.clickhouse.url,
    natsUrl: nats.url,
    retentionDays: config.clickhouse.retentionDays,
    log: logger,
  });
  closing.push(() => analytics.stop());

  const log = await JetStreamLog.open(link, streamOf);
  await announceConfig(log, config.partitions, dedupConfig(config), incidentConfig(config));
  const hash = await loadHash32();
  const pool = new ShardPool({
    entry: new URL("shard.ts", import.meta.url).href,
    shards: config.shards,
    node: "node-0",
    natsUrl: nats.url,
    partitions: config.partitions,
    limits: defaultProcessorLimits,
    logLevel: logger.level,
    hash,
    logger,
  });
  pool.start();
  closing.push(() => pool.stop(shardGraceMs));

  const incidents = new IncidentArchive(
    new IncidentClient({
      connection,
      log,
      partitions: config.partitions.incident,
      partitionOf: (labels) =>
        domainPartitionOf(
          hash,
          domainOf(labels, config.dedup.domainBy),
          config.partitions.incident,
        ),
    }),
    analytics,
  );
  const delivery = new DeliveryWorker({
    queue: await openOutbox(connection, "webhook"),
    codec,
    channels: { webhook: createWebhookChannel({
        clock: systemClock,
        source: "/tocsin",
        userAgent: `tocsin/${version}`,
      }) },
    receiver: (name) => {
      const found = config.receivers.find((receiver) => receiver.name === name);
      return found === undefined ? null : { channel: found.channel, target: found.webhook };
    },
    report: deliveryReporter(log),
    clock: systemClock,
    log: logger,
  });
  delivery.start();
  closing.push(() => delivery.stop());
  const tidy = new AbortController();
  closing.push(() => tidy.abort());
  void keepTidy(
    {
      link,
      clock: systemClock,
      logger,
      stepRetentionMs: stepRetentionMsDefault,
      covered: () => pool.covered(),
      sunkSeq: () => analytics.sinkPosition(),
    },
    tidy.signal,
  );

  const parts = { config, logger, nats, link, log, pool, incidents, analytics, delivery };
  const address = await serve(parts, closing);
  await becomeReady(parts);
  const ready = {
    listening: `${address.host}:${address.port}`,
    url: `http://${address.host}:${address.port}`,
    nats: nats.url,
    version,
    pid: process.pid,
    startedInMs: Date.now() - beganMs,
  };
  process.stdout.write(`${JSON.stringify(ready)}\n`);
  say(`ready on ${ready.url} after ${ready.startedInMs} ms; incident events: nats sub -s ${nats.url} 'incidents.>'`);
}

type Parts = {
  config: Config;
  logger: PinoLogger;
  nats: Awaited<ReturnType<typeof openNats>>;
  link: NatsLink;
  log: JetStreamLog;
  pool: ShardPool;
  incidents: IncidentArchive;
  analytics: Awaited<ReturnType<typeof startAnalytics>>;
  delivery: DeliveryWorker;
};

/** The HTTP surface. Listening begins at once, so that health can say what is still missing. */
async function serve(parts: Parts, closing: Closing): Promise<{ host: string; port: number }> {
  const { config, logger, nats, link, log, pool, incidents, analytics, delivery } = parts;
  const { ingest } = config;
  const batcher = new Batcher(config.partitions.dedup, framePublisher(log), {
    frameBytesTarget: ingest.frameBytesTarget,
    frameBytesMax: frameBytesMax(link),
    lingerMs: ingest.lingerMs,
    framesInFlightMax: ingest.framesInFlightMax,
    pendingBytesMax: ingest.pendingBytesMax,
  });
  const intake = new FrameIntake({
    batcher,
    nowMs: () => Date.now(),
    resolveTimeoutMs: ingest.resolveTimeoutMs,
    cacheSeed: randomInt(2 ** 32),
  });
  const server = new HttpServer({
    log: logger,
    limits: {
      bodyBytesMax: ingest.bodyBytesMax,
      bodyDeadlineMs: ingest.bodyTimeoutMs,
      requestsInFlightMax: ingest.requestsInFlightMax,
    },
  });
  const { route } = server;
  let address = { host: config.listen.host, port: config.listen.port };
  alertmanager.register(route, { intake });
  native.register(route, { intake });
  cloudevents.register(route, { intake });
  registerIncidents(route, { incidents, newId: randomUUID });
  registerSql(route, analytics);
  health.register(route, { ready: () => readiness(parts) });
  registerStatus(route, {
    status: () => ({
      version,
      pid: process.pid,
      listening: `${address.host}:${address.port}`,
      ready: readiness(parts),
      nats: {
        url: nats.url,
        monitorUrl: nats.monitorUrl,
        pid: nats.pid(),
        durability: nats.durability,
      },
      clickhouse: analytics.status(),
      shards: pool.stats(),
      ingest: { ...intake.counters },
      delivery: { ...delivery.counters },
    }),
    killShard: process.env["TOCSIN_CHAOS"] === "1" ? (index) => pool.kill(index) : null,
  });
  const registry = new MetricRegistry();
  metrics.addIngressMetrics(registry, { intake, batcher, server });
  addPartitionMetrics(registry, () => pool.stats(), { delivery: () => delivery.counters });
  metrics.register(route, { registry });
  address = await server.listen(config.listen.host, config.listen.port);
  closing.push(() => server.drain(drainGraceMs));
  return address;
}

function readiness({ pool, link }: Parts): { ready: boolean; reasons: string[] } {
  const reasons = pool.unready();
  if (!link.connected) reasons.unshift("NATS is out of reach");
  return { ready: reasons.length === 0, reasons };
}

async function becomeReady(parts: Parts): Promise<void> {
  const untilMs = Date.now() + analyticsWaitMs;
  while (!readiness(parts).ready) await systemClock.sleep(20);
  while (parts.analytics.status().state === "starting" && Date.now() < untilMs) {
    await systemClock.sleep(20);
  }
}

/** A frame must pass as one message, with room for the step that it causes. */
function frameBytesMax(link: NatsLink): number {
  const payloadMax = link.connection.info?.max_payload ?? 1024 * 1024;
  return Math.min(768 * 1024, Math.floor(payloadMax / 4));
}

function stopSignal(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      process.once(signal, () => resolve(signal));
    }
  });
}

try {
  process.exitCode = await main();
  process.exit();
} catch (error) {
  const known = error instanceof TerminalError || error instanceof ConfigError;
  const text = error instanceof Error ? (known ? error.message : error.stack) : String(error);
  process.stderr.write(`tocsin: ${text}\n`);
  process.exit(1);
}
