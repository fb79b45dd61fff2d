/** The PublicStream port over JetStream: publishing by message id, and reading back the tail. */
import {
  DeliverPolicy,
  type JetStreamClient,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
} from "@nats-io/jetstream";
import type { PublicStream } from "../runtime/ports.ts";
import { AckedPublisher } from "./acked-publisher.ts";
import { classified } from "./jetstream-errors.ts";
import type { NatsLink } from "./nats-link.ts";

const tailTimeoutMs = 5_000;
const tailBatch = 1_000;
const messageIdHeader = "Nats-Msg-Id";

export class JetStreamPublicStream implements PublicStream {
  private readonly link: NatsLink;
  private readonly publisher: AckedPublisher;
  private readonly js: JetStreamClient;
  private readonly jsm: JetStreamManager;
  private readonly stream: string;
  private known: number;

  static async open(link: NatsLink, stream: string): Promise<JetStreamPublicStream> {
    const jsm = await jetstreamManager(link.connection, { checkAPI: false });
    const info = await jsm.streams.info(stream);
    return new JetStreamPublicStream(link, jsm, stream, info.state.last_seq);
  }

  private constructor(link: NatsLink, jsm: JetStreamManager, stream: string, known: number) {
    this.link = link;
    this.publisher = new AckedPublisher(link);
    this.js = jetstream(link.connection);
    this.jsm = jsm;
    this.stream = stream;
    this.known = known;
  }

  async publish(subject: string, messageId: string, data: Uint8Array): Promise<number> {
    try {
      const seq = await this.publisher.publish(subject, data, { messageId });
      this.known = Math.max(this.known, seq);
      return seq;
    } catch (error) {
      throw classified(error, `publish to ${subject}`);
    }
  }

  async messageIdsAfter(seq: number): Promise<Set<string>> {
    try {
      return await this.link.request(() => this.readIdsAfter(seq));
    } catch (error) {
      throw classified(error, `read the tail of ${this.stream}`);
    }
  }

  private async readIdsAfter(seq: number): Promise<Set<string>> {
    const ids = new Set<string>();
    const { state } = await this.jsm.streams.info(this.stream);
    if (state.last_seq <= seq || state.messages === 0) return ids;
    const consumer = await this.js.consumers.get(this.stream, {
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: seq + 1,
      headers_only: true,
    });
    for (;;) {
      const batch = await consumer.fetch({ max_messages: tailBatch, expires: tailTimeoutMs });
      let count = 0;
      for await (const message of batch) {
        count += 1;
        ids.add(message.headers?.get(messageIdHeader) ?? "");
        if (message.seq >= state.last_seq || message.info.pending === 0) return ids;
      }
      if (count === 0) throw new Error(`the tail ends before sequence ${state.last_seq}`);
    }
  }

  knownSeq(): number {
    return this.known;
  }
}
