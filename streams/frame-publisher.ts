/** The ingress's way into the log: one message, durable when the promise resolves (I1). */
import type { NatsConnection } from "@nats-io/nats-core";
import type { NewestStored } from "../runtime/lag.ts";
import type { Log } from "../runtime/ports.ts";
import { laneSubject } from "./subjects.ts";

const payloadBytesUsual = 1024 * 1024;
const frameBytesCeiling = 768 * 1024;
/** A step's outputs may be larger than the frame that causes them, and must fit as well. */
const framesPerPayload = 4;

export function bundlePublisher(
  log: Log,
  newest: NewestStored,
): (lane: number, bundle: Uint8Array) => Promise<void> {
  return async (lane, bundle) => {
    newest.note(lane, await log.append(laneSubject(lane), bundle));
  };
}

/** The largest frame for this server: one message, with room for the step that it causes. */
export function frameBytesMax(connection: NatsConnection): number {
  const payloadMax = connection.info?.max_payload ?? payloadBytesUsual;
  return Math.min(frameBytesCeiling, Math.floor(payloadMax / framesPerPayload));
}
