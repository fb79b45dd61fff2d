/**
 * The Snapshots port over a JetStream object store: chunked, replaced as a whole.
 *
 * Chunks are written and read here in the store's own format (ADR-20 of NATS), with the processor's
 * SHA-256: the client computes it in JavaScript, which took a sixth of a shard's time in a storm,
 * and seconds of a start with a million alerts. Everything else is the client's.
 */
import { type Hash, createHash } from "node:crypto";
import {
  type JetStreamClient,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
} from "@nats-io/jetstream";
import { nuid } from "@nats-io/nats-core";
import { type ObjectInfo, type ObjectStore, Objm } from "@nats-io/obj";
import { RetryableError } from "../runtime/errors.ts";
import type { Snapshots } from "../runtime/ports.ts";
import { AckedPublisher } from "./acked-publisher.ts";
import { classified } from "./jetstream-errors.ts";
import type { NatsLink } from "./nats-link.ts";
import { bucketNames } from "./subjects.ts";

const chunkBytes = 512 * 1024;
const chunksInFlightMax = 4;
/** Many partitions read over one connection, and the server drops a client that holds 64 MB. */
const chunksAheadMax = 4;
/** Chunks that do not come for this long are missing, or the server is. */
const silentMaxMs = 10_000;
const objectStream = `OBJ_${bucketNames.snapshots}`;

export class ObjectSnapshots implements Snapshots {
  private readonly link: NatsLink;
  private readonly store: ObjectStore;
  private readonly jsm: JetStreamManager;
  private readonly js: JetStreamClient;
  private readonly publisher: AckedPublisher;

  static async open(link: NatsLink): Promise<ObjectSnapshots> {
    const store = await new Objm(link.connection).open(bucketNames.snapshots);
    const jsm = await jetstreamManager(link.connection, { checkAPI: false });
    return new ObjectSnapshots(link, store, jsm);
  }

  private constructor(link: NatsLink, store: ObjectStore, jsm: JetStreamManager) {
    this.link = link;
    this.store = store;
    this.jsm = jsm;
    this.js = jetstream(link.connection);
    this.publisher = new AckedPublisher(link);
  }

  async save(name: string, data: Uint8Array): Promise<void> {
    const id = nuid.next();
    try {
      const former = await this.link.request(() => this.store.info(name));
      const hash = createHash("sha256");
      await this.publishChunks(id, data, hash);
      const meta = JSON.stringify(objectInfo(name, id, data.length, hash.digest("base64")));
      await this.publisher.publish(metaSubject(name), meta, { replacesSubject: true });
      if (former !== null) await this.purgeChunks(former.nuid);
    } catch (error) {
      // Chunks that nothing refers to; if this fails as well, they cost disk and nothing else.
      await this.purgeChunks(id).catch(() => {});
      throw classified(error, `save snapshot ${name}`);
    }
  }

  /** In order, a few at a time: whoever reads takes them as the stream has them. */
  private async publishChunks(id: string, data: Uint8Array, hash: Hash): Promise<void> {
    const underWay: Promise<number>[] = [];
    for (let start = 0; start < data.length; start += chunkBytes) {
      const chunk = data.subarray(start, start + chunkBytes);
      // Chunk by chunk: hashing all of it at once would hold up the thread.
      hash.update(chunk);
      const stored = this.publisher.publish(chunkSubject(id), chunk);
      // A failure is met where the chunk is awaited, in its turn.
      stored.catch(() => {});
      underWay.push(stored);
      if (underWay.length >= chunksInFlightMax) await underWay.shift();
    }
    await Promise.all(underWay);
  }

  private async purgeChunks(id: string): Promise<void> {
    const filter = chunkSubject(id);
    await this.link.request(() => this.jsm.streams.purge(objectStream, { filter }));
  }

  async load(name: string): Promise<Uint8Array | null> {
    try {
      const info = await this.link.request(() => this.store.info(name));
      if (info === null || info.deleted) return null;
      const data = Buffer.allocUnsafe(info.size);
      const sha256 = await this.link.request(() => this.readChunks(info, data));
      if (info.digest !== digestOf(sha256)) throw new Error("its SHA-256 is not what was saved");
      return data;
    } catch (error) {
      throw classified(error, `load snapshot ${name}`);
    }
  }

  /** Fills `data`. @returns the SHA-256 of what was read, in base64. */
  private async readChunks(info: ObjectInfo, data: Buffer): Promise<string> {
    const hash = createHash("sha256");
    if (data.length === 0) return hash.digest("base64");
    const filter = chunkSubject(info.nuid);
    const consumer = await this.js.consumers.get(objectStream, { filter_subjects: filter });
    const messages = await consumer.consume({ max_messages: chunksAheadMax });
    const silence = setTimeout(() => messages.stop(), silentMaxMs);
    let at = 0;
    for await (const message of messages) {
      silence.refresh();
      hash.update(message.data);
      data.set(message.data, at);
      at += message.data.length;
      if (at >= data.length) break;
    }
    clearTimeout(silence);
    messages.stop();
    if (at < data.length) throw new RetryableError(`only ${at} of ${data.length} bytes came`);
    return hash.digest("base64");
  }

  async delete(name: string): Promise<void> {
    try {
      if ((await this.link.request(() => this.store.info(name))) === null) return;
      await this.link.request(() => this.store.delete(name));
    } catch (error) {
      throw classified(error, `delete snapshot ${name}`);
    }
  }
}

const chunkSubject = (id: string): string => `$O.${bucketNames.snapshots}.C.${id}`;
const metaSubject = (name: string): string =>
  `$O.${bucketNames.snapshots}.M.${urlSafe(Buffer.from(name).toString("base64"))}`;

const digestOf = (sha256: string): string => `SHA-256=${urlSafe(sha256)}`;

/** Base64 for URLs, padding included. */
function urlSafe(base64: string): string {
  return base64.replaceAll("+", "-").replaceAll("/", "_");
}

function objectInfo(name: string, id: string, size: number, sha256: string): object {
  return {
    name,
    options: { max_chunk_size: chunkBytes },
    bucket: bucketNames.snapshots,
    nuid: id,
    size,
    chunks: Math.ceil(size / chunkBytes),
    mtime: new Date().toISOString(),
    digest: digestOf(sha256),
    deleted: false,
  };
}
