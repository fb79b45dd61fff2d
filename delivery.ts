/**
 * Composition of delivery: for each kind of channel an outbox and a worker that empties it, all
 * with the receivers and templates of the configuration in force.
 */
import type { NatsConnection } from "@nats-io/transport-node";
import type { Logger } from "pino";
import { createGroupChannel, groupChannelKinds } from "./channels/alertmanager/group-channel.ts";
import { type DeliveryCounters, DeliveryWorker } from "./channels/delivery-worker.ts";
import { findReceiver } from "./channels/receivers.ts";
import { createWebhookChannel } from "./channels/webhook/send.ts";
import type { LiveConfig } from "./live-config.ts";
import type { Log } from "./runtime/ports.ts";
import { systemClock } from "./runtime/system-clock.ts";
import { codec } from "./streams/codec.ts";
import { deliveryReporter, groupDeliveryReporter } from "./streams/control-records.ts";
import { openOutbox } from "./streams/outbox.ts";

export type DeliveryOptions = {
  connection: NatsConnection;
  log: Log;
  live: LiveConfig;
  logger: Logger;
  /** Where people reach this installation, without a slash at the end. */
  externalUrl: string;
  userAgent: string;
};

const drainMs = 3_000;

export class Delivery {
  readonly #workers: DeliveryWorker[];

  private constructor(workers: DeliveryWorker[]) {
    this.#workers = workers;
  }

  static async open(options: DeliveryOptions): Promise<Delivery> {
    const { connection, log, live, logger, externalUrl, userAgent } = options;
    const clock = systemClock;
    const webhook = createWebhookChannel({ clock, source: "/tocsin", userAgent });
    const channel = createGroupChannel({
      receivers: () => live.config.alertmanager?.receivers ?? [],
      renderer: () => live.renderer,
      ...{ clock, externalUrl, userAgent },
    });
    const workers = await Promise.all(
      groupChannelKinds.map(
        async (kind) =>
          new DeliveryWorker({
            queue: await openOutbox(connection, kind),
            channels: { webhook },
            groups: { channel, report: groupDeliveryReporter(log) },
            receiver: (name) => findReceiver(live.config.receivers, name),
            report: deliveryReporter(log),
            ...{ codec, clock, log: logger },
          }),
      ),
    );
    for (const worker of workers) worker.start();
    return new Delivery(workers);
  }

  /** Of all channels together. */
  counters(): DeliveryCounters {
    const sum = { delivered: 0, failed: 0, gaveUp: 0, suppressed: 0, undecodable: 0 };
    const names = Object.keys(sum) as (keyof DeliveryCounters)[];
    for (const { counters } of this.#workers) {
      for (const name of names) sum[name] += counters[name];
    }
    return sum;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.stop(drainMs)));
  }
}
