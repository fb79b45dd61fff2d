/**
 * Keeps a ring of API keys up to date with the bucket, in every thread that checks keys. While NATS
 * is away the ring stays as it is: nobody can create or revoke a key then, either.
 */
import { type KV, type KvWatchEntry, Kvm } from "@nats-io/kv";
import type { QueuedIterator } from "@nats-io/nats-core";
import { readStoredKey } from "../runtime/api-keys.ts";
import type { KeyRing } from "../runtime/key-ring.ts";
import type { Logger } from "../runtime/ports.ts";
import type { NatsLink } from "./nats-link.ts";
import { bucketNames } from "./subjects.ts";

const rewatchDelayMs = 500;

export class KeyWatch {
  readonly kv: KV;
  private readonly ring: KeyRing;
  private readonly log: Logger;
  private entries: QueuedIterator<KvWatchEntry> | null = null;
  private stopped = false;

  /** Resolves when the ring holds every key that the bucket had. */
  static async open(link: NatsLink, ring: KeyRing, log: Logger): Promise<KeyWatch> {
    const kv = await new Kvm(link.connection).open(bucketNames.keys);
    const watch = new KeyWatch(kv, ring, log);
    await watch.begin();
    return watch;
  }

  private constructor(kv: KV, ring: KeyRing, log: Logger) {
    this.kv = kv;
    this.ring = ring;
    this.log = log;
  }

  stop(): void {
    this.stopped = true;
    this.entries?.stop();
  }

  /** The first round: what is there already, then whatever comes. */
  private async begin(): Promise<void> {
    const { values } = await this.kv.status();
    await new Promise<void>((ready) => {
      void this.follow(ready);
      if (values === 0) ready();
    });
  }

  private async follow(ready: () => void): Promise<void> {
    while (!this.stopped) {
      try {
        const entries = await this.kv.watch();
        this.entries = entries;
        if (this.stopped) return;
        for await (const entry of entries) {
          this.apply(entry);
          // The client marks the last of the initial entries as an update already.
          if (entry.isUpdate) ready();
        }
      } catch (error) {
        this.log.warn({ err: error }, "the watch of the API keys broke; watching again");
      }
      if (this.stopped) return;
      await new Promise((resolve) => setTimeout(resolve, rewatchDelayMs));
    }
  }

  private apply(entry: KvWatchEntry): void {
    const { key: id, revision } = entry;
    if (entry.operation !== "PUT") return this.ring.delete(id, revision);
    const key = storedKey(entry);
    if (key === null || key.id !== id) {
      this.ring.delete(id, revision);
      this.log.error({ key: id }, "an API key in the bucket is not understood; it does not work");
    } else if (!this.ring.put(key, revision)) {
      this.log.error({ key: id }, "there are too many API keys; this one does not work");
    }
  }
}

function storedKey(entry: KvWatchEntry): ReturnType<typeof readStoredKey> {
  try {
    return readStoredKey(entry.json());
  } catch {
    return null;
  }
}
