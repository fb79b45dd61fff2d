/**
 * The Timers port over a KV bucket: key `t.<partition>.<id>`, value {generation, fireAtMs}.
 * Deletes are plain deletes: a purge with a marker's time to live was seen to bring values back
 * after a kill -9 of the server.
 */
import { type JetStreamManager, jetstreamManager } from "@nats-io/jetstream";
import type { KvWatchEntry } from "@nats-io/kv";
import type { QueuedIterator } from "@nats-io/nats-core";
import type { Timer, TimerWatcher, Timers } from "../runtime/ports.ts";
import { isNoMessage } from "./jetstream-errors.ts";
import type { NatsLink } from "./nats-link.ts";
import { bucketNames } from "./subjects.ts";
import { VersionedBucket } from "./versioned-bucket.ts";

const rewatchDelayMs = 500;

export class KvTimers implements Timers {
  private readonly bucket: VersionedBucket;
  private readonly jsm: JetStreamManager;

  static async open(link: NatsLink): Promise<KvTimers> {
    const bucket = await VersionedBucket.open(link, {
      bucket: bucketNames.timers,
      versionOf: (value) => (value as { generation: number }).generation,
      deletedIsFinal: false,
    });
    const jsm = await jetstreamManager(link.connection, { checkAPI: false });
    return new KvTimers(bucket, jsm);
  }

  private constructor(bucket: VersionedBucket, jsm: JetStreamManager) {
    this.bucket = bucket;
    this.jsm = jsm;
  }

  put(partition: number, timer: Timer): Promise<void> {
    const { id, generation, fireAtMs } = timer;
    const fireAt = new Date(fireAtMs).toISOString();
    return this.bucket.put(`t.${partition}.${id}`, { generation, fireAtMs, fireAt });
  }

  delete(partition: number, id: string): Promise<void> {
    return this.bucket.delete(`t.${partition}.${id}`);
  }

  async watch(partition: number, watcher: TimerWatcher): Promise<{ stop(): void }> {
    let stopped = false;
    let ready = false;
    let entries: QueuedIterator<KvWatchEntry> | null = null;
    const key = `t.${partition}.>`;
    const markReady = (): void => {
      if (!ready) watcher.ready();
      ready = true;
    };
    const follow = async (): Promise<void> => {
      while (!stopped) {
        try {
          const isEmpty = await this.isEmpty(key);
          entries = await this.bucket.kv.watch({ key });
          if (isEmpty) markReady();
          for await (const entry of entries) {
            if (stopped) return;
            deliver(partition, entry, watcher);
            // The client marks the last of the initial entries as an update already.
            if (entry.isUpdate) markReady();
          }
        } catch {
          // The server is away: watch again, every present value is delivered anew.
        }
        if (!stopped) await new Promise((resolve) => setTimeout(resolve, rewatchDelayMs));
      }
    };
    void follow();
    return {
      stop() {
        stopped = true;
        entries?.stop();
      },
    };
  }

  /** True when no key matches, not even a deleted one: then the watch begins with silence. */
  private async isEmpty(key: string): Promise<boolean> {
    const query = { seq: 1, next_by_subj: `$KV.${bucketNames.timers}.${key}` };
    try {
      return (await this.jsm.streams.getMessage(`KV_${bucketNames.timers}`, query)) === null;
    } catch (error) {
      if (isNoMessage(error)) return true;
      throw error;
    }
  }
}

function deliver(partition: number, entry: KvWatchEntry, watcher: TimerWatcher): void {
  const id = entry.key.slice(`t.${partition}.`.length);
  if (entry.operation !== "PUT") {
    watcher.deleted(id);
    return;
  }
  const { generation, fireAtMs } = entry.json<{ generation: number; fireAtMs: number }>();
  watcher.put({ id, generation, fireAtMs });
}
