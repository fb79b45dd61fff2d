/**
 * The memory of one dedup partition: its firing alerts, found by fingerprint and woken by
 * deadline, and the contents of the alerts, those that fire and those that have ended. It keeps
 * these in agreement; what happens to an alert is decided elsewhere (dedup-stage.ts).
 *
 * T1 Each payload belongs to one firing alert or to one ended content.
 * T2 What is firing has an entry in the wake queue, at its deadline or earlier.
 */
import { randomInt } from "node:crypto";
import { nextWakeAtMs } from "../actors/alert/alert.ts";
import type { AlertState, FiringAlert } from "../actors/alert/alert.ts";
import { absent, FingerprintIndex } from "../actors/alert/fingerprint-index.ts";
import { AlertRows, type RowsSnapshot, blankState } from "./alert-rows.ts";
import { type EndedContent, EndedContents } from "./ended-contents.ts";
import { fingerprintText } from "./fingerprint-text.ts";
import { PayloadStore, type PayloadsSnapshot } from "./payload-store.ts";
import { WakeQueue } from "./wake-queue.ts";

/** The memory as it lies there; indexes and queues are made anew from it. */
export type TableSnapshot = {
  rows: RowsSnapshot;
  payloads: PayloadsSnapshot;
  /** Oldest first. */
  ended: EndedContent[];
};

export class AlertTable {
  readonly payloads = new PayloadStore();
  readonly ended = new EndedContents(this.payloads);
  readonly rows = new AlertRows();
  readonly #index = new FingerprintIndex(this.rows, randomInt(2 ** 32));
  readonly #wakes = new WakeQueue({
    deadlineOf: (row) => this.#deadlineOf(row),
    isBefore: (a, b) => this.#isBefore(a, b),
    placeOf: (row) => this.rows.place(row),
    setPlace: (row, place) => this.rows.setPlace(row, place),
  });
  /** What the queue asks about; never the state that a caller works on. */
  readonly #asked = blankState();

  /** Firing alerts. */
  get size(): number {
    return this.rows.size;
  }

  /**
   * Looks up what is to be asked for next, so that the rows are in the processor's caches by then:
   * `pairs` has the halves of `count` fingerprints, and `rows` gets the row of each, or `absent`,
   * as far as the index knows without asking the row. One after another each look-up would wait
   * for memory; no turn of these short loops depends on the one before, so that they wait together.
   * @returns nothing of meaning: it keeps the reads from being optimised away.
   */
  foresee(pairs: Int32Array, count: number, rows: Int32Array): number {
    const read = this.#index.touch(pairs, count);
    for (let at = 0; at < count; at += 1) {
      const [high, low] = [pairs[at * 2] as number, pairs[at * 2 + 1] as number];
      rows[at] = this.#index.candidate(high, low);
    }
    return read ^ this.rows.touch(rows, count);
  }

  /**
   * @param row what `foresee` said of the fingerprint: whatever happened since, the answer holds.
   * @returns the row of the firing alert, or `absent`.
   */
  find(high: number, low: number, row: number): number {
    return row !== absent && this.rows.shows(row, high, low) ? row : this.#index.find(high, low);
  }

  /** Takes in an alert that begins to fire; its fingerprint must be absent. */
  add(high: number, low: number, domain: string, payload: number, state: FiringAlert): void {
    const row = this.rows.add(high, low, domain, payload, state);
    this.#index.add(row);
    this.#wakeInTime(row, state, null);
  }

  /**
   * Stores an actor's new state, or drops the actor once it has retired and keeps its content.
   * @param scheduledMs a deadline not before its entry in the queue; null: it has no entry.
   */
  keep(row: number, state: AlertState, scheduledMs: number | null, nowMs: number): void {
    if (state.kind === "firing") {
      this.rows.store(row, state);
      this.#wakeInTime(row, state, scheduledMs);
      return;
    }
    const { rows } = this;
    this.#wakes.remove(row);
    this.#index.delete(row);
    this.ended.keep(fingerprintText(rows.high(row), rows.low(row)), rows.payload(row), nowMs);
    rows.free(row);
  }

  /** Takes the alert with the soonest deadline before `beforeMs` out of the queue, if any. */
  popDue(beforeMs: number): number | null {
    return this.#wakes.popDue(beforeMs);
  }

  nextWakeAtMs(): number | null {
    return this.#wakes.nextMs();
  }

  /** Views, not copies: encode them before anything else happens. */
  snapshot(): TableSnapshot {
    return {
      rows: this.rows.snapshot(),
      payloads: this.payloads.snapshot(),
      ended: Array.from(this.ended.values(), (content) => ({ ...content })),
    };
  }

  /** Makes the table what it was; nothing of it retains the snapshot's bytes. */
  restore({ rows, payloads, ended }: TableSnapshot): void {
    this.#wakes.clear();
    this.ended.clear();
    this.rows.restore(rows);
    this.payloads.restore(payloads);
    // A larger index made of a smaller one reads each row again, in the order of their hashes.
    this.#index.clear(this.rows.end);
    for (const row of this.rows.used()) {
      this.#index.add(row);
      const deadlineMs = this.#deadlineOf(row);
      if (deadlineMs !== null) this.#wakes.schedule(row, deadlineMs);
    }
    for (const content of ended) this.ended.add({ ...content });
  }

  #wakeInTime(row: number, state: FiringAlert, scheduledMs: number | null): void {
    const wakeAtMs = nextWakeAtMs(state);
    // A deadline that moved later needs no entry: the queue asks when the old one comes up.
    if (wakeAtMs !== null && (scheduledMs === null || wakeAtMs < scheduledMs)) {
      this.#wakes.schedule(row, wakeAtMs);
    }
  }

  #deadlineOf(row: number): number | null {
    this.rows.load(row, this.#asked);
    return nextWakeAtMs(this.#asked);
  }

  /** The order of the fingerprints as text, whose halves are unsigned. */
  #isBefore(a: number, b: number): boolean {
    const { rows } = this;
    const [high, otherHigh] = [rows.high(a), rows.high(b)];
    if (high !== otherHigh) return high >>> 0 < otherHigh >>> 0;
    return rows.low(a) >>> 0 < rows.low(b) >>> 0;
  }
}
