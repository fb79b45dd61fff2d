/**
 * Composition root of a door thread: takes alerts on the process's port and makes them durable by
 * itself; whatever else is asked for goes to the main thread.
 */
import { connect } from "@nats-io/transport-node";
import { Admission } from "./ingress/admission.ts";
import { AlertDoor } from "./ingress/alert-door.ts";
import { forwarding } from "./ingress/forwarding.ts";
import type { IngressReadings } from "./ingress/readings.ts";
import type { DoorCommand, DoorReport, DoorTask } from "./runtime/door-task.ts";
import { NewestStored } from "./runtime/lag.ts";
import { KeyRing } from "./runtime/key-ring.ts";
import type { Logger } from "./runtime/ports.ts";
import { openLogger } from "./runtime/process-logger.ts";
import { steadyMs } from "./runtime/system-clock.ts";
import { bundlePublisher, frameBytesMax } from "./streams/frame-publisher.ts";
import { JetStreamLog } from "./streams/jetstream-log.ts";
import { KeyWatch } from "./streams/key-watch.ts";
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
  const link = new NatsLink(connection);
  const log = await JetStreamLog.open(link, streamOf);
  const logger = openLogger(task.logLevel, { door: task.door });
  const keys = await openKeys(task, link, logger);
  const door = new AlertDoor({
    ingest: task.ingest,
    redaction: task.redaction,
    places: task.places,
    log: logger,
    publishBundle: bundlePublisher(log, new NewestStored(task.places.lanes, task.newestStored)),
    frameBytesMax: frameBytesMax(connection),
    lagMs: () => lagMs,
    nowMs: Date.now,
    cacheSeed: task.cacheSeed,
    sharePort: true,
    elsewhere: forwarding(task.link),
    admission: keys?.admission ?? null,
    routePrefix: task.routePrefix,
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
  keys?.watch.stop();
  await connection.close();
  task.link.close();
}

/** Null: no API keys are asked for. */
async function openKeys(
  { auth }: DoorTask,
  link: NatsLink,
  logger: Logger,
): Promise<{ admission: Admission; watch: KeyWatch } | null> {
  if (auth === null) return null;
  const ring = new KeyRing();
  for (const key of auth.pinned) ring.pin(key);
  const watch = await KeyWatch.open(link, ring, logger);
  const { limits, rates } = auth;
  const admission = new Admission({ ring, limits, rates, nowMs: Date.now, clockMs: steadyMs });
  return { admission, watch };
}
