/**
 * Dispatching in one incident partition: silences, and a dispatcher where the configuration has
 * routes. Without routes alerts cost nothing here.
 */
import type { AlertEvent } from "../alert/events.ts";
import type { DispatchConfig } from "./config.ts";
import type { DispatchSnapshot } from "./dispatch-snapshot.ts";
import { dispatchSnapshotOf, dispatcherFrom } from "./dispatch-snapshot.ts";
import { type DispatchOutput, Dispatcher } from "./dispatcher.ts";
import { Silences } from "./silences.ts";
import type { GroupDelivery, OverlookedAlert, Silence } from "./types.ts";

type Emit = (output: DispatchOutput) => void;

export type DispatchingSnapshot = {
  serial: number;
  silences: Silence[];
  config: DispatchConfig | null;
  dispatch: DispatchSnapshot | null;
};

const groupIds = /^grp-/;

export class Dispatching {
  readonly #partition: number;
  readonly silences = new Silences();
  dispatcher: Dispatcher | null = null;
  /** Of a dispatcher that was: names of groups never come back. */
  #serial = 0;

  constructor(partition: number) {
    this.#partition = partition;
  }

  /** Whether a timer of this name is one of ours. */
  static owns(timerId: string): boolean {
    return groupIds.test(timerId);
  }

  configure(config: DispatchConfig | null, nowMs: number, emit: Emit): void {
    if (config === null) {
      this.dispatcher?.end(emit);
      this.#serial = this.dispatcher?.serial ?? this.#serial;
      this.dispatcher = null;
    } else if (this.dispatcher === null) {
      this.dispatcher = new Dispatcher(this.#partition, config, this.silences);
      this.dispatcher.serial = this.#serial;
      this.dispatcher.sinceMs = nowMs;
    } else {
      this.dispatcher.configure(config, nowMs, emit);
    }
  }

  applyAlert(event: AlertEvent, nowMs: number, emit: Emit): void {
    this.dispatcher?.apply(event, nowMs, emit);
  }

  takeOver(alerts: readonly OverlookedAlert[], nowMs: number, emit: Emit): void {
    this.dispatcher?.takeOver(alerts, nowMs, emit);
  }

  /** `replyTo`: where the answer goes; empty: nobody waits for it. */
  applySilence(silence: Silence, replyTo: string, nowMs: number, emit: Emit): void {
    const taken = this.silences.merge(silence, nowMs);
    emit({ kind: "silence", silence, taken, replyTo });
  }

  applyDelivery(report: GroupDelivery, nowMs: number, emit: Emit): void {
    this.dispatcher?.applyDelivery(report);
    emit({ kind: "groupDelivery", report, atMs: nowMs });
  }

  wake(timerId: string, nowMs: number, emit: Emit): void {
    this.dispatcher?.flush(timerId, nowMs, emit);
  }

  deadlineOf(timerId: string): number | null {
    return this.dispatcher?.deadlineOf(timerId) ?? null;
  }

  timers(): { id: string; generation: number; fireAtMs: number }[] {
    const groups = [...(this.dispatcher?.groups.values() ?? [])];
    return groups.map(({ id, timerGeneration: generation, nextFlushAtMs: fireAtMs }) => {
      return { id, generation, fireAtMs };
    });
  }

  snapshot(): DispatchingSnapshot {
    const { dispatcher } = this;
    return {
      serial: this.#serial,
      silences: this.silences.all(),
      config: dispatcher?.config ?? null,
      dispatch: dispatcher === null ? null : dispatchSnapshotOf(dispatcher),
    };
  }

  static from(snapshot: DispatchingSnapshot, partition: number, nowMs: number): Dispatching {
    const { serial, silences, config, dispatch } = snapshot;
    const dispatching = new Dispatching(partition);
    dispatching.#serial = serial;
    for (const silence of silences) dispatching.silences.merge(silence, nowMs);
    if (config !== null && dispatch !== null) {
      dispatching.dispatcher = dispatcherFrom(dispatch, partition, config, dispatching.silences);
    }
    return dispatching;
  }
}
