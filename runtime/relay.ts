/**
 * The relay publishes what a partition's durable steps contain, in order, at its own pace.
 *
 * R1 A step is relayed only after its append is acknowledged; so everything public is also in
 *    the step log.
 * R2 Batches go out one after the other, and each is repeated until all of it is durable:
 *    a consumer that drops what lies before the last origin it saw never drops news.
 * R3 `position()` never claims more than what is durable downstream. After a crash the relay
 *    begins there, and the publisher recognises what had gone out already.
 */
import type { Clock } from "./ports.ts";
import type { RelayPosition } from "./step.ts";

export type RelayedStep<Output> = { seq: number; outputs: Output[] };

/** What a stage's outputs become downstream. */
export interface Publisher<Output> {
  /** Called once before a former owner's backlog, up to step `throughSeq`, is published again. */
  recover(from: RelayPosition, throughSeq: number, signal: AbortSignal): Promise<void>;
  /** Resolves when every output is durable downstream; repeats by itself what fails for now. */
  publish(steps: RelayedStep<Output>[], signal: AbortSignal): Promise<void>;
  /** Sequences of the public streams as far as known; see RelayPosition. */
  streamSeqs(): { incidentsSeq: number; outboxSeq: number };
}

const outputsPerBatchMax = 2_000;
const backlogOutputsMax = 50_000;

export class Relay<Output> {
  private readonly publisher: Publisher<Output>;
  private readonly queue: RelayedStep<Output>[] = [];
  private queuedOutputs = 0;
  private done: RelayPosition;
  private waiting: (() => void)[] = [];
  private recovering = false;

  constructor(publisher: Publisher<Output>, from: RelayPosition) {
    this.publisher = publisher;
    this.done = from;
  }

  push(step: RelayedStep<Output>): void {
    this.queue.push(step);
    this.queuedOutputs += step.outputs.length;
    this.wake();
  }

  /** What may be recorded as relayed at this moment (R3). */
  position(): RelayPosition {
    if (this.backlog > 0) return this.done;
    // Nothing is under way: whatever this partition publishes next comes after what is known.
    return { stepSeq: this.done.stepSeq, ...this.publisher.streamSeqs() };
  }

  /** Steps not yet durable downstream. */
  get backlog(): number {
    return this.queue.length + (this.recovering ? 1 : 0);
  }

  /** Waits while the backlog is at its limit: a processor must not outrun its relay. */
  get hasRoom(): boolean {
    return this.queuedOutputs <= backlogOutputsMax;
  }

  async room(clock: Clock, signal: AbortSignal): Promise<void> {
    while (!this.hasRoom) {
      signal.throwIfAborted();
      await clock.sleep(5, signal);
    }
  }

  async drained(clock: Clock, signal: AbortSignal): Promise<void> {
    while (this.backlog > 0) {
      signal.throwIfAborted();
      await clock.sleep(5, signal);
    }
  }

  /** Runs until the signal is aborted; `backlog` are steps that a former owner left. */
  async run(backlog: RelayedStep<Output>[], signal: AbortSignal): Promise<void> {
    if (backlog.length > 0) {
      this.recovering = true;
      const throughSeq = backlog[backlog.length - 1]?.seq ?? 0;
      await this.publisher.recover(this.done, throughSeq, signal);
      // Steps pushed while that took are newer than the backlog.
      this.queue.unshift(...backlog);
      for (const step of backlog) this.queuedOutputs += step.outputs.length;
      this.recovering = false;
    }
    signal.addEventListener("abort", () => this.wake(), { once: true });
    while (!signal.aborted) {
      const batch = this.nextBatch();
      if (batch.length === 0) {
        await new Promise<void>((resolve) => this.waiting.push(resolve));
        continue;
      }
      await this.publisher.publish(batch, signal);
      this.finish(batch);
    }
  }

  private nextBatch(): RelayedStep<Output>[] {
    let outputs = 0;
    let length = 0;
    while (length < this.queue.length && outputs < outputsPerBatchMax) {
      outputs += this.queue[length]?.outputs.length ?? 0;
      length += 1;
    }
    return this.queue.slice(0, length);
  }

  private finish(batch: RelayedStep<Output>[]): void {
    const seqs = this.publisher.streamSeqs();
    this.queue.splice(0, batch.length);
    for (const step of batch) this.queuedOutputs -= step.outputs.length;
    const last = batch[batch.length - 1];
    if (last !== undefined) this.done = { stepSeq: last.seq, ...seqs };
  }

  private wake(): void {
    const waiting = this.waiting;
    this.waiting = [];
    for (const resolve of waiting) resolve();
  }
}
