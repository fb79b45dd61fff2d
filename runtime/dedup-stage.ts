/**
 * The dedup stage of one partition: alert frames in, changes out. It looks up the actor of each
 * received alert, hands it the times and hashes of the record, and parses the payload only if the
 * actor says that something is new. A repeat costs a look-up and a few additions.
 *
 * It owns the partition's alert actors, what the actors do not see (payload, domain), the
 * heap that says whom to wake, and the counters that prove that no alert vanished (I6).
 *
 * D1 The domain of an alert is fixed when it opens: a new configuration moves no firing alert to
 *    another partition of the incident stage (I11).
 * D2 A deadline fires as of the first millisecond after it, in log time: what comes out does not
 *    depend on how often or how late the partition was woken (I8).
 * D3 A repeat without content (frame.ts, flag 4) is read with the content that the alert has, or
 *    had when it ended; it changes no content.
 */
import { initial, nextWakeAtMs, transition } from "../actors/alert/alert.ts";
import type {
  AlertEffect,
  AlertInput,
  AlertState,
  ReceivedAlert,
  RollupPolicy,
} from "../actors/alert/alert.ts";
import type { DedupConfig } from "../actors/alert/config.ts";
import type { AlertBody, AlertEvent } from "../actors/alert/events.ts";
import { alertBody, domainOf, rejectionBody } from "./alert-payload.ts";
import { readDedupMessage } from "./dedup-input.ts";
import type { DedupMessage } from "./dedup-input.ts";
import {
  alertRows,
  endedContents,
  endedRows,
  readDedupSnapshot,
  snapshotVersion,
  storedAlerts,
} from "./dedup-snapshot.ts";
import type { DedupSnapshot } from "./dedup-snapshot.ts";
import { EndedContents } from "./ended-contents.ts";
import { FingerprintMap, fingerprintText } from "./fingerprint-map.ts";
import { FrameReader } from "./frame-reader.ts";
import { frameFlags, frameMagic } from "./frame.ts";
import type { Codec } from "./ports.ts";
import type { RecordPosition, Stage } from "./stage.ts";
import type { AlertCounters, DedupOutput } from "./step.ts";
import { byteText, firingView, textBytes } from "./stored-alert.ts";
import type { FiringView, StoredAlert } from "./stored-alert.ts";
import { WakeHeap } from "./wake-heap.ts";

/** Holds until the log brings a configuration record. */
export const defaultDedupConfig: DedupConfig = {
  hash: "default",
  rollupFirstMs: 60_000,
  rollupMaxMs: 3_600_000,
  domainBy: [
    ["tenant_id", "tenant"],
    ["environment", "env"],
  ],
};

/** Domain names kept once instead of once per alert; beyond this the table starts over. */
const domainNamesMax = 65_536;

const wake: AlertInput = { kind: "wake" };

type Emit = (output: DedupOutput) => void;

export class DedupStage implements Stage<DedupOutput> {
  readonly #codec: Codec;
  #config: DedupConfig | null;
  #policy: RollupPolicy;
  #nowMs = 0;
  #counters = noAlerts();
  #alerts = new FingerprintMap<StoredAlert>();
  readonly #ended = new EndedContents();
  readonly #wakes = new WakeHeap();
  readonly #domainNames = new Map<string, string>();
  readonly #reader = new FrameReader();
  /** The one input object of all repeats. */
  readonly #input: ReceivedAlert = {
    kind: "received",
    startsAtMs: 0,
    endsAtMs: 0,
    endsByTimeout: false,
    contentHash: 0,
  };

  /** @param options.config holds from the start, until the log brings another; null: defaults. */
  constructor(options: { codec: Codec; config: DedupConfig | null }) {
    this.#codec = options.codec;
    this.#config = options.config;
    this.#policy = policyOf(options.config);
  }

  /** Firing alerts. */
  get size(): number {
    return this.#alerts.size;
  }

  counters(): AlertCounters {
    return { ...this.#counters };
  }

  /** At most `limit` firing alerts, in no order that means anything. */
  *alerts(limit: number): Generator<FiringView> {
    let left = limit;
    for (const stored of this.#alerts.values()) {
      if (left-- <= 0) return;
      yield firingView(stored);
    }
  }

  apply(data: Uint8Array, at: RecordPosition, emit: Emit): void {
    this.#nowMs = Math.max(this.#nowMs, at.timeMs);
    if (data[0] === frameMagic) this.#applyFrame(data, emit);
    else this.#applyMessage(readDedupMessage(this.#codec.decode(data)));
  }

  advance(toMs: number, emit: Emit): void {
    for (;;) {
      const id = this.#wakes.popDue(toMs, this.#deadlineOf);
      if (id === null) break;
      const stored = this.#byText(id);
      const deadlineMs = this.#deadlineOf(id);
      if (stored === undefined || deadlineMs === null) continue;
      const { state, effects } = transition(stored.alert, wake, Math.min(deadlineMs + 1, toMs));
      this.#emit(stored.domain, id, effects, null, emit);
      this.#keep(stored, state, null);
    }
    this.#nowMs = Math.max(this.#nowMs, toMs);
  }

  nextWakeAtMs(): number | null {
    return this.#wakes.peekMs(this.#deadlineOf);
  }

  snapshot(): DedupSnapshot {
    return {
      version: snapshotVersion,
      nowMs: this.#nowMs,
      config: this.#config,
      counters: this.counters(),
      alerts: alertRows(this.#alerts.values()),
      ended: endedRows(this.#ended.rows()),
    };
  }

  /** @throws Error for a snapshot of another version. */
  restore(snapshot: unknown): void {
    const { nowMs, config, counters, alerts, ended } = readDedupSnapshot(snapshot);
    this.#nowMs = nowMs;
    this.#config = config;
    this.#policy = policyOf(config);
    this.#counters = { ...counters };
    this.#alerts = new FingerprintMap<StoredAlert>();
    this.#wakes.clear();
    this.#ended.restore(endedContents(ended));
    for (const stored of storedAlerts(alerts)) {
      stored.domain = this.#domainName(stored.domain);
      this.#alerts.add(stored);
      this.#keep(stored, stored.alert, null);
    }
  }

  #applyMessage(message: DedupMessage): void {
    // A wake has done its work by moving time on.
    if (message.kind === "wake" || message.config.hash === this.#config?.hash) return;
    this.#config = message.config;
    this.#policy = policyOf(message.config);
  }

  #applyFrame(frame: Uint8Array, emit: Emit): void {
    const reader = this.#reader;
    const input = this.#input;
    this.#ended.forget(this.#nowMs);
    reader.open(frame);
    while (reader.next()) {
      if ((reader.flags & frameFlags.rejection) !== 0) {
        this.#reject(emit);
        continue;
      }
      input.startsAtMs = reader.startsAtMs;
      input.endsAtMs = reader.endsAtMs;
      input.endsByTimeout = (reader.flags & frameFlags.endsByTimeout) !== 0;
      input.contentHash = reader.contentHash;
      this.#counters.received += 1;
      const stored = this.#alerts.get(reader.fingerprintHigh, reader.fingerprintLow);
      if (stored === undefined) this.#receiveFirst(emit);
      else this.#receive(stored, emit);
    }
    reader.close();
  }

  #receive(stored: StoredAlert, emit: Emit): void {
    const wakeAtMs = nextWakeAtMs(stored.alert);
    const isReference = (this.#reader.flags & frameFlags.contentKnown) !== 0;
    if (isReference) this.#input.contentHash = stored.alert.contentHash;
    const { state, effects } = transition(stored.alert, this.#input, this.#nowMs);
    if (effects.length === 0) {
      this.#counters.refreshed += 1;
    } else {
      const isNew = effects.some(({ kind }) => kind === "opened" || kind === "changed");
      const payload = isReference ? textBytes(stored.payload) : this.#reader.payload();
      this.#emit(stored.domain, stored.id, effects, isNew ? alertBody(payload) : null, emit);
      if (!isReference) stored.payload = byteText(payload);
    }
    this.#keep(stored, state, wakeAtMs);
  }

  /** An alert that does not fire yet: it opens, or it is a resolve that nothing waits for. */
  #receiveFirst(emit: Emit): void {
    const { fingerprintHigh: high, fingerprintLow: low } = this.#reader;
    const id = fingerprintText(high, low);
    const isReference = (this.#reader.flags & frameFlags.contentKnown) !== 0;
    const payload = isReference ? this.#ended.find(id) : byteText(this.#reader.payload());
    if (payload === null) return this.#rejectUnknown(id, emit);
    const body = alertBody(textBytes(payload));
    const domain = this.#domainName(domainOf(body.labels, this.#domainBy()));
    const { state, effects } = transition(initial(this.#policy), this.#input, this.#nowMs);
    this.#emit(domain, id, effects, body, emit);
    if (state.kind !== "firing") {
      this.#ended.keep(id, payload, this.#nowMs);
      return;
    }
    this.#ended.delete(id);
    const stored = { high, low, id, domain, payload, alert: state };
    this.#alerts.add(stored);
    this.#keep(stored, state, null);
  }

  /** E1 of ended-contents.ts makes this unreachable, short of a lost frame. */
  #rejectUnknown(id: string, emit: Emit): void {
    this.#counters.rejected += 1;
    const domain = domainOf({}, this.#domainBy());
    const reason = "content unknown";
    const detail = `alert ${id} came without the content that an earlier record had`;
    emit({ domain, event: { kind: "rejected", atMs: this.#nowMs, received: 1, reason, detail } });
  }

  #reject(emit: Emit): void {
    const received = this.#reader.count;
    const { reason, detail } = rejectionBody(this.#reader.payload());
    this.#counters.received += received;
    this.#counters.rejected += received;
    const domain = domainOf({}, this.#domainBy());
    emit({ domain, event: { kind: "rejected", atMs: this.#nowMs, received, reason, detail } });
  }

  #emit(
    domain: string,
    fingerprint: string,
    effects: readonly AlertEffect[],
    body: AlertBody | null,
    emit: Emit,
  ): void {
    for (const effect of effects) {
      // Repeats were counted when they came, the roll-up only reports them.
      if (effect.kind !== "refreshed") this.#counters[effect.kind] += effect.received;
      emit({ domain, event: eventOf(effect, fingerprint, body) });
    }
  }

  /**
   * Stores an actor's new state, or drops the actor once it has retired.
   * @param scheduledMs the deadline that the heap knows of; null: the heap has no entry.
   */
  #keep(stored: StoredAlert, state: AlertState, scheduledMs: number | null): void {
    if (state.kind === "idle") {
      this.#alerts.delete(stored);
      this.#wakes.remove(stored.id);
      this.#ended.keep(stored.id, stored.payload, this.#nowMs);
      return;
    }
    stored.alert = state;
    const wakeAtMs = nextWakeAtMs(state);
    // A deadline that moved later needs no entry: the heap asks when the old one comes up.
    if (wakeAtMs !== null && (scheduledMs === null || wakeAtMs < scheduledMs)) {
      this.#wakes.schedule(stored.id, wakeAtMs);
    }
  }

  readonly #deadlineOf = (id: string): number | null => {
    const stored = this.#byText(id);
    return stored === undefined ? null : nextWakeAtMs(stored.alert);
  };

  #byText(id: string): StoredAlert | undefined {
    const high = Number.parseInt(id.slice(0, 8), 16) | 0;
    const low = Number.parseInt(id.slice(8), 16) | 0;
    return this.#alerts.get(high, low);
  }

  #domainBy(): string[][] {
    return (this.#config ?? defaultDedupConfig).domainBy;
  }

  #domainName(domain: string): string {
    const known = this.#domainNames.get(domain);
    if (known !== undefined) return known;
    if (this.#domainNames.size >= domainNamesMax) this.#domainNames.clear();
    this.#domainNames.set(domain, domain);
    return domain;
  }
}

function eventOf(effect: AlertEffect, fingerprint: string, body: AlertBody | null): AlertEvent {
  if (effect.kind === "refreshed" || effect.kind === "resolved") return { fingerprint, ...effect };
  if (body === null) throw new Error(`alert ${fingerprint} ${effect.kind} without content`);
  return { fingerprint, ...effect, body };
}

function policyOf(config: DedupConfig | null): RollupPolicy {
  const { rollupFirstMs, rollupMaxMs } = config ?? defaultDedupConfig;
  return { firstMs: rollupFirstMs, maxMs: rollupMaxMs };
}

function noAlerts(): AlertCounters {
  return { received: 0, opened: 0, changed: 0, refreshed: 0, resolved: 0, rejected: 0 };
}
