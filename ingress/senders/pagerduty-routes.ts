/**
 * PagerDuty's Events API: POST /v2/enqueue, /v2/change/enqueue and the old
 * /generic/2010-04-15/create_event.json. 202 (200 for the old one) means that the alert is durable,
 * or that the incident was told; an acknowledge or a resolve that nothing waits for is accepted.
 */
import type { IntakeResult } from "../../runtime/services.ts";
import { LimitError, RetryableError } from "../../runtime/errors.ts";
import { retryAfterSeconds } from "../http-exchange.ts";
import { type HttpRequest, type HttpResponse, type Route, json } from "../http.ts";
import { submitOne } from "./decoded-intake.ts";
import { type IncidentFinder, anyIncident, isOpenIncident } from "./incident-finder.ts";
import { readJsonObject } from "./json-body.ts";
import { type ChangeReading, readChange } from "./pagerduty-change.ts";
import {
  type PagerDutyEvent,
  type PagerDutyReading,
  pagerDutyAlert,
  pagerDutyLimits,
  readEventV1,
  readEventV2,
} from "./pagerduty-event.ts";
import { type RecentAlerts, fingerprintOfAlert } from "./recent-alerts.ts";
import { type JsonObject, type SenderPrincipal, keyLabels, textField } from "./sender.ts";
import type { SenderDeps } from "./sender-deps.ts";

/** How a version of the API names the sender's key, and its success. */
type Version = { status: number; keyName: string; throttled: number };

const v1: Version = { status: 200, keyName: "incident_key", throttled: 403 };
const v2: Version = { status: 202, keyName: "dedup_key", throttled: 429 };

/** Incidents of one service that one change is noted on, newest first. */
const changedIncidentsMax = 50;

/** What the doors share: where incidents are found, and what was sent a moment ago. */
type Shared = { finder: IncidentFinder; recent: RecentAlerts };

export function registerPagerDuty(route: Route, deps: SenderDeps, shared: Shared): void {
  const handler =
    (version: Version, read: (body: JsonObject, headerKey: string) => PagerDutyReading) =>
    (request: HttpRequest) =>
      answering(version, () => enqueue(request, deps, shared, version, read));
  route("POST", "/v2/enqueue", handler(v2, readEventV2));
  route("POST", "/generic/2010-04-15/create_event.json", handler(v1, readEventV1));
  route("POST", "/v2/change/enqueue", (request) => {
    return answering(v2, () => enqueueChange(request, deps));
  });
}

async function enqueue(
  request: HttpRequest,
  deps: SenderDeps,
  { finder, recent }: Shared,
  version: Version,
  read: (body: JsonObject, headerKey: string) => PagerDutyReading,
): Promise<HttpResponse> {
  const body = readBody(request);
  if ("status" in body) return body;
  const reading = read(body.object, request.header("x-routing-key"));
  if (reading.kind === "refused") return invalid(reading.errors);
  const { event } = reading;
  const principal = deps.authenticate(event.routingKey, "ingest");
  if (principal === null) return invalidKey();
  const key = event.key ?? deps.newId().replaceAll("-", "");
  const alert = pagerDutyAlert(event, key, principal, deps.clock.nowMs());
  const fingerprint = fingerprintOfAlert(alert);
  if (event.action === "acknowledge") {
    await acknowledge(deps, finder, fingerprint, clientOf(event, body.object));
    return processed(version, key);
  }
  const result = await submitOne(deps.intake, alert, "pagerduty", principal);
  const refusal = refusalOf(result, version);
  if (refusal !== null) return refusal;
  if (event.action === "trigger") recent.note(fingerprint, deps.intake.asStored(alert));
  else recent.forget(fingerprint);
  return processed(version, key);
}

/** Who is known to have taken it: PagerDuty's events carry no person. */
function clientOf(event: PagerDutyEvent, body: JsonObject): string {
  const client = textField(body, "client").slice(0, 100);
  return client === "" ? `PagerDuty API (${event.action})` : client;
}

async function acknowledge(
  deps: SenderDeps,
  finder: IncidentFinder,
  fingerprint: string,
  by: string,
): Promise<void> {
  const incident = await finder.find(fingerprint, isOpenIncident);
  if (incident === null || !isOpenIncident(incident)) return;
  // A refusal means that somebody is further than that already.
  await deps.incidents.execute({
    id: deps.newId(),
    incidentId: incident.id,
    by,
    action: { kind: "acknowledge" },
    replyTo: "",
  });
}

async function enqueueChange(request: HttpRequest, deps: SenderDeps): Promise<HttpResponse> {
  const body = readBody(request);
  if ("status" in body) return body;
  const change = readChange(body.object, request.header("x-routing-key"));
  if (change.kind === "refused") return invalid(change.errors);
  const principal = deps.authenticate(change.routingKey, "ingest");
  if (principal === null) return invalidKey();
  await noteChange(deps, change, principal);
  return json(202, { status: "success", message: "Change event processed" });
}

async function noteChange(
  { incidents, newId }: SenderDeps,
  change: Extract<ChangeReading, { kind: "change" }>,
  principal: SenderPrincipal,
): Promise<void> {
  const service = principal.service ?? change.service;
  if (service === null) return;
  const tenant = keyLabels(principal)["tenant_id"];
  const filter = {
    ...anyIncident,
    statuses: ["open" as const],
    services: [service],
    tenants: tenant === undefined ? [] : [tenant],
  };
  const { items } = await incidents.list(filter, changedIncidentsMax, null);
  const action = { kind: "note" as const, text: change.note };
  const by = "PagerDuty API (change)";
  for (const { id } of items) {
    await incidents.execute({ id: newId(), incidentId: id, by, action, replyTo: "" });
  }
}

function readBody(request: HttpRequest): { object: JsonObject } | HttpResponse {
  const { bodyBytesMax } = pagerDutyLimits;
  if (request.body.length > bodyBytesMax) {
    const size = `${request.body.length} bytes, at most ${bodyBytesMax} are taken`;
    return failure(413, "invalid event", "Event is too large", [`The event has ${size}`]);
  }
  const body = readJsonObject(request.body);
  if (body.kind === "object") return body;
  return invalid([`Invalid JSON: ${body.why}`]);
}

/** Null when the alert is durable. */
function refusalOf(result: IntakeResult, version: Version): HttpResponse | null {
  switch (result.kind) {
    case "accepted": {
      const [first] = result.rejected;
      if (first === undefined) return null;
      return invalid([`'${first.field}': ${first.reason}`]);
    }
    case "malformed":
      return invalid([result.error]);
    case "overloaded": {
      const status = result.status === 429 ? version.throttled : result.status;
      const answer = failure(status, "throttle exceeded", result.reason, []);
      const after = { "retry-after": String(result.retryAfterSeconds) };
      return { ...answer, headers: { ...answer.headers, ...after } };
    }
  }
}

async function answering(
  version: Version,
  answer: () => Promise<HttpResponse>,
): Promise<HttpResponse> {
  try {
    return await answer();
  } catch (error) {
    if (!(error instanceof RetryableError)) throw error;
    const { message } = error;
    const why = `${message}; whether the incident was told is unknown, repeating is safe`;
    const answered =
      error instanceof LimitError
        ? failure(version.throttled, "throttle exceeded", message, [])
        : failure(503, "temporarily unavailable", why, []);
    const after = { "retry-after": String(retryAfterSeconds(error)) };
    return { ...answered, headers: { ...answered.headers, ...after } };
  }
}

function processed({ status, keyName }: Version, key: string): HttpResponse {
  return json(status, { status: "success", message: "Event processed", [keyName]: key });
}

function invalid(errors: string[]): HttpResponse {
  return failure(400, "invalid event", "Event object is invalid", errors);
}

/** The key itself is never repeated. */
function invalidKey(): HttpResponse {
  return failure(400, "invalid event", "Invalid routing key", ["Invalid routing key"]);
}

function failure(
  code: number,
  status: string,
  message: string,
  errors: string[],
): HttpResponse {
  return json(code, errors.length === 0 ? { status, message } : { status, message, errors });
}
