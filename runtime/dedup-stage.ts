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
import type { AlertEffect, AlertInput, ReceivedAlert } from "../actors/alert/alert.ts";
import type { DedupConfig } from "../actors/alert/config.ts";
import type { AlertBody, AlertEvent } from "../actors/alert/events.ts";
import { absent } from "../actors/alert/fingerprint-index.ts";
import { type AlertPage, type AlertQuery, listAlerts } from "./alert-list.ts";
import { alertBody, domainOf, rejectionBody } from "./alert-payload.ts";
import { blankState } from "./alert-rows.ts";
import { AlertTable } from "./alert-table.ts";
import { readDedupMessage } from "./dedup-input.ts";
import type { DedupMessage } from "./dedup-input.ts";
import { readDedupSnapshot, snapshotVersion } from "./dedup-snapshot.ts";
import type { DedupSnapshot } from "./dedup-snapshot.ts";
import { fingerprintText } from "./fingerprint-text.ts";
import { FrameReader } from "./frame-reader.ts";
import { frameFlags, frameMagic } from "./frame.ts";
import type { Codec } from "./ports.ts";
import { RollupPolicies } from "./rollup-policies.ts";
import type { RecordPosition, Stage } from "./stage.ts";
import type { AlertCounters, DedupOutput } from "./step.ts";

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

/** Alerts to look up at once: their rows are a fraction of the caches. */
const foreseenMax = 64;

const wake: AlertInput = { kind: "wake" };

type Emit = (output: DedupOutput) => void;

export class DedupStage implements Stage<DedupOutput> {
  readonly #codec: Codec;
  #config: DedupConfig | null;
  #policies: RollupPolicies;
  #nowMs = 0;
  #counters = noAlerts();
  readonly #table = new AlertTable();
  readonly #reader = new FrameReader();
  /** The one state of all firing alerts: loaded from its row, changed, and stored again. */
  readonly #state = blankState();
  /** Fingerprints of the next records of a frame, and their rows (AlertTable#foresee). */
  readonly #ahead = new Int32Array(foreseenMax * 2);
  readonly #rows = new Int32Array(foreseenMax);
  #read = 0;
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
    this.#policies = policiesOf(options.config);
  }

  /** Firing alerts. */
  get size(): number {
    return this.#table.size;
  }

  /** What the contents of firing and ended alerts add up to, packed. */
  get packedBytes(): number {
    return this.#table.payloads.packedBytes;
  }

  counters(): AlertCounters {
    return { ...this.#counters };
  }

  /** A page of the firing alerts. */
  list(query: AlertQuery): AlertPage {
    return listAlerts(this.#table, query);
  }

  apply(data: Uint8Array, at: RecordPosition, emit: Emit): void {
    this.#nowMs = Math.max(this.#nowMs, at.timeMs);
    if (data[0] === frameMagic) this.#applyFrame(data, emit);
    else this.#applyMessage(readDedupMessage(this.#codec.decode(data)));
  }

  advance(toMs: number, emit: Emit): void {
    for (;;) {
      const row = this.#table.popDue(toMs);
      if (row === null) break;
      this.#table.rows.load(row, this.#state);
      const deadlineMs = nextWakeAtMs(this.#state);
      if (deadlineMs === null) break;
      const nowMs = Math.min(deadlineMs + 1, toMs);
      const { state, effects } = transition(this.#state, wake, nowMs);
      this.#emitOf(row, effects, null, emit);
      this.#table.keep(row, state, null, nowMs);
    }
    this.#nowMs = Math.max(this.#nowMs, toMs);
  }

  nextWakeAtMs(): number | null {
    return this.#table.nextWakeAtMs();
  }

  /** Its parts are views into the stage's memory: encode it before anything else happens. */
  snapshot(): DedupSnapshot {
    return {
      version: snapshotVersion,
      nowMs: this.#nowMs,
      config: this.#config,
      counters: this.counters(),
      table: this.#table.snapshot(),
    };
  }

  /** @throws Error for a snapshot of another version. */
  restore(snapshot: unknown): void {
    const { nowMs, config, counters, table } = readDedupSnapshot(snapshot);
    this.#nowMs = nowMs;
    this.#config = config;
    this.#policies = policiesOf(config);
    this.#counters = { ...counters };
    this.#table.restore(table);
  }

  #applyMessage(message: DedupMessage): void {
    // A wake has done its work by moving time on.
    if (message.kind === "wake" || message.config.hash === this.#config?.hash) return;
    this.#config = message.config;
    this.#policies = policiesOf(message.config);
  }

  #applyFrame(frame: Uint8Array, emit: Emit): void {
    const reader = this.#reader;
    const input = this.#input;
    this.#table.ended.forget(this.#nowMs);
    reader.open(frame);
    for (let nth = 0, foreseen = 0; ; nth += 1) {
      if (nth === foreseen) [nth, foreseen] = [0, this.#foresee()];
      if (!reader.next()) break;
      if ((reader.flags & frameFlags.rejection) !== 0) {
        this.#reject(emit);
        continue;
      }
      input.startsAtMs = reader.startsAtMs;
      input.endsAtMs = reader.endsAtMs;
      input.endsByTimeout = (reader.flags & frameFlags.endsByTimeout) !== 0;
      input.contentHash = reader.contentHash;
      this.#counters.received += 1;
      const { fingerprintHigh: high, fingerprintLow: low } = reader;
      const row = this.#table.find(high, low, this.#rows[nth] as number);
      if (row === absent) this.#receiveFirst(emit);
      else this.#receive(row, emit);
    }
    reader.close();
  }

  /** @returns of how many of the next records; 0: there are no more. */
  #foresee(): number {
    const count = this.#reader.lookAhead(this.#ahead);
    this.#read ^= this.#table.foresee(this.#ahead, count, this.#rows);
    return count;
  }

  #receive(row: number, emit: Emit): void {
    const { rows, payloads } = this.#table;
    const alert = this.#state;
    rows.load(row, alert);
    const wakeAtMs = nextWakeAtMs(alert);
    const isReference = (this.#reader.flags & frameFlags.contentKnown) !== 0;
    if (isReference) this.#input.contentHash = alert.contentHash;
    const { state, effects } = transition(alert, this.#input, this.#nowMs);
    if (effects.length === 0) {
      this.#counters.refreshed += 1;
    } else {
      const isNew = effects.some(({ kind }) => kind === "opened" || kind === "changed");
      if (isReference) {
        const body = isNew ? alertBody(payloads.read(rows.payload(row))) : null;
        this.#emitOf(row, effects, body, emit);
      } else {
        const payload = this.#reader.payload();
        this.#emitOf(row, effects, isNew ? alertBody(payload) : null, emit);
        rows.setPayload(row, payloads.replace(rows.payload(row), payload));
      }
    }
    this.#table.keep(row, state, wakeAtMs, this.#nowMs);
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
    const domain = domainOf(body.labels, this.#domainBy());
    const policy = this.#policies.at(this.#table.size);
    const { state, effects } = transition(initial(policy), this.#input, this.#nowMs);
    this.#emit(id, domain, effects, body, emit);
    const block = isReference ? ended.take(id) : payloads.put(payload);
    if (state.kind !== "firing") {
      ended.keep(id, block, this.#nowMs);
      return;
    }
    ended.delete(id);
    this.#table.add(high, low, domain, block, state);
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

  #emitOf(
    row: number,
    effects: readonly AlertEffect[],
    body: AlertBody | null,
    emit: Emit,
  ): void {
    if (effects.length === 0) return;
    const { rows } = this.#table;
    const fingerprint = fingerprintText(rows.high(row), rows.low(row));
    this.#emit(fingerprint, rows.domain(row), effects, body, emit);
  }

  #emit(
    fingerprint: string,
    domain: string,
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

  #domainBy(): string[][] {
    return (this.#config ?? defaultDedupConfig).domainBy;
  }
}

function eventOf(effect: AlertEffect, fingerprint: string, body: AlertBody | null): AlertEvent {
  if (effect.kind === "refreshed" || effect.kind === "resolved") return { fingerprint, ...effect };
  if (body === null) throw new Error(`alert ${fingerprint} ${effect.kind} without content`);
  return { fingerprint, ...effect, body };
}

function policiesOf(config: DedupConfig | null): RollupPolicies {
  return new RollupPolicies(config ?? defaultDedupConfig);
}

function noAlerts(): AlertCounters {
  return { received: 0, opened: 0, changed: 0, refreshed: 0, resolved: 0, rejected: 0 };
}
