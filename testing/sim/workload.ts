/**
 * Who uses the simulated system: senders of alerts, people with commands, delivery workers, an
 * operator who reloads the configuration. All of them repeat what was not answered, as the real
 * ones do, and all of them send some things twice.
 */
import type { LearntEdge } from "../../actors/correlation/learnt-edges.ts";
import type { GroupNotification, Silence } from "../../actors/dispatch/types.ts";
import type { Command, CommandAction, Notification } from "../../actors/incident/types.ts";
import { RetryableError } from "../../runtime/errors.ts";
import { bundleOf } from "../../runtime/bundle.ts";
import type { LaneLog } from "../../runtime/lane-log.ts";
import { laneOf } from "../../runtime/placement.ts";
import type { WorkRecord } from "../../runtime/work.ts";
import { codec } from "../../streams/codec.ts";
import { inputSubject, laneSubject, workSubject } from "../../streams/subjects.ts";
import { alertRecord, type AlertRecord, buildFrame } from "../frame-builder.ts";
import type { Random } from "../random.ts";
import { dedupConfig, incidentConfig, laneLog, simDispatch, type Spine } from "./spine.ts";
import { dedupPartitions, incidentPartitions, type World } from "./world.ts";

type Kind = { labels: Record<string, string>; dedup_key?: string };

const alertsPerFrameMax = 8;
const attemptsMax = 6;

export class Workload {
  /** Ids of frames that were acknowledged: the promise that must be kept (I1). */
  readonly acknowledged = new Set<string>();
  /** Input positions of records that no stage can read, by subject. */
  readonly poison = new Map<string, Set<number>>();
  private readonly world: World;
  private readonly spine: Spine;
  private readonly random: Random;
  private readonly log: LaneLog;
  private readonly kinds: Kind[];
  private frames = 0;
  private commands = 0;
  private reportedThrough = 0;
  /** Sends under way; the world has converged only when there are none. */
  underWay = 0;

  constructor(world: World, spine: Spine) {
    this.world = world;
    this.spine = spine;
    this.random = world.random.fork();
    this.log = laneLog(world, world.link("workload"));
    this.kinds = alertKinds(this.random, this.random.pick([1, 4, 15]));
  }

  /** The configuration is the first thing in every log. */
  begin(): void {
    for (let p = 0; p < dedupPartitions; p++) this.configure(this.input(p), dedupConfig);
    for (let q = 0; q < incidentPartitions; q++) this.configure(workSubject(q), incidentConfig);
  }

  /** Does one thing now; called again and again while the run is under load. */
  act(): void {
    const dice = this.random.between(0, 99);
    if (dice < 70) this.sendAlerts();
    else if (dice < 85) this.command();
    else if (dice < 93) this.deliver();
    else if (dice < 95) this.silence();
    else if (dice < 96) this.edge();
    else if (dice < 98) this.reload();
    else this.sendPoison();
  }

  /** Every alert ends and every incident is resolved, so that a healed world comes to rest. */
  finish(): void {
    for (const kind of this.kinds) {
      const record = this.alert(kind, "resolved");
      const partition = partitionOf(record);
      this.sendBundle(laneOf(partition, this.world.lanes), [[partition, [record]]], false);
    }
    for (const incidentId of this.world.state.views.keys()) {
      const id = `command-${++this.commands}`;
      const action: CommandAction = { kind: "resolve", note: "the day is over" };
      const command: Command = { id, incidentId, by: "sim", action, replyTo: "" };
      this.work(partitionOfIncident(incidentId), { kind: "command", command });
    }
    this.deliver();
  }

  private sendAlerts(): void {
    const count = this.random.between(1, alertsPerFrameMax);
    const byPartition = new Map<number, AlertRecord[]>();
    for (let index = 0; index < count; index++) {
      const kind = this.random.pick(this.kinds);
      const how = this.random.pick(["firing", "firing", "firing", "changed", "resolved"]);
      const record = this.alert(kind, how);
      const partition = partitionOf(record);
      byPartition.set(partition, [...(byPartition.get(partition) ?? []), record]);
    }
    const twice = this.random.chance(0.1);
    const byLane = Map.groupBy(byPartition, ([partition]) => laneOf(partition, this.world.lanes));
    for (const [lane, parts] of byLane) this.sendBundle(lane, parts, twice);
  }

  private alert(kind: Kind, how: string): AlertRecord {
    const nowMs = Math.floor(this.world.scheduler.nowMs());
    const value = how === "changed" ? String(this.random.between(1, 3)) : "0";
    const endsAtMs = how === "resolved" ? nowMs - 1 : nowMs + this.random.between(500, 20_000);
    return alertRecord(
      { ...kind, annotations: { value, summary: `value is ${value}` } },
      { startsAtMs: nowMs - 1_000, endsAtMs, endsByTimeout: how !== "resolved" },
    );
  }

  /** @param parts records by partition. */
  private sendBundle(lane: number, parts: [number, AlertRecord[]][], twice: boolean): void {
    const nowMs = Math.floor(this.world.scheduler.nowMs());
    const bundle = bundleOf(
      parts.map(([partition, records]) => ({ partition, data: buildFrame(nowMs, records) })),
    );
    for (let copy = 0; copy < (twice ? 2 : 1); copy++) {
      const id = `frame-${++this.frames}`;
      void this.repeat(() => this.log.append(laneSubject(lane), bundle, id)).then((seq) => {
        if (seq !== null) this.acknowledged.add(id);
      });
    }
  }

  private command(): void {
    const id = this.random.chance(0.9) ? this.anyIncident() : "inc-0-nowhere";
    if (id === null) return;
    const create = this.random.chance(0.1);
    const command: Command = {
      id: `command-${++this.commands}`,
      incidentId: create ? null : id,
      by: "sim",
      action: create ? creation(this.random) : anyAction(this.random, this.anyIncident() ?? id),
      replyTo: "",
    };
    this.work(partitionOfIncident(id), { kind: "command", command });
    if (this.random.chance(0.2)) this.work(partitionOfIncident(id), { kind: "command", command });
  }

  /** Delivery workers get each notification at least once, and report at least once. */
  private deliver(): void {
    const outbox = this.world.log.everStored("outbox.");
    const from = Math.max(0, this.reportedThrough - this.random.between(0, 1));
    for (const { data } of outbox.slice(from)) {
      const notification = codec.decode(data) as Notification | GroupNotification;
      if ("kind" in notification) {
        this.deliverGroup(notification);
        continue;
      }
      const incidentId = notification.incident.id;
      const delivered = this.random.chance(0.9);
      this.work(partitionOfIncident(incidentId), {
        kind: "delivery",
        report: {
          notificationId: notification.id,
          incidentId,
          receiver: notification.receiver,
          channel: "webhook",
          attempt: 1,
          outcome: delivered ? "delivered" : "failed",
          detail: delivered ? "200" : "503",
        },
      });
    }
    this.reportedThrough = outbox.length;
  }

  private deliverGroup({ id, receiver, integration, groupKey }: GroupNotification): void {
    const partition = Number(id.split("-")[1]);
    const outcome = this.random.pick(["delivered", "delivered", "failed", "gaveUp"] as const);
    const about = { notificationId: id, receiver, integration, groupKey };
    const report = { ...about, attempt: 1, outcome, detail: outcome };
    this.work(partition, { kind: "groupDelivery", report });
  }

  /** The same few silences again and again, in any order, now and then ended. */
  private silence(): void {
    const nowMs = Math.floor(this.world.scheduler.nowMs());
    const service = this.random.pick(["gateway", "inference"]);
    const silence: Silence = {
      id: `silence-${this.random.between(1, 3)}`,
      matchers: [{ label: "service", op: "=", value: service }],
      startsAtMs: nowMs - 1_000,
      endsAtMs: nowMs + this.random.pick([0, 1_000, 5_000]),
      updatedAtMs: nowMs - this.random.between(0, 500),
      createdBy: "sim",
      comment: "quiet",
      annotations: {},
      recurrence: null,
    };
    for (let q = 0; q < incidentPartitions; q++) {
      this.work(q, { kind: "silence", silence, replyTo: "" });
    }
  }

  /** Said to all partitions, with times that overtake each other. */
  private edge(): void {
    const atMs = Math.floor(this.world.scheduler.nowMs()) - this.random.between(0, 500);
    const edges = [{ ...anyEdge(this.random), atMs }];
    const record: WorkRecord = { kind: "edges", edges, replyTo: "" };
    for (let q = 0; q < incidentPartitions; q++) this.work(q, record);
  }

  /** Half of the reloads change nothing; none may re-notify or forget (I11). */
  private reload(): void {
    const changed = this.random.chance(0.5);
    const hash = changed ? `v${this.random.between(1, 3)}` : "incident-1";
    const config = { ...incidentConfig, hash };
    if (changed) {
      config.groupBy = ["alertname"];
      config.dispatch = this.random.pick([simDispatch(["service"]), simDispatch(), null]);
      config.hash += String(config.dispatch?.route.groupBy);
    }
    const partition = this.random.between(0, incidentPartitions - 1);
    this.work(partition, { kind: "config", config });
  }

  /** A record that no stage can read: it must end as a dead letter and stop nothing else. */
  private sendPoison(): void {
    if (this.world.healed || !this.random.chance(0.2)) return;
    const seat = this.random.pick([...this.spine.dedup, ...this.spine.incident]);
    seat.poisoned = true;
    const [stage, partition] = seat.name.split(".");
    const number = Number(partition);
    const subject = stage === "dedup" ? this.input(number) : workSubject(number);
    const known = this.poison.get(subject) ?? new Set();
    this.poison.set(subject, known);
    const id = `poison-${++this.frames}`;
    const data = new Uint8Array([0x01, 0xc1]);
    void this.repeat(() => this.log.append(subject, data, id)).then((seq) => {
      if (seq !== null) known.add(seq);
    });
  }

  private input(partition: number): string {
    return inputSubject(partition, this.world.lanes);
  }

  private configure(subject: string, config: typeof dedupConfig | typeof incidentConfig): void {
    const data = codec.encode({ kind: "config", config });
    void this.repeat(() => this.log.append(subject, data), Infinity);
  }

  private work(partition: number, record: WorkRecord): void {
    const data = codec.encode(record);
    void this.repeat(() => this.log.append(workSubject(partition), data));
  }

  private anyIncident(): string | null {
    const ids = [...this.world.state.views.keys()];
    return ids.length === 0 ? null : this.random.pick(ids);
  }

  /** @returns null when it gave up without an answer: the outcome stays unknown. */
  private async repeat<T>(send: () => Promise<T>, attempts = attemptsMax): Promise<T | null> {
    this.underWay += 1;
    try {
      for (let attempt = 0; attempt < attempts; attempt++) {
        try {
          return await send();
        } catch (error) {
          if (!(error instanceof RetryableError)) throw error;
          await this.world.scheduler.sleep(this.random.between(10, 500));
        }
      }
      return null;
    } finally {
      this.underWay -= 1;
    }
  }
}

function alertKinds(random: Random, count: number): Kind[] {
  return Array.from({ length: count }, (_, index) => {
    const labels = {
      alertname: random.pick(["HighLatency", "TokenBurn", "GpuDown"]),
      service: random.pick(["gateway", "inference", "billing"]),
      severity: random.pick(["critical", "warning", "info"]),
      tenant_id: random.pick(["acme", "globex"]),
      instance: `host-${index}`,
    };
    if (random.chance(0.2)) Object.assign(labels, { depends_on: "storage, inference" });
    return random.chance(0.2) ? { labels, dedup_key: `key-${index}` } : { labels };
  });
}

function anyEdge(random: Random): Omit<LearntEdge, "atMs"> {
  const scope = { tenant: random.pick([null, "acme"]), environment: null };
  const service = random.pick(["gateway", "inference"]);
  const dependency = random.pick(["billing", "inference", "storage"]);
  const source = random.pick(["api", "traces"] as const);
  return { source, ...scope, service, dependency, removed: random.chance(0.3), by: "sim" };
}

/** Stands for fingerprint mod partitions. */
function partitionOf(record: AlertRecord): number {
  return Number.parseInt(record.fingerprint.slice(-4), 16) % dedupPartitions;
}

function partitionOfIncident(id: string): number {
  return Number(id.split("-")[1]) % incidentPartitions;
}

function creation(random: Random): CommandAction {
  return {
    kind: "create",
    title: "by hand",
    description: "",
    severity: random.pick(["critical", "low"]),
    service: "gateway",
    labels: { severity: random.pick(["critical", "low"]) },
    dedupKey: random.pick([null, "by-hand"]),
  };
}

function anyAction(random: Random, other: string): CommandAction {
  return random.pick<CommandAction>([
    { kind: "acknowledge" },
    { kind: "investigate" },
    { kind: "identify", cause: "a cause" },
    { kind: "resolve", note: "done" },
    { kind: "close" },
    { kind: "reopen", reason: "not done" },
    { kind: "merge", into: other },
    { kind: "split", alerts: [other], reason: "" },
    { kind: "note", text: "noted" },
    { kind: "setSeverity", severity: random.pick(["critical", "low"]), reason: "it is" },
  ]);
}
