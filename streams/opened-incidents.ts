/**
 * Incidents that open, from the public stream INCIDENTS, for a worker of our own: a durable
 * consumer with explicit acknowledgements, so that a restart goes on where it ended.
 * It has the shape of the OpenedQueue that runtime/text-models/ asks for.
 *
 * Q1 What is held and not acknowledged for `ackWaitMs` is handed out again. What waits here is
 *    kept alive, so only a process that died loses it.
 * Q2 At most `heldMax` are held at once; the others wait at the server.
 * Q3 A consumer that nobody asked for a day is deleted by the server: somebody who turns the
 *    worker on again is not told of old incidents.
 */
import {
  AckPolicy,
  type ConsumerMessages,
  DeliverPolicy,
  type JsMsg,
  jetstream,
  jetstreamManager,
} from "@nats-io/jetstream";
import { type NatsConnection, nanos } from "@nats-io/nats-core";
import { RetryableError } from "../runtime/errors.ts";
import { streamNames } from "./subjects.ts";

const consumerName = "text_models";
const openedSubject = "incidents.*.*.*.opened";
const ackWaitMs = 30_000;
const keepAliveMs = 10_000;
const heldMax = 64;
/** How often an incident is handed out, when its owner does not answer. */
const deliveriesMax = 20;
const forgottenAfterMs = 24 * 3_600_000;

export type OpenedIncidentJob = { data: Uint8Array; ack(): void; retry(delayMs: number): void };

export class OpenedIncidents {
  readonly #connection: NatsConnection;
  #messages: ConsumerMessages | null = null;
  /** Arrived and not handed out yet. */
  #arrived: JsMsg[] = [];
  readonly #held = new Set<JsMsg>();
  #wake: () => void = () => {};
  #hasEnded = false;
  #isClosed = false;
  readonly #alive: NodeJS.Timeout;

  private constructor(connection: NatsConnection) {
    this.#connection = connection;
    this.#alive = setInterval(() => this.#keepAlive(), keepAliveMs);
    this.#alive.unref();
  }

  /** The stream must exist. A consumer that is new begins with what opens from now on. */
  static async open(connection: NatsConnection): Promise<OpenedIncidents> {
    const opened = new OpenedIncidents(connection);
    await opened.#consume();
    return opened;
  }

  /** All that are there, at least one; [] once closed. @throws RetryableError */
  async next(): Promise<OpenedIncidentJob[]> {
    while (this.#arrived.length === 0 && !this.#isClosed) {
      if (this.#hasEnded) await this.#consume();
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      const isIdle = this.#arrived.length === 0 && !this.#hasEnded && !this.#isClosed;
      if (isIdle) await promise;
    }
    return this.#arrived.splice(0).map((message) => this.#jobOf(message));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#alive);
    // Another process may have them at once.
    for (const message of this.#arrived.splice(0)) if (this.#isConnected()) message.nak();
    this.#wake();
    await this.#messages?.close();
  }

  async #consume(): Promise<void> {
    try {
      await ensureConsumer(this.#connection);
      const consumer = await jetstream(this.#connection).consumers.get(
        streamNames.incidents,
        consumerName,
      );
      this.#messages = await consumer.consume({
        max_messages: heldMax,
        abort_on_missing_resource: true,
      });
    } catch (cause) {
      throw new RetryableError("the consumer of opened incidents is out of reach", { cause });
    }
    this.#hasEnded = false;
    void this.#collect(this.#messages);
    if (this.#isClosed) await this.#messages.close();
  }

  async #collect(messages: ConsumerMessages): Promise<void> {
    try {
      for await (const message of messages) {
        this.#arrived.push(message);
        this.#held.add(message);
        this.#wake();
      }
    } catch {
      // A lost consumer is opened again by the next `next`.
    }
    this.#hasEnded = true;
    this.#wake();
  }

  #jobOf(message: JsMsg): OpenedIncidentJob {
    return {
      data: message.data,
      ack: () => {
        this.#held.delete(message);
        if (this.#isConnected()) message.ack();
      },
      retry: (delayMs) => {
        this.#held.delete(message);
        if (this.#isConnected()) message.nak(delayMs);
      },
    };
  }

  #keepAlive(): void {
    if (!this.#isConnected()) return;
    for (const message of this.#held) message.working();
  }

  #isConnected(): boolean {
    return !this.#connection.isClosed();
  }
}

async function ensureConsumer(connection: NatsConnection): Promise<void> {
  const manager = await jetstreamManager(connection);
  const settings = {
    filter_subject: openedSubject,
    ack_wait: nanos(ackWaitMs),
    max_ack_pending: heldMax,
    max_deliver: deliveriesMax,
    inactive_threshold: nanos(forgottenAfterMs),
  };
  const known = await manager.consumers.info(streamNames.incidents, consumerName).catch(() => null);
  if (known !== null) {
    await manager.consumers.update(streamNames.incidents, consumerName, settings);
    return;
  }
  await manager.consumers.add(streamNames.incidents, {
    ...settings,
    durable_name: consumerName,
    ack_policy: AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.New,
  });
}
