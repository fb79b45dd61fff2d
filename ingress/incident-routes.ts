/**
 * REST over incidents: lists, one incident, its timeline, and the commands that people and
 * programs give. It owns no state; each command goes to the partition that owns the incident
 * and the answer is the incident after it.
 *
 * R1 A command has an id before it leaves: from Idempotency-Key, scoped to method and path, or
 *    a random one. The core gives the same id the same answer, so repeating is always safe.
 * R2 Nothing in a request reaches a command unread: unknown fields and parameters are refused.
 */
import { createHash } from "node:crypto";
import { assertNever } from "../actors/incident/assert-never.ts";
import type { CommandOutcome } from "../actors/incident/types.ts";
import type { IncidentService } from "../runtime/services.ts";
import { json, problem } from "./http.ts";
import type { HttpRequest, HttpResponse, Route } from "./http.ts";
import { openBody } from "./incident-body.ts";
import type { BodyReader } from "./incident-body.ts";
import { readCreate, readNote, readPatch } from "./incident-changes.ts";
import type { Change } from "./incident-changes.ts";
import { readIncidentQuery, readMembersQuery } from "./incident-query.ts";
import { answering, notFound, refuse, shown } from "./incident-refusals.ts";

export type IncidentRouteDeps = {
  incidents: IncidentService;
  /** A new unguessable command id for requests without an Idempotency-Key. */
  newId(): string;
};

/** What can be an incident's id at all; anything else is not looked for. */
const idPattern = /^[A-Za-z0-9._-]{1,128}$/;
/** Visible ASCII, 1 to 255 characters. */
const keyPattern = /^[\x21-\x7e]{1,255}$/;

export function registerIncidents(route: Route, deps: IncidentRouteDeps): void {
  const { incidents } = deps;
  route("GET", "/v1/incidents", (request) => answering(() => listed(request, incidents)));
  route("GET", "/v1/incidents/:id", (request) =>
    answering(async () => {
      const view = await withId(request, (id) => incidents.get(id));
      return view === null ? notFound(request.params["id"] ?? "") : json(200, view);
    }),
  );
  route("GET", "/v1/incidents/:id/timeline", (request) =>
    answering(async () => {
      const items = await withId(request, (id) => incidents.timeline(id));
      return items === null ? notFound(request.params["id"] ?? "") : json(200, { items });
    }),
  );
  route("GET", "/v1/incidents/:id/members", (request) =>
    answering(() => membersPage(request, incidents)),
  );
  const byId = (read: (reader: BodyReader) => Change) => (request: HttpRequest) =>
    answering(() => changed(request, deps, request.params["id"] ?? "", read));
  const create = (request: HttpRequest): Promise<HttpResponse> =>
    answering(() => changed(request, deps, null, readCreate));
  route("POST", "/v1/incidents", create, "respond");
  route("PATCH", "/v1/incidents/:id", byId(readPatch), "respond");
  route("POST", "/v1/incidents/:id/notes", byId(readNote), "respond");
}

async function listed(request: HttpRequest, incidents: IncidentService): Promise<HttpResponse> {
  const { query, faults } = readIncidentQuery(request.query);
  if (faults.length > 0) return refuse("parameter", faults);
  const page = await incidents.list(query.filter, query.limit, query.cursor);
  return json(200, { items: page.items, next_cursor: page.cursor });
}

/** The cursor is the place after the last one that was looked at. */
async function membersPage(
  request: HttpRequest,
  incidents: IncidentService,
): Promise<HttpResponse> {
  const { from, limit, faults } = readMembersQuery(request.query);
  if (faults.length > 0) return refuse("parameter", faults);
  const [items, view] = await Promise.all([
    withId(request, (id) => incidents.members(id, from, limit)),
    withId(request, (id) => incidents.get(id)),
  ]);
  if (items === null || view === null) return notFound(request.params["id"] ?? "");
  const next = from + limit < view.fingerprint_count ? String(from + limit) : null;
  return json(200, { items, next_cursor: next });
}

async function withId<T>(
  request: HttpRequest,
  read: (id: string) => Promise<T | null>,
): Promise<T | null> {
  const id = request.params["id"] ?? "";
  return idPattern.test(id) ? read(id) : null;
}

/** Executes what the body asks for, in order, up to the first command that is not done. */
async function changed(
  request: HttpRequest,
  deps: IncidentRouteDeps,
  incidentId: string | null,
  read: (reader: BodyReader) => Change,
): Promise<HttpResponse> {
  const body = openBody(request);
  if (body.kind === "refused") return body.response;
  const change = read(body.reader);
  const faults = body.reader.finish();
  if (faults.length > 0) return refuse("field", faults);
  if (incidentId !== null && !idPattern.test(incidentId)) return notFound(incidentId);
  const commandId = readCommandId(request, deps);
  if (commandId === null) {
    const given = shown(request.header("idempotency-key"));
    const detail = `got ${given}, expected 1 to 255 visible ASCII characters without blanks`;
    return problem(400, "Invalid Idempotency-Key", detail);
  }
  let outcome: CommandOutcome | null = null;
  for (const [index, action] of change.actions.entries()) {
    outcome = await deps.incidents.execute({
      id: index === 0 ? commandId : `${commandId}.${index}`,
      incidentId,
      by: change.by,
      action,
      replyTo: "",
    });
    if (outcome.kind !== "done") break;
  }
  if (outcome === null) throw new Error("a change without faults has at least one action");
  return answerTo(outcome, incidentId);
}

/** Null when the request's key is malformed. */
function readCommandId(request: HttpRequest, deps: IncidentRouteDeps): string | null {
  const key = request.header("idempotency-key");
  if (key === "") return deps.newId();
  if (!keyPattern.test(key)) return null;
  const scoped = `${request.method}\n${request.path}\n${key}`;
  return `key-${createHash("sha256").update(scoped).digest("hex").slice(0, 40)}`;
}

function answerTo(outcome: CommandOutcome, incidentId: string | null): HttpResponse {
  switch (outcome.kind) {
    case "done": {
      const created = incidentId === null;
      // A create that met a living incident of the same dedup key returns that one: a 200.
      const isNew = created && outcome.incident.version === 1;
      const response = json(isNew ? 201 : 200, outcome.incident);
      if (!created) return response;
      const location = `/v1/incidents/${outcome.incident.id}`;
      return { ...response, headers: { ...response.headers, location } };
    }
    case "conflict":
      return problem(409, "Not possible now", outcome.reason, { incident: outcome.incident });
    case "notFound":
      return problem(404, "No such incident", outcome.reason);
    default:
      return assertNever(outcome);
  }
}
