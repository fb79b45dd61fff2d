/**
 * Incident events live, from the JetStream stream of CloudEvents. One call follows one
 * connection until it ends; the caller reconnects and says after which event to go on, so
 * that an interruption loses nothing that the stream still holds.
 */
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import type { OrderedConsumerOptions } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import type { NatsConnection } from "@nats-io/transport-node";
import { assertNever } from "../actors/incident/assert-never.ts";
import { streamNames } from "../streams/subjects.ts";

/** Where to begin: what is new, what is not older than a time, or after a known event. */
export type Beginning =
  | { kind: "new" }
  | { kind: "since"; atMs: number }
  | { kind: "after"; seq: number };

const connectTimeoutMs = 5_000;
/** A connection that is silently dead is noticed after two of these. */
const pingIntervalMs = 10_000;

/**
 * @param subject filter, e.g. "incidents.>".
 * @param onReady called once events are flowing.
 * @throws when there is no connection, or the stream is not there.
 */
export async function followIncidents(
  options: { url: string; subject: string; from: Beginning; signal: AbortSignal },
  onReady: () => void,
  onEvent: (seq: number, data: Uint8Array) => void,
): Promise<void> {
  const connection = await connect({
    servers: options.url,
    name: "tocsin tail",
    timeout: connectTimeoutMs,
    pingInterval: pingIntervalMs,
    reconnect: false,
  });
  const stop = (): void => void connection.close();
  options.signal.addEventListener("abort", stop, { once: true });
  try {
    if (options.signal.aborted) return;
    const consumer = await jetstream(connection).consumers.get(
      streamNames.incidents,
      await consumerOptions(connection, options.subject, options.from),
    );
    const messages = await consumer.consume();
    onReady();
    void connection.closed().then(() => messages.stop());
    for await (const message of messages) onEvent(message.seq, message.data);
  } finally {
    options.signal.removeEventListener("abort", stop);
    await connection.close();
  }
}

async function consumerOptions(
  connection: NatsConnection,
  subject: string,
  from: Beginning,
): Promise<Partial<OrderedConsumerOptions>> {
  const filter = { filter_subjects: [subject] };
  switch (from.kind) {
    case "new":
      return { ...filter, deliver_policy: "new" };
    case "since": {
      const opt_start_time = new Date(from.atMs).toISOString();
      return { ...filter, deliver_policy: "by_start_time", opt_start_time };
    }
    case "after": {
      const manager = await jetstreamManager(connection);
      const { state } = await manager.streams.info(streamNames.incidents);
      // A stream that is shorter than what was seen is another one: begin at its beginning.
      const seq = state.last_seq < from.seq ? 1 : from.seq + 1;
      return { ...filter, deliver_policy: "by_start_sequence", opt_start_seq: seq };
    }
    default:
      return assertNever(from);
  }
}
