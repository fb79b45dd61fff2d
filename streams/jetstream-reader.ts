/**
 * A pull of one subject through an ordered consumer, handed out in batches.
 *
 * The client recreates an ordered consumer after gaps, but was seen to need seconds after a
 * reconnection. So this reader makes a new consumer from its own position whenever the
 * connection came back or the old consumer ended; `next` only ever ends by `close`.
 */
import type { Consumer, ConsumerMessages, JsMsg } from "@nats-io/jetstream";
import type { LogReader, LogRecord } from "../runtime/ports.ts";
import type { NatsLink } from "./nats-link.ts";

/** Messages that the client asks for at a time; it asks again as they come, read or not. */
const prefetchMax = 64;
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

  async next(max: number): Promise<LogRecord[]> {
    while (this.buffer.length === 0 && !this.closed) {
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
    if (this.closed) return [];
    if (this.buffer.length > max) return this.buffer.splice(0, max);
    const records = this.buffer;
    this.buffer = [];
    return records;
  }

  async close(): Promise<void> {
    this.closed = true;
    this.stopListening();
    // The server drops the ephemeral consumer by itself; not waiting keeps a stop short.
    this.messages?.stop();
    this.wake?.();
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
      if (!this.closed) await delay(reopenDelayMs);
    }
  }

  private async follow(): Promise<void> {
    const callback = (message: JsMsg): void => this.take(message);
    const options = { max_messages: prefetchMax, expires: pullExpiresMs, callback };
    const messages = await this.link.request(async () =>
      (await this.open(this.nextSeq)).consume(options),
    );
    this.messages = messages;
    if (this.closed) messages.stop();
    await messages.closed();
  }

  private take(message: JsMsg): void {
    const { info } = message;
    if (this.closed || info.streamSequence < this.nextSeq) return;
    this.nextSeq = info.streamSequence + 1;
    this.pending = info.pending;
    const timeMs = Number(message.timestampNanos / nanosPerMs);
    this.buffer.push({ seq: info.streamSequence, timeMs, data: message.data });
    this.wake?.();
    this.wake = null;
  }
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
