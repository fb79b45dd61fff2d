/**
 * The timers' KV bucket in memory: the highest generation stays, as in a bucket of history 1,
 * and watchers see each key's changes in order, some time later.
 */
import type { Timer, Timers, TimerWatcher } from "../runtime/ports.ts";
import type { SimLink } from "./sim-link.ts";

type Change = { kind: "put"; timer: Timer } | { kind: "deleted"; id: string };

export class SimTimersServer {
  private readonly partitions = new Map<number, Map<string, Timer>>();
  private readonly watchers = new Map<number, Set<(change: Change) => void>>();

  timers(partition: number): Map<string, Timer> {
    const known = this.partitions.get(partition) ?? new Map<string, Timer>();
    this.partitions.set(partition, known);
    return known;
  }

  put(partition: number, timer: Timer): void {
    const stored = this.timers(partition).get(timer.id);
    if (stored !== undefined && stored.generation >= timer.generation) return;
    this.timers(partition).set(timer.id, timer);
    this.tell(partition, { kind: "put", timer });
  }

  delete(partition: number, id: string): void {
    if (this.timers(partition).delete(id)) this.tell(partition, { kind: "deleted", id });
  }

  watch(partition: number, watcher: (change: Change) => void): () => void {
    const set = this.watchers.get(partition) ?? new Set();
    this.watchers.set(partition, set);
    set.add(watcher);
    return () => set.delete(watcher);
  }

  private tell(partition: number, change: Change): void {
    for (const watcher of [...(this.watchers.get(partition) ?? [])]) watcher(change);
  }
}

export class SimTimers implements Timers {
  private readonly server: SimTimersServer;
  private readonly link: SimLink;

  constructor(server: SimTimersServer, link: SimLink) {
    this.server = server;
    this.link = link;
  }

  put(partition: number, timer: Timer): Promise<void> {
    const copy = { ...timer };
    return this.link.call("timers", () => this.server.put(partition, copy));
  }

  delete(partition: number, id: string): Promise<void> {
    return this.link.call("timers", () => this.server.delete(partition, id));
  }

  watch(partition: number, watcher: TimerWatcher): Promise<{ stop(): void }> {
    return this.link.call("timers", () => {
      const pending: (() => void)[] = [];
      let stopped = false;
      // One queue per watcher: delays differ, the order does not.
      const later = (run: () => void): void => {
        pending.push(run);
        this.link.deliver(() => {
          const first = pending.shift();
          if (!stopped) first?.();
        });
      };
      for (const timer of this.server.timers(partition).values()) {
        const copy = { ...timer };
        later(() => watcher.put(copy));
      }
      later(() => watcher.ready());
      const unwatch = this.server.watch(partition, (change) => {
        if (change.kind === "put") later(() => watcher.put({ ...change.timer }));
        else later(() => watcher.deleted(change.id));
      });
      return {
        stop: () => {
          stopped = true;
          unwatch();
        },
      };
    });
  }
}
