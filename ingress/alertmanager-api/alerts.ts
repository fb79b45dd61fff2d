/**
 * GET /api/v2/alerts and /api/v2/alerts/groups. Alerts come from the dedup stage, which knows the
 * newest of everything; whether they are muted comes from dispatching; routes and groups follow
 * from their labels. An addition: `limit` and `cursor` page through alerts.
 */
import type { Labels } from "../../actors/alert/events.ts";
import type { DispatchConfig } from "../../actors/dispatch/config.ts";
import {
  groupLabelsOf,
  lookupOf,
  matchingRoutes,
  type Route as Routing,
} from "../../actors/dispatch/routes.ts";
import { labelFingerprint } from "../../actors/dispatch/label-fingerprint.ts";
import { byCodeUnits, compareLabels, labelsText } from "../../actors/dispatch/text.ts";
import { mutedBy } from "../../actors/dispatch/telling.ts";
import type { AlertStatus } from "../../actors/dispatch/types.ts";
import type { ListedAlert } from "../../runtime/alert-list.ts";
import type { AlertLists, DispatchService } from "../../runtime/services.ts";
import type { HttpRequest, HttpResponse } from "../http.ts";
import { answer, BadQuery, readFlag, readMatchers, readReceiver, splitMatchers } from "./query.ts";

/** The routes in force, compiled. */
export type Routes = {
  config: DispatchConfig;
  root: Routing;
  /** By name; a receiver's name is among them. */
  receiverLabels: Record<string, Labels>;
};

export type AlertsDeps = {
  alerts: AlertLists;
  dispatch: DispatchService;
  /** Null: there is no Alertmanager configuration. */
  routes(): Routes | null;
  nowMs(): number;
};

type Shown = { alert: ListedAlert; status: AlertStatus; routes: Routing[] };

const pageAlerts = 1_000;
const limitMax = 10_000;
const cursorPattern = /^[0-9a-f]{16}$/;
/** Without routes nothing is told of and nothing muted: alerts simply are. */
const plainStatus: AlertStatus = { state: "active", silencedBy: [], inhibitedBy: [], mutedBy: [] };
const unprocessed: AlertStatus = { ...plainStatus, state: "unprocessed" };

export async function listAlerts(
  { query }: HttpRequest,
  deps: AlertsDeps,
): Promise<HttpResponse> {
  const limit = readLimit(query);
  const cursor = query.get("cursor") ?? "";
  if (cursor !== "" && !cursorPattern.test(cursor)) {
    throw new BadQuery(`cursor: got ${cursor}, expected the X-Next-Cursor of a page before`);
  }
  const shown: ReturnType<typeof alertView>[] = [];
  const next = await eachAlert(query, deps, { limit, after: cursor }, (one) =>
    shown.push(alertView(one, one.routes)),
  );
  // Pages come in the order of the cursor.
  if (!query.has("limit") && cursor === "") shown.sort(byFingerprint);
  const response = answer(200, shown);
  if (next !== null) response.headers = { ...response.headers, "x-next-cursor": next };
  return response;
}

export async function listGroups(
  { query }: HttpRequest,
  deps: AlertsDeps,
): Promise<HttpResponse> {
  const routing = deps.routes();
  if (routing === null) return answer(200, []);
  const showMuted = readFlag(query, "muted");
  const isReceiver = readReceiver(query, labelsIn(routing));
  type Group = { labels: Labels; receiver: string; alerts: ReturnType<typeof alertView>[] };
  const groups = new Map<string, Group>();
  await eachAlert(query, deps, { limit: Infinity, after: "" }, (one) => {
    const routes = one.routes.filter(({ config }) => isReceiver?.([config.receiver]) ?? true);
    for (const route of routes) {
      const { receiver } = route.config;
      if (!showMuted && mutedBy(routing.config, route, deps.nowMs()).length > 0) continue;
      const labels = groupLabelsOf(route, one.alert.labels);
      const key = `${labelsText(labels)}\u0000${receiver}\u0000${route.key}#${route.twin}`;
      const group = groups.get(key) ?? { labels, receiver, alerts: [] };
      groups.set(key, group);
      group.alerts.push(alertView(one, routes));
    }
  });
  const sorted = [...groups.values()].sort(
    (a, b) => compareLabels(a.labels, b.labels) || byCodeUnits(a.receiver, b.receiver),
  );
  const views = sorted.map(({ labels, receiver, alerts }) => ({
    labels,
    receiver: { name: receiver },
    alerts: alerts.sort(byFingerprint),
  }));
  return answer(200, views);
}

function labelsIn(routes: Routes | null): (receiver: string) => Labels {
  return (receiver) => routes?.receiverLabels[receiver] ?? { name: receiver };
}

/** Calls `use` with each alert that the query lets through. @returns the cursor of what follows. */
async function eachAlert(
  query: URLSearchParams,
  deps: AlertsDeps,
  { limit, after }: { limit: number; after: string },
  use: (one: Shown) => void,
): Promise<string | null> {
  const { filters, holds } = splitMatchers(readMatchers(query, "filter"));
  const routing = deps.routes();
  const isReceiver = readReceiver(query, labelsIn(routing));
  const [active, silenced] = [readFlag(query, "active"), readFlag(query, "silenced")];
  const [inhibited, early] = [readFlag(query, "inhibited"), readFlag(query, "unprocessed")];
  const isWanted = ({ state, silencedBy, inhibitedBy }: AlertStatus): boolean => {
    if (!active && state === "active") return false;
    if (!silenced && silencedBy.length > 0) return false;
    if (!inhibited && inhibitedBy.length > 0) return false;
    return early || state !== "unprocessed";
  };
  let count = 0;
  for (let cursor: string | null = after; cursor !== null; ) {
    const page = await deps.alerts.list(filters, pageAlerts, cursor);
    const statuses = routing === null ? null : await deps.dispatch.alerts(page.items);
    for (const alert of page.items) {
      if (!holds(lookupOf(alert.labels))) continue;
      const known = statuses === null ? plainStatus : statuses.get(alert.fingerprint);
      const status = known ?? unprocessed;
      const routes = routing === null ? [] : matchingRoutes(routing.root, alert.labels);
      const receivers = routes.map((route) => route.config.receiver);
      if (!isWanted(status) || (isReceiver !== null && !isReceiver(receivers))) continue;
      use({ alert, status, routes });
      count += 1;
      if (count >= limit) return alert.fingerprint;
    }
    cursor = page.cursor;
  }
  return null;
}

/** @param routes those of its routes that are shown. */
function alertView({ alert, status }: Shown, routes: readonly Routing[]) {
  const receivers = new Set(routes.map((route) => route.config.receiver));
  return {
    annotations: alert.annotations,
    endsAt: timeText(alert.endsAtMs),
    fingerprint: labelFingerprint(alert.labels),
    receivers: [...receivers].map((name) => ({ name })),
    startsAt: timeText(alert.startsAtMs),
    status,
    updatedAt: timeText(alert.updatedAtMs),
    ...(alert.generatorURL === "" ? {} : { generatorURL: alert.generatorURL }),
    labels: alert.labels,
  };
}

function byFingerprint(a: { fingerprint: string }, b: { fingerprint: string }): number {
  return byCodeUnits(a.fingerprint, b.fingerprint);
}

function timeText(ms: number): string {
  return new Date(ms).toISOString();
}

function readLimit(query: URLSearchParams): number {
  const text = query.get("limit");
  if (text === null) return Infinity;
  const limit = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= limitMax) return limit;
  throw new BadQuery(`limit: got ${text}, expected a number from 1 to ${limitMax}`);
}
