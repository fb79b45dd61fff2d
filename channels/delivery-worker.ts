/**
 * Takes notifications from a channel's work queue and brings them to their receivers.
 *
 * The worker owns retries, concurrency and reports; channels only make one attempt; the queue is
 * what survives a crash.
 *
 * D1 A job leaves the queue only after its final report was taken: delivered, or given up with
 *    a reason. Nothing else removes it.
 * D2 A receiver or a job that fails, hangs or floods delays no other receiver.
 * D3 A notification that this process has delivered is not sent again, however often its job
 *    comes back. Across a crash it may be, with the same idempotency key (I7).
 * D4 Receivers are looked up at each attempt, so a changed configuration counts at once.
 */
import { RetryableError, TerminalError } from "../runtime/errors.ts";
import type { Clock, Codec, Logger } from "../runtime/ports.ts";
import { readDeliverable } from "./deliverable.ts";
import type { Deliverable, Outcome, Routes } from "./deliverable.ts";
import { DeliveryMemory } from "./delivery-memory.ts";
import type { Delivery } from "./delivery-memory.ts";
import { Lanes, defaultLaneLimits } from "./lanes.ts";
import type { LaneLimits } from "./lanes.ts";
import { defaultRetrySchedule, nextDelayMs } from "./retry-schedule.ts";
import type { RetrySchedule } from "./retry-schedule.ts";
import type { Job, WorkQueue } from "./work-queue.ts";

export type DeliveryPacing = {
  /** Between signs of life for held jobs; well inside the queue's patience (30 s). */
  keepAliveMs: number;
  /** A job that finds no place, or its own twin under way, comes back after this time. */
  busyRetryMs: number;
  /** Wait after a report or a queue that failed. */
  troubleRetryMs: number;
};

export const defaultDeliveryPacing: DeliveryPacing = {
  keepAliveMs: 10_000,
  busyRetryMs: 15_000,
  troubleRetryMs: 5_000,
};

export type DeliveryWorkerOptions = Routes & {
  queue: WorkQueue;
  codec: Codec;
  clock: Clock;
  log: Logger;
  schedule?: RetrySchedule;
  limits?: LaneLimits;
  pacing?: DeliveryPacing;
};

export type DeliveryCounters = {
  delivered: number;
  failed: number;
  gaveUp: number;
  /** Jobs answered from memory instead of being sent again. */
  suppressed: number;
  undecodable: number;
};

type Held = { job: Job; notification: Deliverable };

export class DeliveryWorker {
  readonly counters: DeliveryCounters = {
    delivered: 0,
    failed: 0,
    gaveUp: 0,
    suppressed: 0,
    undecodable: 0,
  };
  #options: DeliveryWorkerOptions;
  #schedule: RetrySchedule;
  #pacing: DeliveryPacing;
  #lanes: Lanes<Held>;
  #memory = new DeliveryMemory();
  /** By notification id: everything that runs or waits here. */
  #held = new Map<string, Held>();
  #running = new Set<Promise<void>>();
  #pulling: Promise<void> | null = null;
  #draining = new AbortController();
  #ending = new AbortController();

  constructor(options: DeliveryWorkerOptions) {
    this.#options = options;
    this.#schedule = options.schedule ?? defaultRetrySchedule;
    this.#pacing = options.pacing ?? defaultDeliveryPacing;
    this.#lanes = new Lanes(options.limits ?? defaultLaneLimits);
  }

  get active(): number {
    return this.#lanes.active;
  }

  get parked(): number {
    return this.#lanes.parked;
  }

  start(): void {
    if (this.#pulling !== null) throw new Error("delivery worker started twice");
    this.#pulling = this.#pull();
    void this.#keepAlive();
  }

  /**
   * Takes no more jobs, hands waiting ones back, gives running attempts `drainMs` to end and
   * aborts the rest (they are handed back too). Resolves when nothing runs any more.
   */
  async stop(drainMs = 5_000): Promise<void> {
    this.#draining.abort();
    await this.#options.queue.close();
    await this.#pulling;
    for (const { job, notification } of this.#lanes.drainParked()) {
      this.#held.delete(notification.id);
      job.retry(0);
    }
    const drained = new AbortController();
    const idle = Promise.all(this.#running).finally(() => drained.abort());
    await Promise.race([idle, this.#options.clock.sleep(drainMs, drained.signal)]);
    this.#ending.abort();
    await idle;
  }

  async #pull(): Promise<void> {
    const { queue, log, clock } = this.#options;
    for (;;) {
      try {
        const job = await queue.next();
        if (job === null) return;
        this.#accept(job);
      } catch (error) {
        if (this.#draining.signal.aborted) return;
        log.warn({ err: error }, "notifications cannot be read from the outbox; trying again");
        await clock.sleep(this.#pacing.troubleRetryMs, this.#draining.signal);
      }
    }
  }

  async #keepAlive(): Promise<void> {
    for (;;) {
      await this.#options.clock.sleep(this.#pacing.keepAliveMs, this.#ending.signal);
      if (this.#ending.signal.aborted) return;
      for (const { job } of this.#held.values()) job.keepAlive();
    }
  }

  /** Decides at once where a job goes, so that pulling never waits for a receiver (D2). */
  #accept(job: Job): void {
    let notification: Deliverable;
    try {
      notification = readDeliverable(this.#options.codec.decode(job.data), this.#options);
    } catch (error) {
      this.counters.undecodable++;
      this.#options.log.error({ err: error, seq: job.seq }, "outbox message is no notification");
      this.#track(job.giveUp("not a notification"));
      return;
    }
    const held = { job, notification };
    // Known from its first sight on: being postponed below must not count as an attempt.
    this.#memory.recall(notification.id, job.attempt - 1);
    if (this.#draining.signal.aborted) return job.retry(0);
    if (this.#held.has(notification.id)) return job.retry(this.#pacing.busyRetryMs);
    const place = this.#lanes.offer(notification.lane, held);
    if (place === "full") return job.retry(this.#pacing.busyRetryMs);
    this.#held.set(notification.id, held);
    if (place === "start") this.#run(held);
  }

  #run(held: Held): void {
    const { notification, job } = held;
    const work = this.#handle(held)
      .catch((error: unknown) => {
        const fields = { err: error, notification: notification.id };
        this.#options.log.error(fields, "delivery failed outside of its channel; trying again");
        job.retry(this.#pacing.troubleRetryMs);
      })
      .then(() => {
        this.#held.delete(notification.id);
        const next = this.#lanes.release(notification.lane);
        if (next !== null) this.#run(next);
      });
    this.#track(work);
  }

  #track(work: Promise<void>): void {
    const tracked = work
      .catch((error: unknown) => this.#options.log.warn({ err: error }, "outbox unreachable"))
      .finally(() => this.#running.delete(tracked));
    this.#running.add(tracked);
  }

  async #handle({ job, notification }: Held): Promise<void> {
    const delivery = this.#memory.recall(notification.id, job.attempt - 1);
    if (delivery.final !== null) {
      this.counters.suppressed++;
      return this.#finish(job, notification, delivery);
    }
    delivery.attempts++;
    const failure = await notification.send(this.#ending.signal).then(
      ({ detail }) => {
        delivery.final = { attempt: delivery.attempts, outcome: "delivered", detail };
        return null;
      },
      (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
    );
    if (failure === null) {
      this.counters.delivered++;
      return this.#finish(job, notification, delivery);
    }
    if (this.#ending.signal.aborted) return job.retry(0);
    return this.#failed(job, notification, delivery, failure);
  }

  async #failed(
    job: Job,
    notification: Deliverable,
    delivery: Delivery,
    failure: Error,
  ): Promise<void> {
    const delayMs = this.#delayMs(notification, delivery.attempts, failure);
    const outcome = delayMs === null ? "gaveUp" : "failed";
    this.counters[outcome]++;
    const ended: Outcome = { attempt: delivery.attempts, outcome, detail: failure.message };
    this.#options.log.warn({ ...notification.fields(ended), delayMs }, `notification ${outcome}`);
    if (delayMs !== null) return this.#retryLater(job, notification, ended, delayMs);
    delivery.final = ended;
    return this.#finish(job, notification, delivery);
  }

  /** Null: no further attempt. An error of unknown kind counts as one that may pass. */
  #delayMs(notification: Deliverable, attempt: number, failure: Error): number | null {
    if (failure instanceof TerminalError) return null;
    const ageMs = this.#options.clock.nowMs() - notification.atMs;
    const wishMs = failure instanceof RetryableError ? failure.retryAfterMs : null;
    return nextDelayMs(this.#schedule, attempt, ageMs, wishMs);
  }

  /** The failure of one attempt is only told, not owed: the job stays in the queue anyway. */
  async #retryLater(
    job: Job,
    notification: Deliverable,
    outcome: Outcome,
    delayMs: number,
  ): Promise<void> {
    try {
      await notification.report(outcome);
    } catch (error) {
      const fields = { err: error, ...notification.fields(outcome) };
      this.#options.log.warn(fields, "failed attempt could not be reported");
    }
    job.retry(delayMs);
  }

  /** Reports the final outcome, then lets the queue forget the job (D1). */
  async #finish(job: Job, notification: Deliverable, delivery: Delivery): Promise<void> {
    const { final } = delivery;
    if (final === null) throw new Error("finish without an outcome");
    if (!delivery.reported) {
      try {
        await notification.report(final);
      } catch (error) {
        const fields = { err: error, ...notification.fields(final) };
        this.#options.log.warn(fields, "delivery could not be reported");
        return job.retry(this.#pacing.troubleRetryMs);
      }
      delivery.reported = true;
    }
    await (final.outcome === "gaveUp" ? job.giveUp(final.detail) : job.ack());
  }
}
