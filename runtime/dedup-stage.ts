/**
 * The dedup stage of one partition: alert frames in, changes out. It looks up the actor of each
 * received alert, hands it the times and hashes of the record, and parses the payload only if the
 * actor says that something is new. A repeat costs a look-up and a few additions.
 *
 * It owns the partition's alert actors with what they do not see (alert-table.ts), and the
 * counters that prove that no alert vanished (I6).
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
  ReceivedAlert,
  RollupPolicy,
} from "../actors/alert/alert.ts";
import type { DedupConfig } from "../actors/alert/config.ts";
import type { AlertBody, AlertEvent } from "../actors/alert/events.ts";
import { alertBody, domainOf, rejectionBody } from "./alert-payload.ts";
import { AlertTable } from "./alert-table.ts";
import { readDedupMessage } from "./dedup-input.ts";
import type { DedupMessage } from "./dedup-input.ts";
import {
  alertRows,
  endedRows,
  readDedupSnapshot,
  restoreTable,
  snapshotVersion,
} from "./dedup-snapshot.ts";
import type { DedupSnapshot } from "./dedup-snapshot.ts";
import { fingerprintText } from "./fingerprint-map.ts";
import { FrameReader } from "./frame-reader.ts";
import { frameFlags, frameMagic } from "./frame.ts";
import type { Codec } from "./ports.ts";
import type { RecordPosition, Stage } from "./stage.ts";
import type { AlertCounters, DedupOutput } from "./step.ts";
import { firingView, storedAlert } from "./stored-alert.ts";
import type { FiringView, StoredAlert } from "./stored-alert.ts";

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
  readonly #table = new AlertTable();
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
    return this.#table.size;
  }

  /** What the contents of firing and ended alerts add up to. */
  get payloadBytes(): number {
    return this.#table.payloads.payloadBytes;
  }

  counters(): AlertCounters {
    return { ...this.#counters };
  }

  /** At most `limit` firing alerts, in no order that means anything. */
  *alerts(limit: number): Generator<FiringView> {
    let left = limit;
    for (const stored of this.#table.firing()) {
      if (left-- <= 0) return;
      yield firingView(stored, this.#table.payloads.view(stored.payload).slice());
    }
  }

  apply(data: Uint8Array, at: RecordPosition, emit: Emit): void {
    this.#nowMs = Math.max(this.#nowMs, at.timeMs);
    if (data[0] === frameMagic) this.#applyFrame(data, emit);
    else this.#applyMessage(readDedupMessage(this.#codec.decode(data)));
  }

  advance(toMs: number, emit: Emit): void {
    for (;;) {
      const stored = this.#table.popDue(toMs);
      const deadlineMs = stored === null ? null : nextWakeAtMs(stored.alert);
      if (stored === null || deadlineMs === null) break;
      const nowMs = Math.min(deadlineMs + 1, toMs);
      const { state, effects } = transition(stored.alert, wake, nowMs);
      this.#emit(stored, effects, null, emit);
      this.#table.keep(stored, state, null, nowMs);
    }
    this.#nowMs = Math.max(this.#nowMs, toMs);
  }

  nextWakeAtMs(): number | null {
    return this.#table.nextWakeAtMs();
  }

  /** Its payloads are views into the stage's memory: encode it before anything else happens. */
  snapshot(): DedupSnapshot {
    return {
      version: snapshotVersion,
      nowMs: this.#nowMs,
      config: this.#config,
      counters: this.counters(),
      alerts: alertRows(this.#table),
      ended: endedRows(this.#table),
    };
  }

  /** @throws Error for a snapshot of another version. */
  restore(snapshot: unknown): void {
    const decoded = readDedupSnapshot(snapshot);
    const { nowMs, config, counters } = decoded;
    this.#nowMs = nowMs;
    this.#config = config;
    this.#policy = policyOf(config);
    this.#counters = { ...counters };
    restoreTable(this.#table, decoded, (domain) => this.#domainName(domain));
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
    this.#table.ended.forget(this.#nowMs);
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
      const stored = this.#table.get(reader.fingerprintHigh, reader.fingerprintLow);
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
      const { payloads } = this.#table;
      const payload = isReference ? payloads.view(stored.payload) : this.#reader.payload();
      this.#emit(stored, effects, isNew ? alertBody(payload) : null, emit);
      if (!isReference) stored.payload = payloads.replace(stored.payload, payload);
    }
    this.#table.keep(stored, state, wakeAtMs, this.#nowMs);
  }

  /** An alert that does not fire yet: it opens, or it is a resolve that nothing waits for. */
  #receiveFirst(emit: Emit): void {
    const { fingerprintHigh: high, fingerprintLow: low } = this.#reader;
    const { payloads, ended } = this.#table;
    const id = fingerprintText(high, low);
    const isReference = (this.#reader.flags & frameFlags.contentKnown) !== 0;
    const payload = isReference ? ended.find(id) : this.#reader.payload();
    if (payload === null) return this.#rejectUnknown(id, emit);
    const body = alertBody(payload);
    const domain = this.#domainName(domainOf(body.labels, this.#domainBy()));
    const { state, effects } = transition(initial(this.#policy), this.#input, this.#nowMs);
    this.#emit({ high, low, domain }, effects, body, emit);
    const block = isReference ? ended.take(id) : payloads.put(payload);
    if (state.kind !== "firing") {
      ended.keep(id, block, this.#nowMs);
      return;
    }
    ended.delete(id);
    this.#table.add(storedAlert({ high, low }, domain, block, state));
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
    { high, low, domain }: Pick<StoredAlert, "high" | "low" | "domain">,
    effects: readonly AlertEffect[],
    body: AlertBody | null,
    emit: Emit,
  ): void {
    if (effects.length === 0) return;
    const fingerprint = fingerprintText(high, low);
    for (const effect of effects) {
      // Repeats were counted when they came, the roll-up only reports them.
      if (effect.kind !== "refreshed") this.#counters[effect.kind] += effect.received;
      emit({ domain, event: eventOf(effect, fingerprint, body) });
    }
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
