/**
 * The Timers port over a KV bucket: key `t.<partition>.<id>`, value {generation, fireAtMs}.
 * Deletes are plain deletes: a purge with a marker's time to live was seen to bring values back
 * after a kill -9 of the server.
 */
import { type KV, type KvWatchEntry, Kvm } from "@nats-io/kv";
import type { QueuedIterator } from "@nats-io/nats-core";
import type { Timer, TimerWatcher, Timers } from "../runtime/ports.ts";
import { classified } from "./jetstream-errors.ts";
import type { NatsLink } from "./nats-link.ts";
import { bucketNames } from "./subjects.ts";

const rewatchDelayMs = 500;

export class KvTimers implements Timers {
  private readonly link: NatsLink;
  private readonly kv: KV;

  static async open(link: NatsLink): Promise<KvTimers> {
    return new KvTimers(link, await new Kvm(link.connection).open(bucketNames.timers));
  }

  private constructor(link: NatsLink, kv: KV) {
    this.link = link;
    this.kv = kv;
  }

  async put(partition: number, timer: Timer): Promise<void> {
    const { id, generation, fireAtMs } = timer;
    const value = { generation, fireAtMs, fireAt: new Date(fireAtMs).toISOString() };
    try {
      await this.link.request(() => this.kv.put(`t.${partition}.${id}`, JSON.stringify(value)));
    } catch (error) {
      throw classified(error, `put timer ${id}`);
    }
  }

  async delete(partition: number, id: string): Promise<void> {
    try {
      await this.link.request(() => this.kv.delete(`t.${partition}.${id}`));
    } catch (error) {
      throw classified(error, `delete timer ${id}`);
    }
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
          const present = await this.presentKeys(key);
          entries = await this.kv.watch({ key });
          if (present === 0) markReady();
          let seen = 0;
          for await (const entry of entries) {
            if (stopped) return;
            deliver(partition, entry, watcher);
            if (!entry.isUpdate) seen += 1;
            if (entry.delta === 0 || seen >= present) markReady();
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

  private async presentKeys(filter: string): Promise<number> {
    const keys = await this.kv.keys(filter);
    let count = 0;
    for await (const _ of keys) count += 1;
    return count;
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
