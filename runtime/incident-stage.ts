/**
 * The incident stage of one partition: decodes the records of `work.<q>`, keeps log time, drops
 * what it has seen before, and lets the incident actors decide. It owns the desk, the wake heap
 * and the last origin seen of each source; the reads for the API go through it as well.
 *
 * The heap is driven by the timer outputs alone: what outside watchers are told is exactly what
 * the stage itself waits for.
 */
import { randomInt } from "node:crypto";
import type { AlertEvent } from "../actors/alert/events.ts";
import type { GraphSnapshot, GraphState } from "../actors/correlation/graph-state.ts";
import { similarityDefaults } from "../actors/correlation/likeness.ts";
import { Dispatching, type DispatchingSnapshot } from "../actors/dispatch/dispatching.ts";
import { applyAlert } from "../actors/incident/alerts.ts";
import { assertNever } from "../actors/incident/assert-never.ts";
import { applyCommand } from "../actors/incident/commands.ts";
import { applyDelivery } from "../actors/incident/deliveries.ts";
import { Desk } from "../actors/incident/desk.ts";
import type { DeskSnapshot } from "../actors/incident/desk-snapshot.ts";
import { deskFrom, snapshotOf } from "../actors/incident/desk-snapshot.ts";
import { type Incident, nextWakeAtMs } from "../actors/incident/incident.ts";
import { patternOf } from "../actors/incident/pattern.ts";
import { wake } from "../actors/incident/transitions.ts";
import type { Turn } from "../actors/incident/turn.ts";
import { beginTurn, endTurn } from "../actors/incident/turn.ts";
import type {
  IncidentConfig,
  IncidentMember,
  IncidentOutput,
  IncidentView,
} from "../actors/incident/types.ts";
import { membersOf, timeText, viewOf } from "../actors/incident/view.ts";
import { workOfText } from "./event-text.ts";
import { listIncidents } from "./incident-list.ts";
import type { Codec, Timer } from "./ports.ts";
import type { IncidentFilter, IncidentPage, TimelineEntry } from "./services.ts";
import type { RecordPosition, Stage } from "./stage.ts";
import { WakeHeap } from "./wake-heap.ts";
import type { WorkRecord } from "./work.ts";

/** In force until the first configuration record of the partition. */
export const defaultIncidentConfig: IncidentConfig = {
  hash: "default",
  groupBy: ["alertname", "service"],
  correlation: {
    enabled: true,
    windowMs: 300_000,
    labels: ["service", "model_id"],
    agree: ["region", "model_id"],
    weights: {},
    topology: null,
    similarity: similarityDefaults,
  },
  reopenWindowMs: 600_000,
  closeAfterMs: 3_600_000,
  retireAfterMs: 3_600_000,
  flapping: { enabled: true, threshold: 5, windowMs: 900_000, coolDownMs: 600_000 },
  policies: {},
  rules: [],
  dispatch: null,
};

export type IncidentStageOptions = {
  codec: Codec;
  partition: number;
  config: IncidentConfig | null;
};

type Emit = (output: IncidentOutput) => void;

/** [source partition, step sequence, index]: the last item seen of each source (I8). */
type OriginRow = [number, number, number];

type StageSnapshot = {
  version: 1;
  nowMs: number;
  origins: OriginRow[];
  desk: DeskSnapshot;
  /** Absent in snapshots from before there were routes. */
  dispatching?: DispatchingSnapshot;
  /** Absent in snapshots from before the service graph could be learnt. */
  graph?: GraphSnapshot;
};

export class IncidentStage implements Stage<IncidentOutput> {
  readonly #codec: Codec;
  readonly #partition: number;
  readonly #seed = randomInt(2 ** 32);
  #desk: Desk;
  #dispatching: Dispatching;
  #heap = new WakeHeap();
  /** Bounded by the number of dedup partitions, which a deployment fixes at its creation. */
  #origins = new Map<number, { stepSeq: number; index: number }>();
  /** Log time; never steps back, even where the log's own clock did. */
  #nowMs = 0;

  constructor(options: IncidentStageOptions) {
    this.#codec = options.codec;
    this.#partition = options.partition;
    this.#desk = new Desk(options.partition, options.config ?? defaultIncidentConfig, this.#seed);
    this.#dispatching = new Dispatching(options.partition);
    this.#dispatching.configure(this.#desk.config.dispatch, 0, () => {});
  }

  apply(data: Uint8Array, at: RecordPosition, emit: Emit): void {
    const record = this.#codec.decode(data) as WorkRecord;
    this.#nowMs = Math.max(this.#nowMs, at.timeMs);
    const schedule = this.#scheduling(emit);
    const turn = beginTurn(this.#desk, this.#nowMs, at.seq, schedule);
    this.#desk.graph.sweep(this.#nowMs);
    switch (record.kind) {
      case "alerts":
        for (const item of record.items) {
          if (!this.#isNew(record.partition, item)) continue;
          const event = "json" in item ? workOfText(item.json) : ownBody(item.event);
          if ("body" in event) this.#desk.graph.observe(event.body.labels, this.#nowMs);
          applyAlert(turn, event);
          this.#dispatching.applyAlert(event, this.#nowMs, schedule);
        }
        break;
      case "command":
        applyCommand(turn, record.command);
        break;
      case "delivery":
        applyDelivery(turn, record.report);
        break;
      case "groupDelivery":
        this.#dispatching.applyDelivery(record.report, this.#nowMs, schedule);
        break;
      case "overlooked":
        this.#dispatching.takeOver(record.alerts, this.#nowMs, schedule);
        break;
      case "silence":
        this.#dispatching.applySilence(record.silence, record.replyTo, this.#nowMs, schedule);
        break;
      case "edges": {
        const refused = this.#desk.graph.apply(record.edges);
        const { replyTo } = record;
        if (replyTo !== "") emit({ kind: "edges", refused, replyTo });
        break;
      }
      case "config":
        // The dedup stage's configuration goes through its own subject; here it says nothing.
        if ("groupBy" in record.config) this.#configure(record.config, schedule);
        break;
      case "wake":
        break;
      default:
        assertNever(record);
    }
    endTurn(turn);
  }

  advance(toMs: number, emit: Emit): void {
    this.#nowMs = Math.max(this.#nowMs, toMs);
    for (;;) {
      const id = this.#heap.popDue(this.#nowMs, this.#deadlineOf);
      if (id === null) return;
      if (Dispatching.owns(id)) {
        this.#dispatching.wake(id, this.#nowMs, this.#scheduling(emit));
        continue;
      }
      const incident = this.#desk.incidents.get(id);
      if (incident === undefined) continue;
      // No record stands behind it, and no incident opens by a wake: the sequence is not used.
      const turn: Turn = beginTurn(this.#desk, this.#nowMs, 0, this.#scheduling(emit));
      wake(turn, incident);
      endTurn(turn);
    }
  }

  nextWakeAtMs(): number | null {
    return this.#heap.peekMs(this.#deadlineOf);
  }

  snapshot(): StageSnapshot {
    const origins = [...this.#origins].map(
      ([partition, { stepSeq, index }]): OriginRow => [partition, stepSeq, index],
    );
    const desk = snapshotOf(this.#desk);
    const dispatching = this.#dispatching.snapshot();
    const graph = this.#desk.graph.snapshot();
    return { version: 1, nowMs: this.#nowMs, origins, desk, dispatching, graph };
  }

  /** @throws Error when the snapshot is of another version or partition. */
  restore(snapshot: unknown): void {
    const { version, nowMs, origins, desk, dispatching, graph } = snapshot as StageSnapshot;
    if (version !== 1) throw new Error(`incident snapshot has version ${version}, expected 1`);
    this.#desk = deskFrom(desk, this.#partition, this.#seed);
    if (graph !== undefined) this.#desk.graph.restore(graph);
    this.#dispatching =
      dispatching === undefined
        ? new Dispatching(this.#partition)
        : Dispatching.from(dispatching, this.#partition, nowMs);
    this.#nowMs = nowMs;
    this.#origins = new Map(
      origins.map(([source, stepSeq, index]) => [source, { stepSeq, index }]),
    );
    this.#heap.clear();
    for (const timer of this.liveTimers()) this.#heap.schedule(timer.id, timer.fireAtMs);
  }

  /** Newest first. @throws TerminalError when the cursor is not one of ours. */
  list(filter: IncidentFilter, limit: number, cursor: string | null): IncidentPage {
    return listIncidents(this.#candidates(filter.fingerprint), filter, limit, cursor);
  }

  /** All incidents in order of creation, or the one that an alert belongs to. */
  #candidates(fingerprint: string | undefined): Incident[] {
    if (fingerprint === undefined) return [...this.#desk.incidents.values()];
    const owner = this.#desk.members.ownerOf(fingerprint);
    return owner === undefined ? [] : [owner];
  }

  get(id: string): IncidentView | null {
    const incident = this.#desk.incidents.get(id);
    if (incident === undefined) return null;
    return { ...viewOf(incident), correlation_fingerprint: patternOf(this.#desk, incident) };
  }

  /** Oldest first; the newest entries of a long history. Null: no such incident in memory. */
  timeline(id: string): TimelineEntry[] | null {
    const incident = this.#desk.incidents.get(id);
    if (incident === undefined) return null;
    return incident.timeline.map(({ atMs, event, by, because, detail }) => ({
      at: timeText(atMs),
      event,
      by,
      because,
      detail,
    }));
  }

  /** Its alerts in the order in which they joined, from place `from` on. Null: no such incident. */
  members(id: string, from: number, limit: number): IncidentMember[] | null {
    const incident = this.#desk.incidents.get(id);
    return incident === undefined ? null : membersOf(this.#desk, incident, from, limit);
  }

  /** Every timer that the partition waits for: what the timers bucket has to hold. */
  liveTimers(): Timer[] {
    const timers: Timer[] = [];
    for (const { id, timerGeneration: generation, timerAtMs } of this.#desk.incidents.values()) {
      if (timerAtMs !== null) timers.push({ id, generation, fireAtMs: timerAtMs });
    }
    return [...timers, ...this.#dispatching.timers()];
  }

  /** For reads. */
  get graph(): GraphState {
    return this.#desk.graph;
  }

  /** For the reads of Alertmanager's API. */
  get dispatching(): Dispatching {
    return this.#dispatching;
  }

  /** Log time of the newest record, ms. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** Incidents in memory, closed ones included, and groups of alerts. */
  get size(): number {
    return this.#desk.incidents.size + (this.#dispatching.dispatcher?.groups.size ?? 0);
  }

  #configure(config: IncidentConfig, emit: Emit): void {
    if (config.hash === this.#desk.config.hash) return;
    this.#desk.configure(config);
    // Records from before there were routes have none.
    this.#dispatching.configure(config.dispatch ?? null, this.#nowMs, emit);
  }

  #deadlineOf = (id: string): number | null => {
    if (Dispatching.owns(id)) return this.#dispatching.deadlineOf(id);
    const incident = this.#desk.incidents.get(id);
    return incident === undefined ? null : nextWakeAtMs(incident);
  };

  #scheduling(emit: Emit): Emit {
    return (output) => {
      if (output.kind === "timer") {
        if (output.fireAtMs === null) this.#heap.remove(output.id);
        else this.#heap.schedule(output.id, output.fireAtMs);
      }
      emit(output);
    };
  }

  #isNew(source: number, { stepSeq, index }: { stepSeq: number; index: number }): boolean {
    const last = this.#origins.get(source);
    if (last === undefined) {
      this.#origins.set(source, { stepSeq, index });
      return true;
    }
    if (stepSeq < last.stepSeq || (stepSeq === last.stepSeq && index <= last.index)) return false;
    last.stepSeq = stepSeq;
    last.index = index;
    return true;
  }
}

/**
 * Strings cut out of a decoded record may keep all of it alive. What an incident keeps for hours
 * must own its text, so bodies that did not come as text of their own are copied.
 */
function ownBody(event: AlertEvent): AlertEvent {
  if (event.kind !== "opened" && event.kind !== "changed") return event;
  return JSON.parse(JSON.stringify(event)) as AlertEvent;
}
