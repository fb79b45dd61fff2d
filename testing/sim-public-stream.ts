/** A public stream (INCIDENTS, OUTBOX) of the simulated log, as one program sees it. */
import type { PublicStream } from "../runtime/ports.ts";
import type { SimLink } from "./sim-link.ts";
import { streamOf, type SimLogServer } from "./sim-log.ts";

export class SimPublicStream implements PublicStream {
  private readonly server: SimLogServer;
  private readonly link: SimLink;
  /** Every subject of the stream begins so, e.g. "incidents.". */
  private readonly subjectStart: string;
  private readonly stream: string;
  private heardSeq = 0;

  constructor(server: SimLogServer, link: SimLink, subjectStart: string) {
    this.server = server;
    this.link = link;
    this.subjectStart = subjectStart;
    this.stream = streamOf(subjectStart);
  }

  async publish(subject: string, messageId: string, data: Uint8Array): Promise<number> {
    const copy = data.slice();
    const seq = await this.link.call(this.stream, () =>
      this.server.append(subject, copy, messageId),
    );
    this.heardSeq = Math.max(this.heardSeq, seq);
    return seq;
  }

  async messageIdsAfter(seq: number): Promise<Set<string>> {
    const records = await this.link.call(`${this.stream} reads`, () =>
      this.server.everStored(this.subjectStart).filter((record) => record.seq > seq),
    );
    this.heardSeq = Math.max(this.heardSeq, records.at(-1)?.seq ?? 0);
    return new Set(records.flatMap((record) => record.messageId ?? []));
  }

  knownSeq(): number {
    return this.heardSeq;
  }
}
