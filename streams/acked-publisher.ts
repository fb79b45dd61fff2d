/**
 * Publishes to JetStream and waits for its acknowledgement, many at a time. The client's own
 * `publish` makes a timer, a stack trace and a handful of promises for each message; in a storm
 * that was a sixth of what the main process and its shards did. Here one subscription takes all
 * answers, and one timer looks for those that did not come.
 *
 * P1 Each publish settles once: with the acknowledgement, the server's refusal, a timeout, or
 *    the end of the link (NatsLink); after the last two its outcome is unknown.
 * P2 Answers that come later than that are ignored.
 */
import { JetStreamApiError } from "@nats-io/jetstream";
import {
  type Msg,
  type MsgHdrs,
  TimeoutError,
  createInbox,
  headers,
} from "@nats-io/nats-core";
import { LinkDownError, type NatsLink } from "./nats-link.ts";

/** An answer that takes longer is taken to be lost. */
const ackTimeoutMs = 5_000;
const sweepEveryMs = 250;

export type Conditions = {
  /** The server drops a message whose id it saw within the stream's duplicate window. */
  messageId?: string;
  /** Stored only if this is the sequence of the subject's last message (0: it has none). */
  lastSubjectSeq?: number;
  /** Once stored, it is the only message of its subject. */
  replacesSubject?: true;
};

type Ack = { seq?: number; error?: ConstructorParameters<typeof JetStreamApiError>[0] };

type Waiting = {
  subject: string;
  deadlineMs: number;
  resolve(seq: number): void;
  reject(error: Error): void;
};

export class AckedPublisher {
  private readonly link: NatsLink;
  private readonly inbox = createInbox();
  /** In the order of their deadlines. */
  private readonly waiting = new Map<string, Waiting>();
  private published = 0;
  private sweeping = false;

  constructor(link: NatsLink) {
    this.link = link;
    link.onBreak(() => this.lose());
    link.connection.subscribe(`${this.inbox}.*`, {
      callback: (error, message) => {
        if (error === null) this.answered(message);
      },
    });
  }

  /**
   * @returns the sequence of the stored message (of the first one, for a duplicate).
   * @throws JetStreamApiError: refused; LinkDownError, TimeoutError: unknown.
   */
  publish(
    subject: string,
    data: Uint8Array | string,
    conditions: Conditions = {},
  ): Promise<number> {
    if (!this.link.connected) return Promise.reject(new LinkDownError());
    const token = (this.published++).toString(36);
    return new Promise((resolve, reject) => {
      const deadlineMs = performance.now() + ackTimeoutMs;
      this.waiting.set(token, { subject, deadlineMs, resolve, reject });
      const head = headersOf(conditions);
      const options = { reply: `${this.inbox}.${token}`, ...(head && { headers: head }) };
      try {
        this.link.connection.publish(subject, data, options);
      } catch (error) {
        this.waiting.delete(token);
        reject(error);
      }
      this.sweepLater();
    });
  }

  private answered(message: Msg): void {
    const token = message.subject.slice(this.inbox.length + 1);
    const waiting = this.waiting.get(token);
    if (waiting === undefined) return;
    this.waiting.delete(token);
    if (message.data.length === 0) {
      const status = message.headers?.code ?? 0;
      waiting.reject(new Error(`no stream takes ${waiting.subject} now (status ${status})`));
      return;
    }
    const ack = message.json<Ack>();
    if (ack.error !== undefined) waiting.reject(new JetStreamApiError(ack.error));
    else if (ack.seq === undefined) waiting.reject(new Error("an answer without a sequence"));
    else waiting.resolve(ack.seq);
  }

  /** The link broke: no answer to what is under way will come. */
  private lose(): void {
    const lost = [...this.waiting.values()];
    this.waiting.clear();
    for (const { reject } of lost) reject(new LinkDownError());
  }

  private sweepLater(): void {
    if (this.sweeping) return;
    this.sweeping = true;
    setTimeout(() => this.sweep(), sweepEveryMs).unref();
  }

  private sweep(): void {
    this.sweeping = false;
    const nowMs = performance.now();
    for (const [token, waiting] of this.waiting) {
      if (waiting.deadlineMs > nowMs) break;
      this.waiting.delete(token);
      waiting.reject(new TimeoutError());
    }
    if (this.waiting.size > 0) this.sweepLater();
  }
}

function headersOf(conditions: Conditions): MsgHdrs | null {
  const { messageId, lastSubjectSeq, replacesSubject } = conditions;
  if (messageId === undefined && lastSubjectSeq === undefined && !replacesSubject) return null;
  const head = headers();
  if (messageId !== undefined) head.set("Nats-Msg-Id", messageId);
  if (lastSubjectSeq !== undefined) {
    head.set("Nats-Expected-Last-Subject-Sequence", String(lastSubjectSeq));
  }
  if (replacesSubject) head.set("Nats-Rollup", "sub");
  return head;
}
