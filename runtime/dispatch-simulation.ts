/**
 * Dispatching in simulated time: a configuration's behaviour without a running program. Alerts and
 * silences come at times of the caller's choice; what would be told comes out.
 */
import type { Labels } from "../actors/alert/events.ts";
import type { DispatchConfig } from "../actors/dispatch/config.ts";
import { Dispatcher, type DispatchOutput } from "../actors/dispatch/dispatcher.ts";
import { Silences } from "../actors/dispatch/silences.ts";
import { labelsText } from "../actors/dispatch/text.ts";
import type { GroupDelivery, GroupNotification, Silence } from "../actors/dispatch/types.ts";
import { WakeHeap } from "./wake-heap.ts";

/** So much would happen until then that nobody waits for it. */
export class SimulationTooLong extends Error {}

export class DispatchSimulation {
  readonly dispatcher: Dispatcher;
  readonly notifications: GroupNotification[] = [];
  readonly #silences = new Silences();
  readonly #heap = new WakeHeap();
  readonly #looksMax: number;
  #looks = 0;
  #nowMs: number;

  /** @param looksMax how often groups may be looked at, in all. */
  constructor(config: DispatchConfig, startMs: number, looksMax = Infinity) {
    this.#nowMs = startMs;
    this.#looksMax = looksMax;
    this.dispatcher = new Dispatcher(0, config, this.#silences);
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  /**
   * Moves time on, and does what becomes due until then, that moment included.
   * @throws SimulationTooLong when groups are looked at more often than is allowed.
   */
  advanceTo(toMs: number): void {
    for (;;) {
      const dueMs = this.#heap.peekMs((id) => this.dispatcher.deadlineOf(id));
      if (dueMs === null || dueMs > toMs) break;
      if (++this.#looks > this.#looksMax) {
        throw new SimulationTooLong(`groups were looked at ${this.#looksMax} times`);
      }
      this.#nowMs = Math.max(this.#nowMs, dueMs);
      const id = this.#heap.popDue(dueMs + 1, (each) => this.dispatcher.deadlineOf(each));
      if (id !== null) this.dispatcher.flush(id, this.#nowMs, this.#emit);
    }
    this.#nowMs = Math.max(this.#nowMs, toMs);
  }

  /** Begins to fire, or goes on with other annotations. */
  fire(labels: Labels, annotations: Labels = {}, startsAtMs = this.#nowMs): void {
    const fingerprint = labelsText(labels);
    const known = this.dispatcher.alerts.get(fingerprint);
    const isFiring = known !== undefined && known.resolvedAtMs === null;
    const body = { labels, annotations, generatorURL: "", dedupKey: null };
    const kind = isFiring ? "changed" : "opened";
    const times = { atMs: this.#nowMs, startsAtMs, endsAtMs: this.#nowMs + 86_400_000 };
    const event = { kind, fingerprint, received: 1, ...times, body } as const;
    this.dispatcher.apply(event, this.#nowMs, this.#emit);
  }

  resolve(labels: Labels): void {
    const fingerprint = labelsText(labels);
    const atMs = this.#nowMs;
    const event = { kind: "resolved", fingerprint, atMs, received: 1, total: 2 } as const;
    this.dispatcher.apply({ ...event, endedAtMs: atMs, by: "sender" }, atMs, this.#emit);
  }

  silence(silence: Silence): void {
    this.#silences.merge(silence, this.#nowMs);
  }

  /** Null: there is no such silence. */
  silenceOf(id: string): Silence | null {
    return this.#silences.get(id);
  }

  configure(config: DispatchConfig): void {
    this.dispatcher.configure(config, this.#nowMs, this.#emit);
  }

  report(delivery: GroupDelivery): void {
    this.dispatcher.applyDelivery(delivery);
  }

  #emit = (output: DispatchOutput): void => {
    if (output.kind === "notifyGroup") this.notifications.push(output.notification);
    if (output.kind !== "timer") return;
    if (output.fireAtMs === null) this.#heap.remove(output.id);
    else this.#heap.schedule(output.id, output.fireAtMs);
  };
}
