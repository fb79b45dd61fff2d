/**
 * Keeps time for heartbeats. It owns all of them, in memory and in their store, and the alert that
 * a missed one is.
 *
 * H1 A ping, and everything else that is answered, is durable before it is answered.
 * H2 The alert is durable before the heartbeat is marked as missed: after a crash in between it is
 *    sent again, which is a repeat. It is sent once otherwise, and ended by the next ping.
 * H3 What happens to one heartbeat happens in order, one thing after the other.
 * H4 After a start nobody counts as missed before `startGraceMs`: while the program was away,
 *    nobody could ping.
 */
import { RetryableError } from "../../runtime/errors.ts";
import { type Heartbeat, heartbeatKey, intervalMs, missedAtMs } from "../../runtime/heartbeat.ts";
import type { Clock, HeartbeatStore, Logger } from "../../runtime/ports.ts";
import type { AlertIntake, IntakeResult } from "../../runtime/services.ts";
import { heartbeatAlert, heartbeatEnding } from "./heartbeat-alert.ts";
import type { SentAlert } from "./sender.ts";

export const heartbeatsMax = 10_000;
const startGraceMs = 60_000;
const retryMs = 1_000;
/** The longest sleep; it wakes up earlier for what is due earlier. */
const sleepMsMax = 3_600_000;

type Name = Pick<Heartbeat, "tenant" | "name">;
export type KeeperOptions = {
  store: HeartbeatStore;
  intake: AlertIntake;
  clock: Clock;
  log: Logger;
};
/** The heartbeat as it is now; null: there is none; or why its alert could not be sent. */
export type HeartbeatOutcome =
  | { kind: "done"; heartbeat: Heartbeat | null }
  | { kind: "refused"; result: IntakeResult };

export class HeartbeatKeeper {
  private readonly options: KeeperOptions;
  private readonly beats = new Map<string, Heartbeat>();
  /** The last thing that happens to a heartbeat, while it happens. */
  private readonly queues = new Map<string, Promise<unknown>>();
  private readonly end = new AbortController();
  private readonly graceUntilMs: number;
  private loaded = false;
  private running: Promise<void> | null = null;
  private sleep = { untilMs: 0, waker: new AbortController() };

  constructor(options: KeeperOptions) {
    this.options = options;
    this.graceUntilMs = options.clock.nowMs() + startGraceMs;
  }

  /** Reads what is stored, and keeps time from then on; until then everything is a 503. */
  start(): void {
    this.running ??= this.run();
  }

  async stop(): Promise<void> {
    this.end.abort();
    this.sleep.waker.abort();
    await this.running;
    await Promise.allSettled(this.queues.values());
  }

  /** In the order of their names. @throws RetryableError before they are read. */
  list(tenant: string | null): Heartbeat[] {
    this.assertLoaded();
    return [...this.beats.values()]
      .filter((heartbeat) => tenant === null || heartbeat.tenant === tenant)
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  get(name: Name): Heartbeat | null {
    this.assertLoaded();
    return this.beats.get(heartbeatKey(name)) ?? null;
  }

  /**
   * Puts what `change` returns in the heartbeat's place; null deletes it. An alert that fires ends
   * when the result is not missed any more. @throws RetryableError
   */
  change(
    name: Name,
    change: (now: Heartbeat | null) => Heartbeat | null,
  ): Promise<HeartbeatOutcome> {
    this.assertLoaded();
    return this.inTurn(name, async () => {
      const before = this.beats.get(heartbeatKey(name)) ?? null;
      const after = change(before);
      if (before !== null && before.missedAtMs !== null && (after?.missedAtMs ?? null) === null) {
        const ended = await this.submit(heartbeatEnding(before, this.options.clock.nowMs()));
        if (ended.kind !== "accepted") return { kind: "refused", result: ended };
      }
      if (after !== null) await this.keep(after);
      else if (before !== null) await this.drop(before);
      return { kind: "done", heartbeat: after };
    });
  }

  ping(name: Name): Promise<HeartbeatOutcome> {
    return this.change(name, (now) => {
      if (now === null || !now.enabled) return now;
      return { ...now, lastPingAtMs: this.options.clock.nowMs(), missedAtMs: null };
    });
  }

  private async run(): Promise<void> {
    const { signal } = this.end;
    while (!signal.aborted) {
      try {
        if (!this.loaded) await this.load();
        const next = this.nextMissed();
        const nowMs = this.options.clock.nowMs();
        if (next === null || next.atMs > nowMs) {
          await this.rest(Math.min(next?.atMs ?? Infinity, nowMs + sleepMsMax));
        } else {
          await this.inTurn(next.heartbeat, () => this.miss(next.heartbeat));
        }
      } catch (error) {
        this.options.log.warn({ err: error }, "heartbeats have to wait");
        const wishMs = error instanceof RetryableError ? error.retryAfterMs : null;
        await this.options.clock.sleep(wishMs ?? retryMs, signal);
      }
    }
  }

  private async load(): Promise<void> {
    for (const heartbeat of await this.options.store.all()) {
      this.beats.set(heartbeatKey(heartbeat), heartbeat);
    }
    this.loaded = true;
  }

  private assertLoaded(): void {
    if (!this.loaded) throw new RetryableError("the heartbeats are not read yet");
  }

  private nextMissed(): { heartbeat: Heartbeat; atMs: number } | null {
    let next: { heartbeat: Heartbeat; atMs: number } | null = null;
    for (const heartbeat of this.beats.values()) {
      const atMs = this.dueMs(heartbeat);
      if (atMs !== null && (next === null || atMs < next.atMs)) next = { heartbeat, atMs };
    }
    return next;
  }

  private dueMs(heartbeat: Heartbeat): number | null {
    const graceMs = Math.max(0, startGraceMs - intervalMs(heartbeat));
    return missedAtMs(heartbeat, this.graceUntilMs - graceMs);
  }

  private async rest(untilMs: number): Promise<void> {
    const waker = new AbortController();
    this.sleep = { untilMs, waker };
    if (this.end.signal.aborted) return;
    await this.options.clock.sleep(untilMs - this.options.clock.nowMs(), waker.signal);
  }

  private async miss(seen: Heartbeat): Promise<void> {
    const heartbeat = this.beats.get(heartbeatKey(seen));
    const atMs = heartbeat === undefined ? null : this.dueMs(heartbeat);
    const nowMs = this.options.clock.nowMs();
    // It was pinged while this waited for its turn.
    if (heartbeat === undefined || atMs === null || atMs > nowMs) return;
    const result = await this.submit(heartbeatAlert(heartbeat, atMs, nowMs));
    if (result.kind === "overloaded") {
      const retryAfterMs = result.retryAfterSeconds * 1000;
      throw new RetryableError(`a missed heartbeat: ${result.reason}`, { retryAfterMs });
    }
    if (result.kind === "malformed" || result.rejected.length > 0) {
      // An alert of ours that the intake refuses is a defect; repeating it would not help.
      this.options.log.error({ heartbeat: heartbeat.name, result }, "a heartbeat's alert failed");
    }
    await this.keep({ ...heartbeat, missedAtMs: atMs });
  }

  private submit(alert: SentAlert): Promise<IntakeResult> {
    return this.options.intake.submit(Buffer.from(JSON.stringify(alert)), "heartbeat");
  }

  private async keep(heartbeat: Heartbeat): Promise<void> {
    await this.options.store.put(heartbeat);
    this.beats.set(heartbeatKey(heartbeat), heartbeat);
    const dueMs = this.dueMs(heartbeat);
    if (dueMs !== null && dueMs < this.sleep.untilMs) this.sleep.waker.abort();
  }

  private async drop(heartbeat: Heartbeat): Promise<void> {
    await this.options.store.delete(heartbeat);
    this.beats.delete(heartbeatKey(heartbeat));
  }

  private async inTurn<T>(name: Name, work: () => Promise<T>): Promise<T> {
    const key = heartbeatKey(name);
    const before = this.queues.get(key) ?? Promise.resolve();
    const mine = before.catch(() => undefined).then(work);
    this.queues.set(key, mine);
    try {
      return await mine;
    } finally {
      if (this.queues.get(key) === mine) this.queues.delete(key);
    }
  }
}
