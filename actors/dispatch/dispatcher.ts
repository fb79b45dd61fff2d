/**
 * The dispatcher of one incident partition: puts alerts into the groups of their routes, and tells
 * receivers of groups as Alertmanager would. It keeps every alert that fires, in full: a
 * notification shows all alerts of its group.
 *
 * D1 An alert is in one group of each route that takes it, until it has ended and the group has
 *    been looked at.
 * D2 A new configuration moves alerts to the groups it asks for; a group that it leaves as it was
 *    keeps its times and what it told (I11).
 */
import type { AlertEvent, Labels } from "../alert/events.ts";
import type { DispatchConfig } from "./config.ts";
import type { Group } from "./group.ts";
import { newGroup } from "./group.ts";
import { Inhibition } from "./inhibition.ts";
import { labelFingerprint } from "./label-fingerprint.ts";
import type { Route } from "./routes.ts";
import { compileRoutes, groupLabelsOf, matchingRoutes, routesBelow } from "./routes.ts";
import type { Silences } from "./silences.ts";
import { labelsText } from "./text.ts";
import { notificationsOf } from "./telling.ts";
import type { GroupDelivery, GroupNotification, OverlookedAlert, Silence } from "./types.ts";

export type DispatchOutput =
  | { kind: "notifyGroup"; notification: GroupNotification }
  /** fireAtMs null: the timer is gone. generation grows with every change of the same id. */
  | { kind: "timer"; id: string; generation: number; fireAtMs: number | null }
  /** `taken` false: a newer state of it is known, or there are too many. */
  | { kind: "silence"; silence: Silence; taken: boolean; replyTo: string }
  | { kind: "groupDelivery"; report: GroupDelivery; atMs: number };
export type EmitDispatch = (output: DispatchOutput) => void;

/** Ends of unknown alerts that are remembered, and for how long: what overlaps takes seconds. */
const endedMax = 20_000;
const endedKeptMs = 10 * 60_000;

export type HeldAlert = {
  fingerprint: string;
  labels: Labels;
  annotations: Labels;
  generatorURL: string;
  startsAtMs: number;
  /** As last told: repeats move it on without telling (dedup rolls them up). */
  endsAtMs: number;
  updatedAtMs: number;
  /** Null while it fires. */
  resolvedAtMs: number | null;
  groups: Group[];
  /** Silences whose matchers hold, as of a version of the silences. */
  silencedBy: { version: number; ids: string[] };
};

export class Dispatcher {
  readonly partition: number;
  readonly silences: Silences;
  config: DispatchConfig;
  inhibition: Inhibition;
  readonly alerts = new Map<string, HeldAlert>();
  readonly groups = new Map<string, Group>();
  /** Groups opened since the partition began. */
  serial = 0;
  /** Since when there are routes, ms; alerts that fired before may be unknown here. */
  sinceMs = 0;
  /** Ends of alerts that were unknown: what is told of such an alert afterwards came too late. */
  readonly ended = new Map<string, number>();
  #root: Route;
  #routes = new Map<Group, Route>();
  #byId = new Map<string, Group>();

  constructor(partition: number, config: DispatchConfig, silences: Silences) {
    this.partition = partition;
    this.config = config;
    this.silences = silences;
    this.#root = compileRoutes(config.route);
    this.inhibition = new Inhibition(config.inhibitRules);
  }

  /** D2. */
  configure(config: DispatchConfig, nowMs: number, emit: EmitDispatch): void {
    this.config = config;
    this.#root = compileRoutes(config.route);
    this.inhibition = new Inhibition(config.inhibitRules);
    this.#routes.clear();
    for (const group of this.groups.values()) group.alerts.clear();
    for (const alert of this.alerts.values()) {
      alert.groups = [];
      if (alert.resolvedAtMs === null) this.inhibition.begin(alert.fingerprint, alert.labels);
      this.#group(alert, nowMs, emit);
    }
    for (const group of [...this.groups.values()]) {
      if (!this.#routes.has(group)) this.#drop(group, emit);
    }
  }

  apply(event: AlertEvent, nowMs: number, emit: EmitDispatch): void {
    switch (event.kind) {
      case "opened":
      case "changed":
        this.#fire(event, nowMs, emit);
        break;
      case "refreshed": {
        const alert = this.alerts.get(event.fingerprint);
        if (alert === undefined) break;
        alert.endsAtMs = event.endsAtMs;
        alert.updatedAtMs = nowMs;
        break;
      }
      case "resolved": {
        const alert = this.alerts.get(event.fingerprint);
        if (event.by === "unmatched") break;
        if (alert === undefined) {
          this.#rememberEnd(event.fingerprint, nowMs);
          break;
        }
        if (alert.resolvedAtMs === null) this.inhibition.end(alert.fingerprint, alert.labels);
        alert.resolvedAtMs = event.endedAtMs;
        alert.endsAtMs = event.endedAtMs;
        alert.updatedAtMs = nowMs;
        break;
      }
      case "rejected":
        break;
    }
  }

  /** Takes in what fired before there were routes, unless it is known or has ended since. */
  takeOver(alerts: readonly OverlookedAlert[], nowMs: number, emit: EmitDispatch): void {
    for (const alert of alerts) {
      const { fingerprint } = alert;
      if (this.alerts.has(fingerprint) || this.ended.has(fingerprint)) continue;
      this.#fire({ kind: "opened", received: 1, atMs: nowMs, ...alert }, nowMs, emit);
    }
  }

  /** The group's deadline has come: tells whoever is to be told, and sets the next one. */
  flush(id: string, nowMs: number, emit: EmitDispatch): void {
    const group = this.#byId.get(id);
    const route = group && this.#routes.get(group);
    if (group === undefined || route === undefined || group.nextFlushAtMs > nowMs) return;
    group.hasFlushed = true;
    group.flushes += 1;
    for (const notification of notificationsOf(this, group, route, nowMs)) {
      emit({ kind: "notifyGroup", notification });
    }
    for (const fingerprint of group.alerts) {
      const alert = this.alerts.get(fingerprint);
      if (alert?.resolvedAtMs === null) continue;
      group.alerts.delete(fingerprint);
      if (alert !== undefined) this.#leave(alert, group);
    }
    if (group.alerts.size === 0) this.#drop(group, emit);
    else this.#schedule(group, nowMs + route.config.groupIntervalMs, emit);
  }

  /** A message that nobody took has told nobody: the group's next look tells it anew. */
  applyDelivery({ notificationId, outcome }: GroupDelivery): void {
    if (outcome !== "gaveUp") return;
    const group = this.#byId.get(notificationId.slice(0, notificationId.indexOf(":")));
    for (const [key, told] of group?.told ?? []) {
      if (told.notificationId === notificationId) group?.told.delete(key);
    }
  }

  /** There are no routes any more: nothing waits from now on. */
  end(emit: EmitDispatch): void {
    for (const group of [...this.groups.values()]) this.#drop(group, emit);
  }

  /** Null: there is no such group, or it waits for nothing. */
  deadlineOf(id: string): number | null {
    return this.#byId.get(id)?.nextFlushAtMs ?? null;
  }

  routeOf(group: Group): Route | undefined {
    return this.#routes.get(group);
  }

  /** Ids of active silences that mute the alert. */
  silencedBy(alert: HeldAlert, nowMs: number): string[] {
    const { version } = this.silences;
    if (alert.silencedBy.version !== version) {
      alert.silencedBy = { version, ids: this.silences.matching(alert.labels) };
    }
    return alert.silencedBy.ids.filter((id) => this.silences.isActive(id, nowMs));
  }

  /** From a snapshot: alerts first, then their groups. Timers are the caller's. */
  restore(alerts: HeldAlert[], groups: Group[]): void {
    const routes = new Map(routesBelow(this.#root).map((route) => [placeOf(route), route]));
    for (const group of groups) {
      this.groups.set(group.key, group);
      this.#byId.set(group.id, group);
      // Not by its alerts: a group whose alerts have left it is still to be looked at.
      const place = group.key.slice(0, -labelsText(group.labels).length);
      const route = routes.get(place);
      if (route !== undefined) this.#routes.set(group, route);
    }
    for (const alert of alerts) {
      this.alerts.set(alert.fingerprint, alert);
      if (alert.resolvedAtMs === null) this.inhibition.begin(alert.fingerprint, alert.labels);
      for (const route of matchingRoutes(this.#root, alert.labels)) {
        const group = this.groups.get(keyIn(route, groupLabelsOf(route, alert.labels)));
        if (group?.alerts.has(alert.fingerprint)) alert.groups.push(group);
      }
    }
  }

  #fire(
    event: Extract<AlertEvent, { kind: "opened" | "changed" }>,
    nowMs: number,
    emit: EmitDispatch,
  ): void {
    const { fingerprint, body, startsAtMs, endsAtMs } = event;
    this.ended.delete(fingerprint);
    const { labels, annotations, generatorURL } = body;
    const times = { startsAtMs, endsAtMs, updatedAtMs: nowMs, resolvedAtMs: null };
    const content = { labels, annotations, generatorURL };
    let alert = this.alerts.get(fingerprint);
    if (alert === undefined) {
      alert = {
        fingerprint,
        ...content,
        ...times,
        groups: [],
        silencedBy: { version: -1, ids: [] },
      };
      this.alerts.set(fingerprint, alert);
    } else {
      // A sender's own key may keep the fingerprint while its labels change: both start anew.
      if (alert.resolvedAtMs === null) this.inhibition.end(fingerprint, alert.labels);
      if (labelsText(labels) !== labelsText(alert.labels)) this.#leaveAll(alert, labels, nowMs);
      Object.assign(alert, content, times);
      alert.silencedBy = { version: -1, ids: [] };
    }
    this.inhibition.begin(fingerprint, labels);
    this.#group(alert, nowMs, emit);
  }

  /** Puts the alert into the group of each route that takes it. */
  #group(alert: HeldAlert, nowMs: number, emit: EmitDispatch): void {
    for (const route of matchingRoutes(this.#root, alert.labels)) {
      const labels = groupLabelsOf(route, alert.labels);
      const key = keyIn(route, labels);
      const { groupWaitMs } = route.config;
      let group = this.groups.get(key);
      if (group === undefined) {
        this.serial += 1;
        const id = `grp-${this.partition}-${this.serial}`;
        group = newGroup(id, key, labels, nowMs + groupWaitMs);
        this.groups.set(key, group);
        this.#byId.set(id, group);
        this.#schedule(group, group.nextFlushAtMs, emit);
      }
      this.#routes.set(group, route);
      if (!alert.groups.includes(group)) alert.groups.push(group);
      group.alerts.add(alert.fingerprint);
      // As in Alertmanager: whoever has waited long enough elsewhere does not wait again.
      const hasWaited = !group.hasFlushed && alert.startsAtMs + groupWaitMs < nowMs;
      if (hasWaited && group.nextFlushAtMs > nowMs) this.#schedule(group, nowMs, emit);
    }
  }

  #rememberEnd(fingerprint: string, nowMs: number): void {
    this.ended.delete(fingerprint);
    this.ended.set(fingerprint, nowMs);
    for (const [oldest, atMs] of this.ended) {
      if (this.ended.size <= endedMax && atMs + endedKeptMs >= nowMs) break;
      this.ended.delete(oldest);
    }
  }

  #schedule(group: Group, atMs: number, emit: EmitDispatch): void {
    group.nextFlushAtMs = atMs;
    group.timerGeneration += 1;
    emit({ kind: "timer", id: group.id, generation: group.timerGeneration, fireAtMs: atMs });
  }

  #drop(group: Group, emit: EmitDispatch): void {
    for (const fingerprint of group.alerts) {
      const alert = this.alerts.get(fingerprint);
      if (alert !== undefined) this.#leave(alert, group);
    }
    this.groups.delete(group.key);
    this.#byId.delete(group.id);
    this.#routes.delete(group);
    const generation = group.timerGeneration + 1;
    emit({ kind: "timer", id: group.id, generation, fireAtMs: null });
  }

  #leave(alert: HeldAlert, group: Group): void {
    alert.groups = alert.groups.filter((each) => each !== group);
    if (alert.groups.length === 0 && alert.resolvedAtMs !== null) {
      this.alerts.delete(alert.fingerprint);
    }
  }

  /** Its labels change: in the groups that it was in it has ended, and they tell so. */
  #leaveAll(alert: HeldAlert, labels: Labels, nowMs: number): void {
    const ended = {
      ...alert,
      fingerprint: endedKey(alert.fingerprint, alert.labels),
      resolvedAtMs: alert.resolvedAtMs ?? nowMs,
      updatedAtMs: nowMs,
    };
    for (const group of alert.groups) {
      group.alerts.delete(alert.fingerprint);
      group.alerts.add(ended.fingerprint);
    }
    if (ended.groups.length > 0) this.alerts.set(ended.fingerprint, ended);
    alert.groups = [];
    // Back at labels that it had before: there it has not ended after all.
    const back = endedKey(alert.fingerprint, labels);
    for (const group of this.alerts.get(back)?.groups ?? []) group.alerts.delete(back);
    this.alerts.delete(back);
  }
}

/** Stands for an alert under labels that it has no more; no fingerprint looks like it. */
function endedKey(fingerprint: string, labels: Labels): string {
  return `${fingerprint}/${labelFingerprint(labels)}`;
}

function keyIn(route: Route, labels: Labels): string {
  return `${placeOf(route)}${labelsText(labels)}`;
}

/** What the keys of all groups of the route begin with. */
function placeOf({ key, twin }: Route): string {
  return `${key}#${twin}:`;
}
