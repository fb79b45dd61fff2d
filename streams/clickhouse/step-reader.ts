/** The steps of all partitions in the order of the log, cut into ranges that fit one block. */
import {
  DeliverPolicy,
  type ConsumerMessages,
  type JetStreamClient,
  type JsMsg,
} from "@nats-io/jetstream";
import type { IncidentOutput } from "../../actors/incident/types.ts";
import { RetryableError } from "../../runtime/errors.ts";
import type { DedupOutput } from "../../runtime/step.ts";
import { decodeStep } from "../../runtime/step-encoding.ts";
import { codec } from "../codec.ts";
import { streamNames } from "../subjects.ts";
import type { StepMessage } from "./rows.ts";
import type { SinkRange } from "./sink-position.ts";

/**
 * A range ends with the message that reaches one of these. Steps are compressed (codec.ts), so that
 * their outputs say how much memory a range takes, and not their bytes alone.
 */
export const rangeLimits = { outputs: 30_000, bytes: 16 * 1024 * 1024, ageMs: 500 } as const;

/** Messages that the client fetches ahead; steps are 2 to 64 KiB each as a rule. */
const prefetchMax = 64;

export type UnreadableStep = { seq: number; subject: string; error: string };
export type StepRange = SinkRange & {
  steps: StepMessage[];
  unreadable: UnreadableStep[];
  /** Steps in the log after this range, as of its last message. */
  pending: number;
};

export class StepReader {
  #messages: ConsumerMessages;
  #iterator: AsyncIterator<JsMsg>;
  /** The next message, asked for and perhaps not there yet. */
  #coming: Promise<IteratorResult<JsMsg>> | null = null;
  /** First sequence of the next range. */
  #from: number;

  constructor(messages: ConsumerMessages, from: number) {
    this.#messages = messages;
    this.#iterator = messages[Symbol.asyncIterator]();
    this.#from = from;
  }

  static async open(js: JetStreamClient, from: number): Promise<StepReader> {
    const consumer = await js.consumers.get(streamNames.steps, {
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: from,
    });
    return new StepReader(await consumer.consume({ max_messages: prefetchMax }), from);
  }

  /**
   * The next range; null when nothing came for `idleMs`.
   * @param last ends the range exactly there: the repetition of an earlier one.
   * @throws RetryableError when the log ends the reading.
   */
  async nextRange(idleMs: number, last: number | null = null): Promise<StepRange | null> {
    const range: StepRange = { first: this.#from, last: 0, steps: [], unreadable: [], pending: 0 };
    const open = { outputs: 0, bytes: 0, untilMs: Number.POSITIVE_INFINITY };
    for (;;) {
      const waitMs = Math.min(idleMs, open.untilMs - performance.now());
      const message = await this.#peek(Math.max(0, waitMs));
      if (message === null) {
        if (last !== null) throw new RetryableError(`the log does not send step ${last}`);
        if (range.last > 0) break;
        return null;
      }
      if (last !== null && message.seq > last) break;
      this.#coming = null;
      if (range.last === 0 && last === null) open.untilMs = performance.now() + rangeLimits.ageMs;
      range.last = message.seq;
      range.pending = message.info.pending;
      open.outputs += append(range, message);
      open.bytes += message.data.length;
      if (last === null ? isFull(open) : message.seq === last) break;
    }
    if (last !== null) range.last = last;
    this.#from = range.last + 1;
    return range;
  }

  /** At once; the client's own `close` waits for messages that nobody takes any more. */
  close(): void {
    this.#coming?.catch(() => {});
    this.#messages.stop();
  }

  async #peek(waitMs: number): Promise<JsMsg | null> {
    this.#coming ??= this.#iterator.next();
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<null>((resolve) => {
      timer = setTimeout(resolve, waitMs, null);
    });
    try {
      const result = await Promise.race([this.#coming, timeout]);
      if (result === null) return null;
      if (result.done === true) throw new RetryableError("the log of steps stopped sending");
      return result.value;
    } finally {
      clearTimeout(timer);
    }
  }
}

const isFull = (open: { outputs: number; bytes: number }): boolean =>
  open.outputs >= rangeLimits.outputs || open.bytes >= rangeLimits.bytes;

/** Decodes the message into the range and returns how many outputs it holds. */
function append(range: StepRange, message: JsMsg): number {
  const { subject, seq } = message;
  try {
    const stage = subject.split(".")[1];
    if (stage === "dedup") {
      const step = decodeStep<DedupOutput>(codec, message.data);
      range.steps.push({ stage, subject, seq, step });
      return step.kind === "step" ? step.outputs.length : 0;
    }
    if (stage === "incident") {
      const step = decodeStep<IncidentOutput>(codec, message.data);
      range.steps.push({ stage, subject, seq, step });
      return step.kind === "step" ? step.outputs.length : 0;
    }
    throw new Error(`no stage has the subject ${subject}`);
  } catch (error) {
    range.unreadable.push({ seq, subject, error: String(error) });
    return 0;
  }
}
