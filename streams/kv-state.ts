/** Current state of each incident in a KV bucket, key `incident.<id>`, JSON for any reader. */
import type { StateStore } from "../runtime/ports.ts";
import type { NatsLink } from "./nats-link.ts";
import { bucketNames } from "./subjects.ts";
import { VersionedBucket } from "./versioned-bucket.ts";

const keyOf = (id: string): string => `incident.${id}`;

export class KvStateStore implements StateStore {
  private readonly bucket: VersionedBucket;

  static async open(link: NatsLink): Promise<KvStateStore> {
    const bucket = await VersionedBucket.open(link, {
      bucket: bucketNames.incidents,
      versionOf: (value) => (value as { version: number }).version,
      deletedIsFinal: true,
    });
    return new KvStateStore(bucket);
  }

  private constructor(bucket: VersionedBucket) {
    this.bucket = bucket;
  }

  async get(id: string): Promise<{ version: number } | null> {
    const entry = await this.bucket.kv.get(keyOf(id));
    return entry?.operation === "PUT" ? entry.json<{ version: number }>() : null;
  }

  put(id: string, view: { version: number }): Promise<void> {
    return this.bucket.put(keyOf(id), view);
  }

  delete(id: string): Promise<void> {
    return this.bucket.delete(keyOf(id));
  }
}
