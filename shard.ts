/**
 * Composition root of a shard thread: wires the partition processors it is told to run to NATS,
 * keeps each of them running, and answers reads about incidents.
 */
import { connect } from "@nats-io/transport-node";
import type { Logger } from "./runtime/ports.ts";
import type { PartitionStats, ShardCommand, ShardReport, ShardTask } from "./runtime/shard-task.ts";
import { DedupHost } from "./runtime/dedup-host.ts";
import { collectWhenIdle } from "./runtime/idle-collector.ts";
import { IncidentHost } from "./runtime/incident-host.ts";
import type { PartitionHost } from "./runtime/partition-host.ts";
import { openLogger } from "./runtime/process-logger.ts";
import { LaneLog } from "./runtime/lane-log.ts";
import { SharedSuspects } from "./runtime/suspects.ts";
import { systemClock } from "./runtime/system-clock.ts";
import { ownThreadId, yieldToOthers } from "./runtime/thread-priority.ts";
import { codec } from "./streams/codec.ts";
import { answerDispatchQueries } from "./streams/dispatch-client.ts";
import { answerAlertQueries } from "./streams/alert-client.ts";
import { answerQueries } from "./streams/incident-queries.ts";
import { answerGraphQueries } from "./streams/service-graph-client.ts";
import { JetStreamLog } from "./streams/jetstream-log.ts";
import { JetStreamPublicStream } from "./streams/jetstream-public-stream.ts";
import { KvStateStore } from "./streams/kv-state.ts";
import { KvTimers } from "./streams/kv-timers.ts";
import { connectOptions } from "./streams/nats-connection.ts";
import { NatsLink } from "./streams/nats-link.ts";
import { ObjectSnapshots } from "./streams/object-snapshots.ts";
import {
  deadSubject,
  incidentSubject,
  inputSubject,
  lanesOf,
  outboxSubject,
  stepSubject,
  streamNames,
  workSubject,
} from "./streams/subjects.ts";
import { streamOf } from "./streams/topology.ts";
import { domainPartitionOf, loadHash32 } from "./streams/domain-partition.ts";

/** Lag is steered by these reports. */
const reportEveryMs = 200;

/** Runs until told to stop. The only way to end it otherwise is to end the thread. */
export default async function runShard(task: ShardTask): Promise<void> {
  yieldToOthers(ownThreadId(), "shard");
  const logger = openLogger(task.logLevel, { shard: task.shard });
  const connection = await connect(connectOptions(task.natsUrl, task.owner));
  const kill = new AbortController();
  const hosts = await wire(task, new NatsLink(connection), logger);
  const report = (): void => {
    const message: ShardReport = {
      kind: "stats",
      shard: task.shard,
      partitions: hosts.map((host): PartitionStats => host.stats()),
    };
    task.port.postMessage(message);
  };
  const reporting = setInterval(report, reportEveryMs);
  const stopCollecting = collectWhenIdle();
  task.port.on("message", (command: ShardCommand) => {
    if (command.kind === "stop") for (const host of hosts) host.stop();
  });
  try {
    await Promise.all(hosts.map((host) => host.run(kill.signal)));
  } finally {
    clearInterval(reporting);
    stopCollecting();
    report();
    kill.abort();
    await connection.close();
    task.port.close();
  }
}

async function wire(
  task: ShardTask,
  link: NatsLink,
  logger: Logger,
): Promise<PartitionHost[]> {
  const hash = await loadHash32();
  const timers = await KvTimers.open(link);
  const state = await KvStateStore.open(link);
  const incidents = await JetStreamPublicStream.open(link, streamNames.incidents);
  const outbox = await JetStreamPublicStream.open(link, streamNames.outbox);
  const { dedup, incident, lanes } = task.partitions;
  const shared = {
    log: new LaneLog(await JetStreamLog.open(link, streamOf), lanesOf(dedup, lanes)),
    snapshots: await ObjectSnapshots.open(link),
    clock: systemClock,
    codec,
    logger,
    limits: task.limits,
    causeOfDeath: task.causeOfDeath,
  };
  const workSubjectOf = (domain: string): string =>
    workSubject(domainPartitionOf(hash, domain, incident));
  const reply = (replyTo: string, outcome: unknown): void => {
    if (replyTo !== "") link.connection.publish(replyTo, codec.encode(outcome));
  };
  return task.assignments.map(({ stage, partition, slot }): PartitionHost => {
    const base = {
      ...shared,
      partition,
      owner: task.owner,
      suspects: new SharedSuspects(task.suspects, slot),
    };
    const step = stepSubject(stage, partition);
    const dead = deadSubject(stage, partition);
    if (stage === "dedup") {
      const subjects = { input: inputSubject(partition, lanes), step, dead };
      const host = new DedupHost({ ...base, subjects, workSubjectOf });
      answerAlertQueries(link.connection, partition, () => host.reads());
      return host;
    }
    const host = new IncidentHost({
      ...base,
      subjects: { input: workSubject(partition), step, dead },
      timers,
      state,
      incidents,
      outbox,
      reply,
      incidentSubject: ({ kind, incident }) =>
        incidentSubject(incident.tenant, incident.severity, incident.service, kind),
      outboxSubject: (notification) =>
        outboxSubject("kind" in notification ? notification.integration.kind : "webhook"),
    });
    answerQueries(link.connection, partition, () => host.reads());
    answerDispatchQueries(link.connection, partition, () => host.reads());
    answerGraphQueries(link.connection, partition, () => host.reads());
    return host;
  });
}
