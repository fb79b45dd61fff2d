/**
 * The timers of one incident partition as the KV bucket shows them.
 *
 * The partition's state decides what is due (its own deadlines); the bucket is what stand-bys
 * see, and what triggers the owner: a wake is appended when both say so. If the bucket lost a
 * timer, the state alone triggers after `graceMs`: a page may come late, never not at all.
 *
 * What a former owner wrote may arrive long after it died. Whatever the bucket shows that is not
 * what the relay wrote last is written again, but only by who owns the partition: two that each
 * put the other's timers right would do so for ever.
 */
import type { Timer, Timers } from "./ports.ts";
import { WakeHeap } from "./wake-heap.ts";

const graceMs = 2_000;
/** Looks for wakes, 50 ms apart, that a timer may be shown otherwise than it was written. */
const looksMax = 40;

export class TimerMirror {
  private readonly timers: Timers;
  private readonly partition: number;
  private readonly known = new Map<string, Timer>();
  private readonly heap = new WakeHeap();
  private watching: { stop(): void } | null = null;
  /** As the relay wrote them last. */
  private readonly wanted = new Map<string, Timer>();
  /** Timers that the bucket shows otherwise, by the look for wakes since which it does. */
  private readonly strange = new Map<string, number>();
  private looks = 0;
  private isOwner: () => Promise<boolean> = async () => false;
  private correcting = false;

  constructor(timers: Timers, partition: number) {
    this.timers = timers;
    this.partition = partition;
  }

  /**
   * Watches the bucket and brings it in line with the partition's live timers.
   * @param isOwner whether the partition is still this owner's; asked before anything is put right.
   */
  async start(live: Timer[], isOwner: () => Promise<boolean>): Promise<void> {
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
      this.wanted.set(timer.id, timer);
      const stored = this.known.get(timer.id);
      if (stored === undefined || stored.generation !== timer.generation) {
        await this.timers.put(this.partition, timer);
      }
    }
    this.isOwner = isOwner;
  }

  /** Writes one change through; null deletes. */
  async apply(id: string, timer: Timer | null): Promise<void> {
    if (timer === null) this.wanted.delete(id);
    else this.wanted.set(id, timer);
    if (timer === null) await this.timers.delete(this.partition, id);
    else await this.timers.put(this.partition, timer);
  }

  /** When a wake record is due, given the state's own soonest deadline; null: nothing waits. */
  nextWakeAtMs(stateDeadlineMs: number | null): number | null {
    this.looks += 1;
    if (this.strange.size > 0 && !this.correcting) this.correctOld();
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
    this.compare(timer.id);
  }

  private gone(id: string): void {
    this.known.delete(id);
    this.heap.remove(id);
    this.compare(id);
  }

  private compare(id: string): void {
    if (this.isAsWanted(id)) this.strange.delete(id);
    else if (!this.strange.has(id)) this.strange.set(id, this.looks);
  }

  private isAsWanted(id: string): boolean {
    return this.known.get(id)?.generation === this.wanted.get(id)?.generation;
  }

  /** What was written a moment ago is shown a moment later: only what persists is wrong. */
  private correctOld(): void {
    const old: string[] = [];
    for (const [id, since] of this.strange) if (this.looks - since >= looksMax) old.push(id);
    if (old.length === 0) return;
    this.correcting = true;
    // What cannot be written now is still strange, and tried again at a later look.
    const done = (): void => void (this.correcting = false);
    this.correct(old).then(done, done);
  }

  private async correct(ids: readonly string[]): Promise<void> {
    if (!(await this.isOwner())) return;
    for (const id of ids) {
      const timer = this.wanted.get(id);
      if (this.isAsWanted(id)) this.strange.delete(id);
      else if (timer === undefined) await this.timers.delete(this.partition, id);
      else await this.timers.put(this.partition, timer);
    }
  }
}
