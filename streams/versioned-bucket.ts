/**
 * A KV bucket whose values carry a version that only grows. Every write names the revision it
 * replaces, so a write that arrives late (its answer was lost, and a newer one followed) is
 * refused by the server instead of bringing an old value back.
 */
import { type KV, type KvEntry, Kvm } from "@nats-io/kv";
import { AckedPublisher } from "./acked-publisher.ts";
import { classified, isFenced } from "./jetstream-errors.ts";
import type { NatsLink } from "./nats-link.ts";

export type VersionedBucketOptions = {
  bucket: string;
  /** The version inside a stored value. */
  versionOf(value: unknown): number;
  /** A deleted key never comes back: puts to it are dropped. */
  deletedIsFinal: boolean;
};

/** Writers race rarely, and each lost race brings the newer revision along. */
const racesMax = 20;

export class VersionedBucket {
  readonly kv: KV;
  private readonly link: NatsLink;
  private readonly publisher: AckedPublisher;
  private readonly options: VersionedBucketOptions;
  /** Revision of each key as of our last write; forgotten with the key. */
  private readonly revisions = new Map<string, number>();

  static async open(link: NatsLink, options: VersionedBucketOptions): Promise<VersionedBucket> {
    const kv = await new Kvm(link.connection).open(options.bucket);
    return new VersionedBucket(link, kv, options);
  }

  private constructor(link: NatsLink, kv: KV, options: VersionedBucketOptions) {
    this.link = link;
    this.publisher = new AckedPublisher(link);
    this.kv = kv;
    this.options = options;
  }

  /** Stores the value unless the bucket has a newer one. @throws RetryableError */
  async put(key: string, value: object): Promise<void> {
    const data = JSON.stringify(value);
    const version = this.options.versionOf(value);
    let previousSeq = this.revisions.get(key) ?? 0;
    try {
      for (let race = 0; race < racesMax; race += 1) {
        const written = await this.tryPut(key, data, previousSeq);
        if (written !== null) {
          this.revisions.set(key, written);
          return;
        }
        const entry = await this.link.request(() => this.kv.get(key));
        if (entry !== null && this.supersedes(entry, version)) return;
        previousSeq = entry?.revision ?? 0;
      }
    } catch (error) {
      throw classified(error, `put ${key}`);
    }
    throw classified(new Error("lost every race against other writers"), `put ${key}`);
  }

  /** No-op for a key that is not there. @throws RetryableError */
  async delete(key: string): Promise<void> {
    try {
      await this.link.request(() => this.kv.delete(key));
      this.revisions.delete(key);
    } catch (error) {
      throw classified(error, `delete ${key}`);
    }
  }

  /** @returns the new revision; null when the key has another one than `previousSeq`. */
  private async tryPut(key: string, data: string, previousSeq: number): Promise<number | null> {
    try {
      const subject = `$KV.${this.options.bucket}.${key}`;
      return await this.publisher.publish(subject, data, { lastSubjectSeq: previousSeq });
    } catch (error) {
      if (isFenced(error)) return null;
      throw error;
    }
  }

  private supersedes(entry: KvEntry, version: number): boolean {
    if (entry.operation !== "PUT") return this.options.deletedIsFinal;
    if (this.options.versionOf(entry.json()) < version) return false;
    this.revisions.set(entry.key, entry.revision);
    return true;
  }
}
