/**
 * One partition's step log, written by its owner alone.
 *
 * L1 Every append carries the subject's last sequence as this owner knows it; the log refuses a
 *    stale owner (I2), so a refusal means: somebody else owns the partition now. Stop.
 * L2 An append whose outcome is unknown is settled by reading the subject's last record: it is
 *    ours (owner and count inside), or it is not there and the append is repeated.
 * L3 A step of several outputs that is larger than a message of the log may be is not appended:
 *    outputs are as large as senders' texts, and only their encoding tells how large that is.
 */
import { RetryableError } from "./errors.ts";
import type { Clock, Codec, Log } from "./ports.ts";
import { decodeStep, encodeStep } from "./step-encoding.ts";
import { type StepHead, type StepRecord, relayStart } from "./step.ts";

/** Another owner claimed the partition: this processor must stop without further output. */
export class FencedError extends Error {
  constructor(subject: string) {
    super(`${subject} has a new owner; this one stops`);
    this.name = "FencedError";
  }
}

const retryDelayMs = 100;
const retryDelayMaxMs = 5_000;

export type StepLogOptions = {
  log: Log;
  codec: Codec;
  clock: Clock;
  subject: string;
  owner: string;
  /** See ProcessorLimits. */
  stepBytesMax: number;
};

export class StepLog<Output> {
  private readonly stepBytesMax: number;
  private readonly log: Log;
  private readonly codec: Codec;
  private readonly clock: Clock;
  private readonly subject: string;
  private readonly owner: string;
  private appends = 0;
  /** Sequence of the subject's last record. */
  lastSeq = 0;
  /** The snapshot in force, as every record of the log says; "": none. */
  snapshot = "";

  constructor(options: StepLogOptions) {
    this.stepBytesMax = options.stepBytesMax;
    this.log = options.log;
    this.codec = options.codec;
    this.clock = options.clock;
    this.subject = options.subject;
    this.owner = options.owner;
  }

  decode(data: Uint8Array): StepRecord<Output> {
    return decodeStep(this.codec, data);
  }

  /**
   * Takes the partition over: from here on every append of an earlier owner is refused.
   * @returns the record that was last before the claim, null for a new partition.
   */
  async claim(signal: AbortSignal): Promise<StepRecord<Output> | null> {
    for (;;) {
      const last = await this.retrying(signal, () => this.log.last(this.subject));
      const previous = last === null ? null : this.decode(last.data);
      this.lastSeq = last?.seq ?? 0;
      this.appends = 0;
      this.snapshot = previous?.snapshot ?? "";
      const claim = this.next({
        kind: "claim",
        inputSeq: previous?.inputSeq ?? 0,
        timeMs: previous?.timeMs ?? 0,
        relayed: previous?.relayed ?? relayStart,
      });
      if (await this.tryAppend(signal, claim.n, encodeStep(this.codec, claim))) return previous;
    }
  }

  /** @returns the record's sequence; null: not appended, since its outputs are too large (L3). */
  async append(signal: AbortSignal, draft: Draft<StepRecord<Output>>): Promise<number | null> {
    const record = this.next(draft);
    const data = encodeStep(this.codec, record);
    const canBeSplit = record.kind === "step" && record.outputs.length > 1;
    if (canBeSplit && data.length > this.stepBytesMax) return null;
    const appended = await this.tryAppend(signal, record.n, data);
    if (!appended) throw new FencedError(this.subject);
    return this.lastSeq;
  }

  /** @throws FencedError when somebody appended after us. */
  async requireOwned(signal: AbortSignal): Promise<void> {
    const last = await this.retrying(signal, () => this.log.last(this.subject));
    if (last !== null && last.seq > this.lastSeq) throw new FencedError(this.subject);
  }

  /** Whether the newest record is this owner's. @throws RetryableError */
  async isOwned(): Promise<boolean> {
    const last = await this.log.last(this.subject);
    return last !== null && this.decode(last.data).owner === this.owner;
  }

  private next(draft: Draft<StepRecord<Output>>): StepRecord<Output> {
    const { owner, snapshot, appends } = this;
    return { ...draft, owner, n: appends + 1, snapshot } as StepRecord<Output>;
  }

  private async tryAppend(signal: AbortSignal, n: number, data: Uint8Array): Promise<boolean> {
    this.appends = n;
    for (let attempt = 0; ; attempt += 1) {
      signal.throwIfAborted();
      try {
        const result = await this.log.appendFenced(this.subject, data, this.lastSeq);
        if (result.kind === "appended") {
          this.lastSeq = result.seq;
          return true;
        }
        // After an earlier attempt of unknown outcome, the refusal may be caused by ourselves.
        return attempt > 0 && (await this.isOurs(signal, n));
      } catch (error) {
        if (!(error instanceof RetryableError)) throw error;
        await this.clock.sleep(backoffMs(attempt), signal);
        if (await this.isOurs(signal, n)) return true;
      }
    }
  }

  private async isOurs(signal: AbortSignal, n: number): Promise<boolean> {
    const last = await this.retrying(signal, () => this.log.last(this.subject));
    if (last === null || last.seq <= this.lastSeq) return false;
    const record = this.decode(last.data);
    if (record.owner !== this.owner || record.n !== n) return false;
    this.lastSeq = last.seq;
    return true;
  }

  private async retrying<T>(signal: AbortSignal, action: () => Promise<T>): Promise<T> {
    return retrying(this.clock, signal, action);
  }
}

/** A record without what the step log adds. */
export type Draft<R> = R extends StepHead ? Omit<R, "owner" | "n" | "snapshot"> : never;

export function backoffMs(attempt: number): number {
  return Math.min(retryDelayMaxMs, retryDelayMs * 2 ** Math.min(attempt, 10));
}

/** Repeats what fails for now, with back-off, until it succeeds or the signal is aborted. */
export async function retrying<T>(
  clock: Clock,
  signal: AbortSignal,
  action: () => Promise<T>,
): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    signal.throwIfAborted();
    try {
      return await action();
    } catch (error) {
      if (!(error instanceof RetryableError)) throw error;
      await clock.sleep(backoffMs(attempt), signal);
    }
  }
}
