/**
 * The Log port over JetStream: fenced appends by expected last subject sequence, reads by
 * ordered consumers whose position the reader keeps.
 */
import {
  DeliverPolicy,
  type JetStreamClient,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
} from "@nats-io/jetstream";
import type { AppendResult, Log, LogReader, LogRecord } from "../runtime/ports.ts";
import { AckedPublisher } from "./acked-publisher.ts";
import { JetStreamReader } from "./jetstream-reader.ts";
import { classified, isFenced, isNoMessage } from "./jetstream-errors.ts";
import type { NatsLink } from "./nats-link.ts";

export class JetStreamLog implements Log {
  private readonly link: NatsLink;
  private readonly publisher: AckedPublisher;
  private readonly js: JetStreamClient;
  private readonly jsm: JetStreamManager;
  private readonly streamOf: (subject: string) => string;

  /** @param streamOf the stream that stores a subject. */
  static async open(
    link: NatsLink,
    streamOf: (subject: string) => string,
  ): Promise<JetStreamLog> {
    const jsm = await jetstreamManager(link.connection, { checkAPI: false });
    return new JetStreamLog(link, jsm, streamOf);
  }

  private constructor(
    link: NatsLink,
    jsm: JetStreamManager,
    streamOf: (subject: string) => string,
  ) {
    this.link = link;
    this.publisher = new AckedPublisher(link);
    this.js = jetstream(link.connection);
    this.jsm = jsm;
    this.streamOf = streamOf;
  }

  async appendFenced(
    subject: string,
    data: Uint8Array,
    expectedLastSeq: number,
  ): Promise<AppendResult> {
    try {
      const conditions = { lastSubjectSeq: expectedLastSeq };
      const seq = await this.publisher.publish(subject, data, conditions);
      return { kind: "appended", seq };
    } catch (error) {
      if (isFenced(error)) return { kind: "fenced" };
      throw classified(error, `append to ${subject}`);
    }
  }

  async append(subject: string, data: Uint8Array, messageId?: string): Promise<number> {
    try {
      const conditions = messageId === undefined ? {} : { messageId };
      return await this.publisher.publish(subject, data, conditions);
    } catch (error) {
      throw classified(error, `append to ${subject}`);
    }
  }

  async last(subject: string): Promise<LogRecord | null> {
    try {
      const stream = this.streamOf(subject);
      const query = { last_by_subj: subject };
      const message = await this.link.request(() => this.jsm.streams.getMessage(stream, query));
      if (message === null) return null;
      return { seq: message.seq, timeMs: message.time.getTime(), data: message.data };
    } catch (error) {
      if (isNoMessage(error)) return null;
      throw classified(error, `read the last record of ${subject}`);
    }
  }

  read(subject: string, fromSeq: number): LogReader {
    const options = {
      filter_subjects: subject,
      deliver_policy: DeliverPolicy.StartSequence,
    };
    const stream = this.streamOf(subject);
    return new JetStreamReader(
      this.link,
      (startSeq) => this.js.consumers.get(stream, { ...options, opt_start_seq: startSeq }),
      fromSeq,
    );
  }

  async purge(subject: string, beforeSeq: number): Promise<void> {
    try {
      const stream = this.streamOf(subject);
      const what = { filter: subject, seq: beforeSeq };
      await this.link.request(() => this.jsm.streams.purge(stream, what));
    } catch (error) {
      throw classified(error, `purge ${subject}`);
    }
  }
}
