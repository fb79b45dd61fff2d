/**
 * Opsgenie's alert API: /v2/alerts. A 202 means that the alert, or what was done to it, is durable.
 * What is not supported says so with a 422 rather than pretending.
 */
import type { ListedAlert } from "../../runtime/alert-list.ts";
import type { Route } from "../http.ts";
import { submitOne } from "./decoded-intake.ts";
import type { IncidentFinder } from "./incident-finder.ts";
import {
  type OpsgenieShared,
  type Target,
  act,
  opsgenieActions,
} from "./opsgenie-actions.ts";
import { readCreate } from "./opsgenie-alert.ts";
import { OpsgenieDesk, identifierTypes } from "./opsgenie-desk.ts";
import {
  type OpsgenieAnswer,
  type OpsgenieCall,
  accepted,
  notSupported,
  opsgenieBody,
  opsgenieHandler,
  refusalOf,
  refused,
  unprocessable,
} from "./opsgenie-exchange.ts";
import { parseOpsgenieQuery } from "./opsgenie-query.ts";
import { RequestOutcomes } from "./opsgenie-requests.ts";
import { briefView, fullView } from "./opsgenie-view.ts";
import { type RecentAlerts, fingerprintOfAlert } from "./recent-alerts.ts";
import { timeText } from "./sender.ts";
import type { SenderDeps } from "./sender-deps.ts";

const limits = { default: 20, max: 100, offsetAndLimitMax: 20_000 };
/** Of one alert: what Opsgenie has beyond `opsgenieActions`. */
const unsupported: ["GET" | "POST" | "PUT" | "DELETE", string][] = [
  ...["unacknowledge", "snooze", "escalate", "assign", "responders", "teams", "tags"].map(
    (name): ["POST", string] => ["POST", name],
  ),
  ["POST", "details"],
  ["POST", "attachments"],
  ["GET", "logs"],
  ["GET", "notes"],
  ["GET", "recipients"],
  ["GET", "attachments"],
  ["DELETE", "tags"],
  ["DELETE", "details"],
];

export function registerOpsgenie(
  route: Route,
  deps: SenderDeps,
  { finder, recent }: { finder: IncidentFinder; recent: RecentAlerts },
): void {
  const desk = new OpsgenieDesk(deps, finder, recent);
  const shared: OpsgenieShared = { deps, desk, recent, outcomes: new RequestOutcomes() };
  const ingest = (answer: (call: OpsgenieCall) => Promise<OpsgenieAnswer>) =>
    opsgenieHandler(deps, "ingest", answer);
  const read = (answer: (call: OpsgenieCall) => Promise<OpsgenieAnswer>) =>
    opsgenieHandler(deps, "read", answer);
  route("POST", "/v2/alerts", ingest((call) => create(shared, call)));
  route("GET", "/v2/alerts", read((call) => list(shared, call)));
  route("GET", "/v2/alerts/count", read((call) => count(shared, call)));
  route("GET", "/v2/alerts/requests/:id", read(async (call) => outcome(shared, call)));
  route("GET", "/v2/alerts/:identifier", read((call) => one(shared, call)));
  route("DELETE", "/v2/alerts/:identifier", ingest(async () => notSupported("DELETE (use close)")));
  for (const [path, action] of Object.entries(opsgenieActions)) {
    const isDecision = path === "acknowledge" || path === "notes";
    const handler = opsgenieHandler(deps, isDecision ? "respond" : "ingest", async (call) => {
      const target = targetOf(call);
      return "status" in target ? target : act(shared, call, target, action);
    });
    route(action.method, `/v2/alerts/:identifier/${path}`, handler);
  }
  for (const [method, path] of unsupported) {
    const what = `${method} /v2/alerts/{identifier}/${path}`;
    route(method, `/v2/alerts/:identifier/${path}`, ingest(async () => notSupported(what)));
  }
  const custom = "POST /v2/alerts/{identifier}/actions/{name}";
  route("POST", "/v2/alerts/:identifier/actions/:name", ingest(async () => notSupported(custom)));
}

async function create(
  { deps, outcomes, recent }: OpsgenieShared,
  call: OpsgenieCall,
): Promise<OpsgenieAnswer> {
  const body = opsgenieBody(call.request, false);
  if ("refused" in body) return body.refused;
  const nowMs = deps.clock.nowMs();
  const made = readCreate(body.object, call.principal, deps.newId(), nowMs);
  if ("errors" in made) return unprocessable(made.errors);
  const { alias, alert } = made;
  const refusal = refusalOf(await submitOne(deps.intake, alert, "opsgenie", call.principal));
  if (refusal !== null) return refusal;
  const alertId = fingerprintOfAlert(alert);
  recent.note(alertId, deps.intake.asStored(alert));
  outcomes.note(call.requestId, {
    ...{ action: "Create", isSuccess: true, status: "Created alert", processedAtMs: nowMs },
    ...{ alertId, alias, tenant: call.principal.tenant },
  });
  return accepted();
}

async function list(
  { desk }: OpsgenieShared,
  { request, principal }: OpsgenieCall,
): Promise<OpsgenieAnswer> {
  const { query } = request;
  const errors: Record<string, string> = {};
  const offset = numberIn(query, "offset", 0, 0, limits.offsetAndLimitMax, errors);
  const limit = numberIn(query, "limit", limits.default, 1, limits.max, errors);
  const compare = orderOf(query, errors);
  const parsed = parseOpsgenieQuery(query.get("query") ?? "");
  if (query.has("searchIdentifier")) {
    errors["searchIdentifier"] = "Saved searches do not exist here.";
  }
  if (typeof parsed === "string") errors["query"] = parsed;
  if (typeof parsed === "string" || Object.keys(errors).length > 0) return unprocessable(errors);
  const found = await desk.select(parsed, principal);
  if (found === null) return tooMany();
  const page = found.sort(compare).slice(offset, offset + limit);
  const incidents = await desk.incidents(page);
  const data = page.map((alert, index) => briefView(alert, incidents[index] ?? null));
  return { status: 200, body: { data, paging: paging(query, offset, limit, found.length) } };
}

async function count(
  { desk }: OpsgenieShared,
  { request, principal }: OpsgenieCall,
): Promise<OpsgenieAnswer> {
  const parsed = parseOpsgenieQuery(request.query.get("query") ?? "");
  if (typeof parsed === "string") return unprocessable({ query: parsed });
  const found = await desk.select(parsed, principal);
  return found === null ? tooMany() : { status: 200, body: { data: { count: found.length } } };
}

async function one(
  { desk }: OpsgenieShared,
  call: OpsgenieCall,
): Promise<OpsgenieAnswer> {
  const target = targetOf(call);
  if ("status" in target) return target;
  const { principal } = call;
  const fingerprint = desk.fingerprint(target.identifier, target.type, principal);
  const alert = fingerprint === null ? null : await desk.find(fingerprint, principal);
  if (alert === null) return refused(404, "Alert does not exist, or it is over");
  const data = fullView(alert, await desk.incident(alert.fingerprint));
  return { status: 200, body: { data } };
}

function outcome({ outcomes }: OpsgenieShared, call: OpsgenieCall): OpsgenieAnswer {
  const found = outcomes.find(call.request.params["id"] ?? "");
  const { tenant } = call.principal;
  if (found === null || (tenant !== null && found.tenant !== tenant)) {
    return refused(404, "Request not found. It might not be processed, or be too old");
  }
  const { isSuccess, action, status, alertId, alias, processedAtMs } = found;
  const processedAt = timeText(processedAtMs);
  return {
    status: 200,
    body: {
      data: {
        ...{ success: isSuccess, isSuccess, action, processedAt, integrationId: "tocsin" },
        ...{ status, alertId, alias },
      },
    },
  };
}

function targetOf({ request }: OpsgenieCall): Target | OpsgenieAnswer {
  const given = request.query.get("identifierType") ?? "id";
  const type = identifierTypes.find((known) => known === given);
  if (type !== undefined) return { identifier: request.params["identifier"] ?? "", type };
  return unprocessable({ identifierType: `must be one of ${identifierTypes.join(", ")}` });
}

function numberIn(
  query: URLSearchParams,
  name: string,
  fallback: number,
  min: number,
  max: number,
  errors: Record<string, string>,
): number {
  const text = query.get(name);
  if (text === null) return fallback;
  const value = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  errors[name] = `must be a number from ${min} to ${max}`;
  return fallback;
}

const sortKeys: Record<string, (alert: ListedAlert) => number> = {
  createdAt: (alert) => alert.startsAtMs,
  updatedAt: (alert) => alert.updatedAtMs,
  lastOccurredAt: (alert) => alert.updatedAtMs,
  count: (alert) => alert.received,
};

function orderOf(
  query: URLSearchParams,
  errors: Record<string, string>,
): (a: ListedAlert, b: ListedAlert) => number {
  const name = query.get("sort") ?? "createdAt";
  const key = Object.hasOwn(sortKeys, name) ? sortKeys[name] : undefined;
  const order = query.get("order") ?? "desc";
  if (key === undefined) errors["sort"] = `must be one of ${Object.keys(sortKeys).join(", ")}`;
  if (order !== "asc" && order !== "desc") errors["order"] = "must be asc or desc";
  const sign = order === "asc" ? 1 : -1;
  return (a, b) => sign * ((key?.(a) ?? 0) - (key?.(b) ?? 0));
}

function paging(query: URLSearchParams, offset: number, limit: number, total: number): object {
  const at = (place: number): string => {
    const changed = new URLSearchParams(query);
    for (const secret of ["apiKey", "token"]) changed.delete(secret);
    changed.set("offset", String(place));
    changed.set("limit", String(limit));
    return `/v2/alerts?${changed.toString()}`;
  };
  const last = Math.max(0, Math.ceil(total / limit) - 1) * limit;
  const next = offset + limit < total ? { next: at(offset + limit) } : {};
  return { ...next, first: at(0), last: at(last) };
}

function tooMany(): OpsgenieAnswer {
  return unprocessable({ query: "More alerts fire than one query looks at; narrow it by entity." });
}
