/**
 * Composition root of a door thread: takes alerts on the process's port and makes them durable by
 * itself; whatever else is asked for goes to the main thread.
 */
import { connect } from "@nats-io/transport-node";
import { AlertDoor } from "./ingress/alert-door.ts";
import { forwarding } from "./ingress/forwarding.ts";
import type { IngressReadings } from "./ingress/readings.ts";
import type { DoorCommand, DoorReport, DoorTask } from "./runtime/door-task.ts";
import { openLogger } from "./runtime/process-logger.ts";
import { frameBytesMax, framePublisher } from "./streams/frame-publisher.ts";
import { JetStreamLog } from "./streams/jetstream-log.ts";
import { connectOptions } from "./streams/nats-connection.ts";
import { NatsLink } from "./streams/nats-link.ts";
import { streamOf } from "./streams/topology.ts";

const reportEveryMs = 200;

/** Runs until told to close. */
export default async function runDoor(task: DoorTask): Promise<void> {
  let lagMs = 0;
  const closing = new Promise<number>((resolve) => {
    task.link.on("message", (command: DoorCommand) => {
      if (command.kind === "lag") lagMs = command.lagMs;
      else if (command.kind === "close") resolve(command.graceMs);
    });
  });
  const connection = await connect(connectOptions(task.natsUrl, `tocsin ${task.door}`));
  const log = await JetStreamLog.open(new NatsLink(connection), streamOf);
  const door = new AlertDoor({
    ingest: task.ingest,
    partitions: task.partitions,
    log: openLogger(task.logLevel, { door: task.door }),
    publishFrame: framePublisher(log),
    frameBytesMax: frameBytesMax(connection),
    lagMs: () => lagMs,
    nowMs: Date.now,
    cacheSeed: task.cacheSeed,
    sharePort: true,
    elsewhere: forwarding(task.link),
  });
  const report = (): void => {
    const message: DoorReport<IngressReadings> = { kind: "readings", readings: door.readings() };
    task.link.postMessage(message);
  };
  await door.server.listen(task.host, task.port);
  const reporting = setInterval(report, reportEveryMs);
  await door.close(await closing);
  clearInterval(reporting);
  report();
  await connection.close();
  task.link.close();
}
