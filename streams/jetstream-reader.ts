/**
 * A pull of one subject through an ordered consumer, handed out in batches.
 *
 * The client recreates an ordered consumer after gaps, but was seen to need seconds after a
 * reconnection. So this reader makes a new consumer from its own position whenever the
 * connection came back or the old consumer ended; `next` only ever ends by `close`.
 *
 * The client calls back for each message and asks for more by itself, whether or not anybody reads
 * them. So a backlog would come into memory whole: a reader that is full gives its consumer up,
 * and makes the next one when half of what it holds is read.
 */
import type { Consumer, ConsumerMessages, JsMsg } from "@nats-io/jetstream";
import type { LogReader, LogRecord } from "../runtime/ports.ts";
import type { NatsLink } from "./nats-link.ts";

/** Messages that the client asks for at a time; it asks again as they come, read or not. */
const prefetchMax = 64;
/** Full: so many records, or bytes of them, wait for `next`. */
export const bufferedRecordsMax = 1024;
export const bufferedBytesMax = 16 * 1024 * 1024;
/** Pull requests expire after this; a lost server is noticed after half of it. */
const pullExpiresMs = 5_000;
const reopenDelayMs = 50;
const nanosPerMs = 1_000_000n;

export class JetStreamReader implements LogReader {
  private readonly link: NatsLink;
  private readonly open: (startSeq: number) => Promise<Consumer>;
  private readonly stopListening: () => void;
  private nextSeq: number;
  private messages: ConsumerMessages | null = null;
  private buffer: LogRecord[] = [];
  private bufferedBytes = 0;
  private isFull = false;
  /** Wakes the pump, where it waits for room. */
  private makeRoom: (() => void) | null = null;
  private closed = false;
  /** Of the subject's records, those behind the last one that came; the server counts them. */
  private pending = 0;
  /** Wakes `next`, where it waits. */
  private wake: (() => void) | null = null;

  constructor(
    link: NatsLink,
    open: (startSeq: number) => Promise<Consumer>,
    fromSeq: number,
  ) {
    this.link = link;
    this.open = open;
    this.nextSeq = Math.max(1, fromSeq);
    this.stopListening = link.onReconnect(() => this.messages?.stop());
    void this.pump();
  }

  get waiting(): number {
    return this.buffer.length + this.pending;
  }

  get positionSeq(): number {
    return (this.buffer[0]?.seq ?? this.nextSeq) - 1;
  }

  async next(max: number): Promise<LogRecord[]> {
    while (this.buffer.length === 0 && !this.closed) {
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
    if (this.closed) return [];
    let records = this.buffer;
    if (records.length > max) records = this.buffer.splice(0, max);
    else this.buffer = [];
    for (const { data } of records) this.bufferedBytes -= data.length;
    if (this.holds(0.5)) return records;
    this.isFull = false;
    this.makeRoom?.();
    return records;
  }

  async close(): Promise<void> {
    this.closed = true;
    this.stopListening();
    // The server drops the ephemeral consumer by itself; not waiting keeps a stop short.
    this.messages?.stop();
    this.wake?.();
    this.makeRoom?.();
  }

  /** Fills the buffer from one consumer after the other until closed. */
  private async pump(): Promise<void> {
    while (!this.closed) {
      try {
        await this.follow();
      } catch {
        // The consumer is lost for now; the position is ours, so a new one continues.
      }
      this.messages = null;
      if (this.closed) return;
      if (this.isFull) await new Promise<void>((resolve) => (this.makeRoom = resolve));
      else await delay(reopenDelayMs);
    }
  }

  private async follow(): Promise<void> {
    const callback = (message: JsMsg): void => this.take(message);
    const options = { max_messages: prefetchMax, expires: pullExpiresMs, callback };
    const { consumer, messages } = await this.link.request(async () => {
      const opened = await this.open(this.nextSeq);
      return { consumer: opened, messages: await opened.consume(options) };
    });
    this.messages = messages;
    if (this.closed || this.isFull) messages.stop();
    await messages.closed();
    // The server would keep each one for minutes; it does so where it cannot be told.
    if (this.isFull) this.link.request(() => consumer.delete()).catch(() => false);
  }

  private take(message: JsMsg): void {
    const { info } = message;
    if (this.closed || info.streamSequence < this.nextSeq) return;
    this.nextSeq = info.streamSequence + 1;
    this.pending = info.pending;
    const timeMs = Number(message.timestampNanos / nanosPerMs);
    this.buffer.push({ seq: info.streamSequence, timeMs, data: message.data });
    this.bufferedBytes += message.data.length;
    this.wake?.();
    this.wake = null;
    if (!this.holds(1)) return;
    this.isFull = true;
    this.messages?.stop();
  }

  /** Whether it holds this share of what it may. */
  private holds(share: number): boolean {
    return (
      this.buffer.length >= bufferedRecordsMax * share ||
      this.bufferedBytes >= bufferedBytesMax * share
    );
  }
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
