/**
 * What the outbox carries, as the delivery worker sees it: something with an id, an age and a
 * lane, that can be sent and reported on. Notifications of incidents and of groups differ in
 * where they go and in how their reports look, and in nothing that the worker decides.
 */
import type { GroupNotification } from "../actors/dispatch/types.ts";
import type { DeliveryReport, Notification } from "../actors/incident/types.ts";
import { TerminalError } from "../runtime/errors.ts";
import type { GroupChannel } from "./alertmanager/group-channel.ts";
import type { Channel, DeliveryResult } from "./channel.ts";
import { decodeGroupNotification } from "./group-notification.ts";
import { decodeNotification } from "./notification.ts";

/** How one attempt at one notification ended. */
export type Outcome = {
  /** From 1. */
  attempt: number;
  outcome: DeliveryReport["outcome"];
  /** One line, without secrets. */
  detail: string;
};

/** What becomes of a group's notification, for the stage that decided it. */
export type GroupDeliveryReport = {
  kind: "groupDelivery";
  /** The notification's. */
  id: string;
  receiver: string;
  integration: { kind: string; index: number };
  groupKey: string;
  /** True: the peer has it. */
  ok: boolean;
  /** False: another attempt follows. */
  final: boolean;
  /** From 1. */
  attempt: number;
  detail: string;
};

export type Routes = {
  /** By the name that receivers use: { webhook: … }. */
  channels: Record<string, Channel>;
  /** The receiver's present settings; null when no such receiver is configured. */
  receiver(name: string): { channel: string; target: unknown } | null;
  /** Stores a report durably; awaited before the job leaves the queue. */
  report(report: DeliveryReport): Promise<void>;
  /** Absent: notifications of groups are given up. */
  groups?: {
    channel: GroupChannel;
    /** As `report` above. */
    report(report: GroupDeliveryReport): Promise<void>;
  };
};

export interface Deliverable {
  id: string;
  /** Items of one lane wait for each other and for no others. */
  lane: string;
  /** When it was decided. */
  atMs: number;
  /** One attempt. @throws RetryableError | TerminalError */
  send(signal: AbortSignal): Promise<DeliveryResult>;
  report(outcome: Outcome): Promise<void>;
  /** The outcome with what names the notification, for log lines. */
  fields(outcome: Outcome): object;
}

/** @throws Error naming the first field that is wrong. */
export function readDeliverable(value: unknown, routes: Routes): Deliverable {
  const isGroup = (value as { kind?: unknown } | null | undefined)?.kind === "group";
  return isGroup
    ? ofGroup(decodeGroupNotification(value), routes)
    : ofIncident(decodeNotification(value), routes);
}

function ofIncident(notification: Notification, routes: Routes): Deliverable {
  const { id, incident, receiver: lane, atMs } = notification;
  const fields = (outcome: Outcome): DeliveryReport => ({
    notificationId: id,
    incidentId: incident.id,
    receiver: lane,
    channel: routes.receiver(lane)?.channel ?? "",
    ...outcome,
  });
  return {
    id,
    lane,
    atMs,
    fields,
    report: (outcome) => routes.report(fields(outcome)),
    async send(signal) {
      const receiver = routes.receiver(lane);
      if (receiver === null) throw new TerminalError(`no receiver named ${lane} is configured`);
      const channel = Object.hasOwn(routes.channels, receiver.channel)
        ? routes.channels[receiver.channel]
        : undefined;
      if (channel === undefined) {
        throw new TerminalError(`receiver ${lane}: no channel ${receiver.channel}`);
      }
      return channel.send(notification, receiver.target, signal);
    },
  };
}

function ofGroup(notification: GroupNotification, routes: Routes): Deliverable {
  const { id, receiver, integration, groupKey, atMs } = notification;
  const fields = ({ attempt, outcome, detail }: Outcome): GroupDeliveryReport => ({
    kind: "groupDelivery",
    id,
    receiver,
    integration,
    groupKey,
    ok: outcome === "delivered",
    final: outcome !== "failed",
    attempt,
    detail,
  });
  return {
    id,
    // Each integration has a lane of its own: a mail server that hangs delays no pager.
    lane: `${receiver}\n${integration.kind}\n${integration.index}`,
    atMs,
    fields,
    report: async (outcome) => routes.groups?.report(fields(outcome)),
    async send(signal) {
      if (routes.groups !== undefined) return routes.groups.channel.send(notification, signal);
      throw new TerminalError("notifications of groups are not delivered here");
    },
  };
}
