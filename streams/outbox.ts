/**
 * The outbox of one channel as a work queue: a durable pull consumer with explicit
 * acknowledgements on the stream OUTBOX. What is acknowledged stays there until it is old, so
 * that a crashed relay can read back what it had published (docs/decisions/0003).
 * It has the shape of the WorkQueue that channels/ asks for; neither folder imports the other.
 *
 * O1 A job whose holder falls silent for `ackWaitMs` is handed out again.
 * O2 Jobs that wait for a retry count as unacknowledged at the server, so `maxAckPending` is far
 *    above what one broken receiver can accumulate before its jobs are given up.
 */
import {
  AckPolicy,
  DeliverPolicy,
  JetStreamApiError,
  jetstream,
  jetstreamManager,
} from "@nats-io/jetstream";
import type { ConsumerMessages, JetStreamManager, JsMsg } from "@nats-io/jetstream";
import { nanos } from "@nats-io/nats-core";
import type { NatsConnection } from "@nats-io/nats-core";
import { RetryableError } from "../runtime/errors.ts";
import { outboxSubject, streamNames } from "./subjects.ts";

export type OutboxOptions = {
  ackWaitMs: number;
  maxAckPending: number;
  /** Jobs that the server sends ahead of `next`. */
  prefetch: number;
};

export const defaultOutboxOptions: OutboxOptions = {
  ackWaitMs: 30_000,
  maxAckPending: 100_000,
  prefetch: 32,
};

/** JetStream's code for "consumer already exists" with other settings. */
const consumerExistsCode = 10148;
const termReasonCharsMax = 120;

export type OutboxJob = {
  data: Uint8Array;
  attempt: number;
  seq: number;
  ack(): Promise<void>;
  retry(delayMs: number): void;
  giveUp(reason: string): Promise<void>;
  keepAlive(): void;
};

export type Outbox = {
  next(): Promise<OutboxJob | null>;
  close(): Promise<void>;
};

/**
 * Creates or adjusts the channel's consumer and starts to pull. The stream must exist.
 * `next` throws RetryableError when the consumer was lost; the `next` after it makes a new one.
 * @param channel e.g. "webhook"; jobs are the messages of `outbox.<channel>`.
 */
export async function openOutbox(
  connection: NatsConnection,
  channel: string,
  options: OutboxOptions = defaultOutboxOptions,
): Promise<Outbox> {
  let pull: Pull | null = await openPull(connection, channel, options);
  let closed = false;

  async function next(): Promise<OutboxJob | null> {
    for (;;) {
      if (pull === null && closed) return null;
      pull ??= await openPull(connection, channel, options);
      const message = await nextMessage(pull.incoming);
      if (message instanceof Error || message === null) {
        pull = null;
        if (closed) return null;
        throw new RetryableError("the outbox consumer was lost", { cause: message });
      }
      if (!closed) return outboxJob(connection, message);
      // Fetched ahead and wanted no more: another worker may have it at once.
      if (!connection.isClosed()) message.nak();
    }
  }

  return {
    next,
    async close(): Promise<void> {
      closed = true;
      pull?.messages.stop();
      await next();
    },
  };
}

type Pull = { messages: ConsumerMessages; incoming: AsyncIterator<JsMsg> };

async function openPull(
  connection: NatsConnection,
  channel: string,
  options: OutboxOptions,
): Promise<Pull> {
  await ensureConsumer(await jetstreamManager(connection), channel, options);
  const consumer = await jetstream(connection).consumers.get(streamNames.outbox, channel);
  const messages = await consumer.consume({
    max_messages: options.prefetch,
    abort_on_missing_resource: true,
  });
  return { messages, incoming: messages[Symbol.asyncIterator]() };
}

/** Null: the iterator has ended, as it does when the connection closes. */
async function nextMessage(incoming: AsyncIterator<JsMsg>): Promise<JsMsg | Error | null> {
  try {
    const result = await incoming.next();
    return result.done === true ? null : result.value;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

async function ensureConsumer(
  manager: JetStreamManager,
  channel: string,
  options: OutboxOptions,
): Promise<void> {
  const settings = {
    filter_subject: outboxSubject(channel),
    ack_wait: nanos(options.ackWaitMs),
    max_ack_pending: options.maxAckPending,
    max_deliver: -1,
  };
  try {
    await manager.consumers.add(streamNames.outbox, {
      ...settings,
      durable_name: channel,
      ack_policy: AckPolicy.Explicit,
      deliver_policy: DeliverPolicy.All,
    });
  } catch (error) {
    const exists = error instanceof JetStreamApiError && error.code === consumerExistsCode;
    if (!exists) throw error;
    await manager.consumers.update(streamNames.outbox, channel, settings);
  }
}

function outboxJob(connection: NatsConnection, message: JsMsg): OutboxJob {
  return {
    data: message.data,
    attempt: message.info.deliveryCount,
    seq: message.seq,

    async ack(): Promise<void> {
      try {
        await message.ackAck();
      } catch (cause) {
        throw new RetryableError("acknowledgement of an outbox job is uncertain", { cause });
      }
    },

    retry(delayMs: number): void {
      // Without a connection the server hands the job out again by itself (O1).
      if (!connection.isClosed()) message.nak(Math.ceil(delayMs));
    },

    async giveUp(reason: string): Promise<void> {
      if (connection.isClosed()) throw new RetryableError("connection to NATS is closed");
      message.term(reason.replace(/\s+/g, " ").slice(0, termReasonCharsMax));
      await connection.flush();
    },

    keepAlive(): void {
      if (!connection.isClosed()) message.working();
    },
  };
}
