/**
 * One simulated program's line to the simulated servers: where calls are delayed, lost, answered
 * or too late, and where a program dies. Every port of the simulated world
 * calls through a link, so that every await on the outside is a place to crash (design, 8).
 *
 * L1 A dead program gets no answer ever again: its promises stay pending, so its code stops
 *    exactly where it awaited. What it had sent may still arrive.
 * L2 Calls of one link to one server arrive in order, as over one connection, except those that
 *    the link reported as failed: they may arrive later than calls made after them.
 * L3 A call that fails with RetryableError may have had, may yet have, or may never have effect.
 */
import { RetryableError } from "../runtime/errors.ts";
import type { SimScheduler } from "./sim-clock.ts";
import type { Random } from "./random.ts";

/** Probabilities per call, and bounds of delays in ms of virtual time. */
export type Faults = {
  crash: number;
  lostRequest: number;
  lostResponse: number;
  lateEffect: number;
  /** A call or a delivery that takes long but succeeds. */
  stall: number;
  delayMaxMs: number;
  stallMaxMs: number;
  timeoutMs: number;
};

export const noFaults: Faults = {
  crash: 0,
  lostRequest: 0,
  lostResponse: 0,
  lateEffect: 0,
  stall: 0,
  delayMaxMs: 2,
  stallMaxMs: 0,
  timeoutMs: 1_000,
};

export type Outcome = "ok" | "lost request" | "lost response" | "late effect";

export class SimLink {
  readonly name: string;
  readonly scheduler: SimScheduler;
  private readonly random: Random;
  /** Shared with the world, which turns faults off to heal. */
  private readonly faults: { current: Faults };
  private dead = false;
  private readonly arrivals = new Map<string, number>();
  private readonly onCrash: ((where: string) => void) | null;

  constructor(
    name: string,
    scheduler: SimScheduler,
    random: Random,
    faults: { current: Faults },
    /** Null: this program meets every fault but its own death. */
    onCrash: ((where: string) => void) | null = null,
  ) {
    this.name = name;
    this.scheduler = scheduler;
    this.random = random;
    this.faults = faults;
    this.onCrash = onCrash;
  }

  isDead(): boolean {
    return this.dead;
  }

  /** kill -9: nothing that awaits this link goes on. */
  crash(where = "killed"): void {
    if (this.dead) return;
    this.dead = true;
    this.onCrash?.(where);
  }

  /** `effect` runs at the server, at most once, when the call arrives there. */
  call<T>(server: string, effect: () => T): Promise<T> {
    if (this.dead) return never();
    if (this.diesNow()) {
      this.crash(`before ${server}`);
      return never();
    }
    const outcome = this.outcome();
    const sent = this.latency();
    const back = this.latency();
    return new Promise<T>((resolve, reject) => {
      const fail = (): void => {
        if (this.dead) return;
        reject(new RetryableError(`${server}: no answer to ${this.name} (${outcome})`));
      };
      if (outcome === "lost request") {
        this.scheduler.schedule(this.faults.current.timeoutMs, fail);
        return;
      }
      if (outcome === "late effect") {
        const { timeoutMs, stallMaxMs } = this.faults.current;
        this.scheduler.schedule(timeoutMs, fail);
        const lateMs = timeoutMs + this.random.between(0, stallMaxMs);
        this.scheduler.schedule(lateMs, () => this.land(effect));
        return;
      }
      this.scheduler.schedule(this.inOrder(server, sent), () => {
        if (this.dead && this.random.chance(0.5)) return;
        const landed = this.land(effect);
        const late = outcome === "lost response";
        this.scheduler.schedule(late ? this.faults.current.timeoutMs : back, () => {
          if (late) return fail();
          this.answer(server, landed, resolve, reject);
        });
      });
    });
  }

  /** Something that a server sends by itself: delayed, unless the program is dead by then. */
  deliver(run: () => void): void {
    this.scheduler.schedule(this.latency(), () => {
      if (!this.dead) run();
    });
  }

  /** How many of `available` a reader gets at once. */
  portion(available: number): number {
    return this.random.between(1, available);
  }

  private answer<T>(
    server: string,
    landed: { value: T } | { error: unknown },
    resolve: (value: T) => void,
    reject: (error: unknown) => void,
  ): void {
    if (this.dead) return;
    if (this.diesNow()) return this.crash(`after ${server}`);
    if ("error" in landed) reject(landed.error);
    else resolve(landed.value);
  }

  private diesNow(): boolean {
    return this.onCrash !== null && this.random.chance(this.faults.current.crash);
  }

  private land<T>(effect: () => T): { value: T } | { error: unknown } {
    try {
      return { value: effect() };
    } catch (error) {
      return { error };
    }
  }

  private outcome(): Outcome {
    const { lostRequest, lostResponse, lateEffect } = this.faults.current;
    let dice = this.random.next();
    if ((dice -= lostRequest) < 0) return "lost request";
    if ((dice -= lostResponse) < 0) return "lost response";
    if ((dice -= lateEffect) < 0) return "late effect";
    return "ok";
  }

  private latency(): number {
    const { stall, stallMaxMs, delayMaxMs } = this.faults.current;
    if (this.random.chance(stall)) return this.random.between(delayMaxMs, stallMaxMs);
    return this.random.next() * delayMaxMs;
  }

  private inOrder(server: string, delayMs: number): number {
    const nowMs = this.scheduler.nowMs();
    const arriveMs = Math.max(this.arrivals.get(server) ?? 0, nowMs + delayMs);
    this.arrivals.set(server, arriveMs);
    return arriveMs - nowMs;
  }
}

/** The promise of a dead program. */
export function never<T>(): Promise<T> {
  return new Promise<T>(() => {});
}
