/**
 * The memory of one dedup partition: its firing alerts, found by fingerprint and woken by
 * deadline, and the contents of the alerts, those that fire and those that have ended. It keeps
 * these in agreement; what happens to an alert is decided elsewhere (dedup-stage.ts).
 *
 * T1 Each payload in the arena belongs to one firing alert or to one ended content.
 * T2 What is firing has an entry in the wake queue, at its deadline or earlier.
 */
import { nextWakeAtMs } from "../actors/alert/alert.ts";
import type { AlertState } from "../actors/alert/alert.ts";
import { EndedContents } from "./ended-contents.ts";
import { FingerprintMap, fingerprintText } from "./fingerprint-map.ts";
import { PayloadArena } from "./payload-arena.ts";
import type { StoredAlert } from "./stored-alert.ts";
import { WakeQueue } from "./wake-queue.ts";

export class AlertTable {
  readonly payloads = new PayloadArena();
  readonly ended = new EndedContents(this.payloads);
  #alerts = new FingerprintMap<StoredAlert>();
  readonly #wakes = new WakeQueue<StoredAlert>({
    deadlineOf: ({ alert }) => nextWakeAtMs(alert),
    isBefore: isFingerprintBefore,
  });

  /** Firing alerts. */
  get size(): number {
    return this.#alerts.size;
  }

  get(high: number, low: number): StoredAlert | undefined {
    return this.#alerts.get(high, low);
  }

  /** Firing alerts, in no order that means anything. */
  firing(): Iterable<StoredAlert> {
    return this.#alerts.values();
  }

  /** Takes in an alert that begins to fire; its fingerprint must be absent. */
  add(stored: StoredAlert): void {
    this.#alerts.add(stored);
    this.#wakeInTime(stored, null);
  }

  /**
   * Stores an actor's new state, or drops the actor once it has retired and keeps its content.
   * @param scheduledMs a deadline not before its entry in the queue; null: it has no entry.
   */
  keep(stored: StoredAlert, state: AlertState, scheduledMs: number | null, nowMs: number): void {
    if (state.kind === "idle") {
      this.#alerts.delete(stored);
      this.#wakes.remove(stored);
      this.ended.keep(fingerprintText(stored.high, stored.low), stored.payload, nowMs);
      return;
    }
    stored.alert = state;
    this.#wakeInTime(stored, scheduledMs);
  }

  /** Takes the alert with the soonest deadline before `beforeMs` out of the queue, if any. */
  popDue(beforeMs: number): StoredAlert | null {
    return this.#wakes.popDue(beforeMs);
  }

  nextWakeAtMs(): number | null {
    return this.#wakes.nextMs();
  }

  clear(): void {
    this.#alerts = new FingerprintMap<StoredAlert>();
    this.#wakes.clear();
    this.ended.clear();
    this.payloads.clear();
  }

  #wakeInTime(stored: StoredAlert, scheduledMs: number | null): void {
    const wakeAtMs = nextWakeAtMs(stored.alert);
    // A deadline that moved later needs no entry: the queue asks when the old one comes up.
    if (wakeAtMs !== null && (scheduledMs === null || wakeAtMs < scheduledMs)) {
      this.#wakes.schedule(stored, wakeAtMs);
    }
  }
}

/** The order of the fingerprints as text, whose halves are unsigned. */
function isFingerprintBefore(a: StoredAlert, b: StoredAlert): boolean {
  if (a.high !== b.high) return a.high >>> 0 < b.high >>> 0;
  return a.low >>> 0 < b.low >>> 0;
}
