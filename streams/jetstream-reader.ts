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

/** Messages the client fetches ahead; times the size of a frame this bounds its memory. */
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
  private iterator: AsyncIterator<JsMsg> | null = null;
  private closed = false;
  private readonly closing: Promise<void>;
  private signalClose: () => void = () => {};

  constructor(
    link: NatsLink,
    open: (startSeq: number) => Promise<Consumer>,
    fromSeq: number,
  ) {
    this.link = link;
    this.open = open;
    this.stopListening = link.onReconnect(() => this.discard());
    this.nextSeq = Math.max(1, fromSeq);
    this.closing = new Promise((resolve) => {
      this.signalClose = resolve;
    });
  }

  async next(max: number): Promise<LogRecord[]> {
    while (!this.closed) {
      try {
        const records = await this.pull(max);
        if (records.length > 0) return records;
      } catch {
        // The consumer is lost for now; the position is ours, so a new one continues.
      }
      if (this.closed) break;
      this.discard();
      await Promise.race([this.closing, delay(reopenDelayMs)]);
    }
    return [];
  }

  async close(): Promise<void> {
    this.closed = true;
    this.signalClose();
    this.stopListening();
    this.discard();
  }

  /** Waits for one message, then takes what has already arrived; empty: the iterator ended. */
  private async pull(max: number): Promise<LogRecord[]> {
    const { messages, iterator } = await this.connected();
    const records: LogRecord[] = [];
    let waiting = 1;
    while (waiting > 0 && records.length < max && !this.closed) {
      const result = await iterator.next();
      if (result.done === true) return records;
      const message = result.value;
      if (message.seq >= this.nextSeq) {
        this.nextSeq = message.seq + 1;
        const timeMs = Number(message.timestampNanos / nanosPerMs);
        records.push({ seq: message.seq, timeMs, data: message.data });
      }
      waiting = records.length === 0 ? 1 : messages.getPending();
    }
    return records;
  }

  private async connected(): Promise<{
    messages: ConsumerMessages;
    iterator: AsyncIterator<JsMsg>;
  }> {
    if (this.messages === null || this.iterator === null) {
      const options = { max_messages: prefetchMax, expires: pullExpiresMs };
      const messages = await this.link.request(async () =>
        (await this.open(this.nextSeq)).consume(options),
      );
      this.messages = messages;
      this.iterator = messages[Symbol.asyncIterator]();
      if (this.closed) this.discard();
    }
    if (this.messages === null || this.iterator === null) throw new Error("reader is closed");
    return { messages: this.messages, iterator: this.iterator };
  }

  private discard(): void {
    const { messages } = this;
    this.messages = null;
    this.iterator = null;
    messages?.stop();
    // The server drops the ephemeral consumer by itself; not waiting keeps a stop short.
  }
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
