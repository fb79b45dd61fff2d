/**
 * The timers of one incident partition as the KV bucket shows them.
 *
 * The partition's state decides what is due (its own deadlines); the bucket is what stand-bys
 * see, and what triggers the owner: a wake is appended when both say so. If the bucket lost a
 * timer, the state alone triggers after `graceMs`: a page may come late, never not at all.
 */
import type { Timer, Timers } from "./ports.ts";
import { WakeHeap } from "./wake-heap.ts";

const graceMs = 2_000;

export class TimerMirror {
  private readonly timers: Timers;
  private readonly partition: number;
  private readonly known = new Map<string, Timer>();
  private readonly heap = new WakeHeap();
  private watching: { stop(): void } | null = null;

  constructor(timers: Timers, partition: number) {
    this.timers = timers;
    this.partition = partition;
  }

  /** Watches the bucket and brings it in line with the partition's live timers. */
  async start(live: Timer[]): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const watcher = {
        put: (timer: Timer) => this.seen(timer),
        deleted: (id: string) => this.gone(id),
        ready: resolve,
      };
      this.timers.watch(this.partition, watcher).then((watch) => {
        this.watching = watch;
      }, reject);
    });
    const wanted = new Map(live.map((timer) => [timer.id, timer]));
    for (const id of [...this.known.keys()]) {
      if (!wanted.has(id)) await this.timers.delete(this.partition, id);
    }
    for (const timer of live) {
      const stored = this.known.get(timer.id);
      if (stored === undefined || stored.generation !== timer.generation) {
        await this.timers.put(this.partition, timer);
      }
    }
  }

  /** Writes one change through; null deletes. */
  async apply(id: string, timer: Timer | null): Promise<void> {
    if (timer === null) await this.timers.delete(this.partition, id);
    else await this.timers.put(this.partition, timer);
  }

  /** When a wake record is due, given the state's own soonest deadline; null: nothing waits. */
  nextWakeAtMs(stateDeadlineMs: number | null): number | null {
    if (stateDeadlineMs === null) return null;
    const latestMs = stateDeadlineMs + graceMs;
    const mirrored = this.heap.peekMs((id) => this.known.get(id)?.fireAtMs ?? null);
    if (mirrored === null) return latestMs;
    return Math.max(stateDeadlineMs, Math.min(mirrored, latestMs));
  }

  get size(): number {
    return this.known.size;
  }

  stop(): void {
    this.watching?.stop();
  }

  private seen(timer: Timer): void {
    this.known.set(timer.id, timer);
    this.heap.schedule(timer.id, timer.fireAtMs);
  }

  private gone(id: string): void {
    this.known.delete(id);
    this.heap.remove(id);
  }
}
