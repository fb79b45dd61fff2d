/**
 * The outbox of one channel as a work queue: a durable pull consumer with explicit
 * acknowledgements on the stream OUTBOX (a work-queue stream: what is acknowledged is gone).
 * It has the shape of the WorkQueue that channels/ asks for; neither folder imports the other.
 *
 * O1 A job whose holder falls silent for `ackWaitMs` is handed out again.
 * O2 Jobs that wait for a retry count as unacknowledged at the server, so `maxAckPending` is far
 *    above what one broken receiver can accumulate before its jobs are given up.
 */
import { AckPolicy, DeliverPolicy, JetStreamApiError } from "@nats-io/jetstream";
import type { ConsumerMessages, JetStreamManager, JsMsg } from "@nats-io/jetstream";
import { nanos } from "@nats-io/nats-core";
import type { NatsConnection } from "@nats-io/nats-core";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
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
 * @param channel e.g. "webhook"; jobs are the messages of `outbox.<channel>`.
 */
export async function openOutbox(
  connection: NatsConnection,
  channel: string,
  options: OutboxOptions = defaultOutboxOptions,
): Promise<Outbox> {
  const manager = await jetstreamManager(connection);
  await ensureConsumer(manager, channel, options);
  const consumer = await jetstream(connection).consumers.get(streamNames.outbox, channel);
  const messages = await consumer.consume({ max_messages: options.prefetch });
  return outboxOver(connection, messages);
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

function outboxOver(connection: NatsConnection, messages: ConsumerMessages): Outbox {
  const incoming = messages[Symbol.asyncIterator]();
  let closed = false;
  return {
    async next(): Promise<OutboxJob | null> {
      for (;;) {
        const { done, value } = await incoming.next();
        if (done === true) return null;
        if (!closed) return outboxJob(connection, value);
        value.nak(); // fetched ahead, wanted no more: another worker may have it at once
      }
    },

    async close(): Promise<void> {
      closed = true;
      await messages.close();
    },
  };
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
