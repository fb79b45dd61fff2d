/**
 * The service graph over HTTP: /v1/topology shows the edges of all sources, and edges can be
 * stated, replaced and taken back. All of these say how it is to be, so repeating is harmless and
 * an Idempotency-Key changes nothing.
 *
 * T1 A key of a tenant sees the edges of everywhere and its own, and changes its own alone.
 * T2 Changes are made one after the other: each knows what the one before it has done.
 */
import type { LearntEdge } from "../actors/correlation/learnt-edges.ts";
import { isServiceName, serviceCharsMax } from "../actors/correlation/service-names.ts";
import type { TopologyConfig } from "../actors/correlation/correlator.ts";
import {
  type EdgeChanges,
  type EdgeWish,
  replacedEdges,
  statedEdges,
  takenBackEdges,
} from "../runtime/edge-changes.ts";
import {
  cyclesOf,
  edgesMetBy,
  filteredEdges,
  type GraphEdge,
  keyOfEdge,
  namesOf,
  unitedEdges,
  unknownServices,
} from "../runtime/service-graph-view.ts";
import type { RejectedAlert, ServiceGraphs } from "../runtime/services.ts";
import { type Fault as ItemFault, fault } from "./alert-check.ts";
import {
  type Access,
  type HttpRequest,
  type HttpResponse,
  type Route,
  json,
  problem,
} from "./http.ts";
import { incidentLimits, openBody } from "./incident-body.ts";
import { answering, type Fault, refuse, shown } from "./incident-refusals.ts";
import { listedRejectionsMax } from "./intake-answers.ts";
import { refuseUnknown } from "./query-parameters.ts";
import { cursorOf, readGraphQuery } from "./service-graph-query.ts";

export type ServiceGraphDeps = {
  graphs: ServiceGraphs;
  /** Of the configuration in force; null: there is no service graph. */
  topology(): TopologyConfig | null;
  nowMs(): number;
};

const bodyBytesMax = 8 * 1024 * 1024;
/** Entries of one request, and edges that they may hold together. */
const edgesMax = 20_000;
const cyclesMax = 20;
const tenantCharsMax = 200;

export function registerServiceGraph(route: Route, deps: ServiceGraphDeps): void {
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = (handle: () => Promise<HttpResponse>): Promise<HttpResponse> => {
    const answer = last.then(() => answering(handle));
    last = answer.catch(() => undefined);
    return answer;
  };
  const path = "/v1/topology/edges";
  const read: Access = { scope: "read", byTenant: true };
  const write: Access = { scope: "respond", byTenant: true };
  route("GET", "/v1/topology", (request) => answering(() => listed(request, deps)), read);
  route("POST", path, (request) => inTurn(() => stated(request, deps, false)), write);
  route("PUT", path, (request) => inTurn(() => stated(request, deps, true)), write);
  route("DELETE", path, (request) => inTurn(() => takenBack(request, deps)), write);
}

async function listed(request: HttpRequest, deps: ServiceGraphDeps): Promise<HttpResponse> {
  const { query, faults } = readGraphQuery(request.query);
  if (faults.length > 0) return refuse("parameter", faults);
  const own = request.principal?.tenant ?? null;
  const filter = { ...query.filter };
  if (own !== null) {
    if ((filter.tenant ?? own) !== own) return otherTenant(filter.tenant);
    filter.tenant = own;
  }
  const { edges: learnt, refused } = await deps.graphs.learnt();
  const all = unitedEdges(deps.topology(), learnt);
  const edges = filteredEdges(all, filter);
  // T1: whether others know a name is not to be learnt from this either.
  const known = own === null ? all : edgesMetBy(own, all);
  const behind = edges.filter((edge) => keyOfEdge(edge) > query.after);
  const page = behind.slice(0, query.limit);
  const end = page.at(-1);
  return json(200, {
    items: page.map(viewOf),
    next_cursor: end && page.length < behind.length ? cursorOf(keyOfEdge(end)) : null,
    services: namesOf(edges).length,
    edges: edges.length,
    cycles: cyclesOf(edges).slice(0, cyclesMax),
    unknown: unknownServices(known, filter.services),
    ...(own === null ? { refused } : {}),
  });
}

async function stated(
  request: HttpRequest,
  deps: ServiceGraphDeps,
  isReplacing: boolean,
): Promise<HttpResponse> {
  const body = openBody(request, bodyBytesMax);
  if (body.kind === "refused") return body.response;
  const { reader } = body;
  const items = reader.items("edges", edgesMax);
  if (items === null && reader.faults.length === 0) {
    const expected = 'a list of {"service", "depends_on"}';
    reader.faults.push({ name: "edges", value: "nothing", expected });
  }
  const tenant = reader.text("tenant", tenantCharsMax);
  const by = reader.text("by", incidentLimits.byMax) ?? whoAsks(request);
  const faults = reader.finish();
  if (tenant !== null && !isServiceName(tenant)) {
    faults.push({ name: "tenant", value: shown(tenant), expected: aName });
  }
  if (faults.length > 0) return refuse("field", faults);
  const owner = ownerOf(request, tenant);
  if (owner.kind === "other") return otherTenant(tenant);
  const { wishes, rejected } = readWishes(items ?? [], owner.tenant);
  const isUseless = wishes.length === 0 && (items ?? []).length > 0;
  if (rejected.length > 0 && (isReplacing || isUseless)) return refuseItems(rejected);
  if (wishes.length > edgesMax) {
    const expected = `at most ${edgesMax} edges in all`;
    return refuse("field", [{ name: "edges", value: `${wishes.length} edges`, expected }]);
  }
  return change(deps, (known) => {
    const nowMs = deps.nowMs();
    if (!isReplacing) return statedEdges(known, wishes, by, nowMs);
    return replacedEdges(known, owner.tenant, wishes, by, nowMs);
  }, { accepted: wishes.length, ...rejectedView(rejected) });
}

async function takenBack(request: HttpRequest, deps: ServiceGraphDeps): Promise<HttpResponse> {
  const { query } = request;
  const faults: Fault[] = [];
  refuseUnknown(query, { lists: [], singles: ["service", "depends_on", "tenant"] }, faults);
  const service = query.get("service") ?? "";
  if (service === "") {
    faults.push({ name: "service", value: shown(query.get("service")), expected: aName });
  }
  if (faults.length > 0) return refuse("parameter", faults);
  const dependency = query.get("depends_on");
  const owner = ownerOf(request, query.get("tenant"));
  if (owner.kind === "other") return otherTenant(query.get("tenant"));
  const isMeant = (edge: { service: string; dependency: string; tenant: string | null }) =>
    edge.tenant === owner.tenant &&
    edge.service === service &&
    (dependency === null || edge.dependency === dependency);
  const answer = await change(deps, (known) =>
    takenBackEdges(known.filter(isMeant), whoAsks(request), deps.nowMs()),
  );
  if (answer.status !== 200) return answer;
  const { edges: learnt } = await deps.graphs.learnt();
  const others = unitedEdges(deps.topology(), learnt).filter(isMeant);
  return json(200, { ...(JSON.parse(String(answer.body)) as object), still: others.map(viewOf) });
}

async function change(
  { graphs, topology }: ServiceGraphDeps,
  decide: (known: LearntEdge[]) => EdgeChanges,
  more: object = {},
): Promise<HttpResponse> {
  const config = topology();
  if (config === null) {
    const detail = "correlation.topology is not configured, so edges would have no effect";
    return problem(409, "No service graph", detail);
  }
  const { edges, added, removed } = decide(await graphs.stated());
  const refused = await graphs.state(edges);
  if (refused === 0) return json(200, { added, removed, ...more });
  const max = config.sources?.edgesMax ?? 0;
  const detail =
    `${refused} of ${edges.length} edges found no place: a tenant may have ${max} ` +
    "(correlation.topology.sources.edges_max), and as many that were taken back within a day";
  return problem(409, "Too many edges", detail, { added: added - refused, removed, ...more });
}

function readWishes(
  items: unknown[],
  tenant: string | null,
): { wishes: EdgeWish[]; rejected: RejectedAlert[] } {
  const wishes: EdgeWish[] = [];
  const rejected: RejectedAlert[] = [];
  items.forEach((item, index) => {
    const read = readItem(item);
    if ("reason" in read) rejected.push({ index, ...read });
    else {
      const { service, upstream } = read;
      for (const dependency of upstream) wishes.push({ tenant, service, dependency });
    }
  });
  return { wishes, rejected };
}

const aName = `a name of 1 to ${serviceCharsMax} characters`;
const fields = ["service", "depends_on"];

function readItem(item: unknown): { service: string; upstream: string[] } | ItemFault {
  if (typeof item !== "object" || item === null || Array.isArray(item)) {
    return fault("expected an object with service and depends_on", "", item);
  }
  const { service, depends_on: given } = item as Record<string, unknown>;
  const unknown = Object.keys(item).find((name) => !fields.includes(name));
  if (unknown !== undefined) return fault("unknown field, expected " + fields.join(), unknown, "");
  if (!isName(service)) return fault(`expected ${aName}`, "service", service);
  const upstream: unknown[] = Array.isArray(given) ? (given as unknown[]) : [given];
  for (const each of upstream) {
    if (!isName(each)) return fault(`expected ${aName}, or a list of such`, "depends_on", each);
    if (each === service) return fault("a service cannot depend on itself", "depends_on", each);
  }
  return { service, upstream: upstream as string[] };
}

const isName = (value: unknown): value is string =>
  typeof value === "string" && isServiceName(value) && value.trim() === value;

function rejectedView(rejected: RejectedAlert[]): Record<string, unknown> {
  return { rejectedTotal: rejected.length, rejected: rejected.slice(0, listedRejectionsMax) };
}

function refuseItems(rejected: RejectedAlert[]): HttpResponse {
  const detail = "Nothing was changed; `rejected` says what to change in each edge.";
  return problem(400, "Edges not valid", detail, rejectedView(rejected));
}

type Owner = { kind: "owner"; tenant: string | null } | { kind: "other" };

/** T1 */
function ownerOf({ principal }: HttpRequest, asked: string | null): Owner {
  const own = principal?.tenant ?? null;
  if (own === null) return { kind: "owner", tenant: asked };
  return asked === null || asked === own ? { kind: "owner", tenant: own } : { kind: "other" };
}

function otherTenant(tenant: string | null | undefined): HttpResponse {
  const detail = `this API key is another tenant's, and not that of ${shown(tenant)}`;
  return problem(403, "Another tenant", detail);
}

function whoAsks({ principal }: HttpRequest): string {
  return principal === undefined ? "" : `key ${principal.keyId}`;
}

function viewOf({ service, dependency, tenant, environment, origins }: GraphEdge): object {
  const times = origins.flatMap(({ atMs }) => (atMs === null ? [] : [atMs]));
  return {
    ...{ service, depends_on: dependency, tenant, environment },
    last_seen: times.length === 0 ? null : timeText(Math.max(...times)),
    sources: origins.map(({ source, atMs, by }) => ({
      ...{ source, last_seen: atMs === null ? null : timeText(atMs) },
      ...(by === "" ? {} : { by }),
    })),
  };
}

const timeText = (ms: number): string => new Date(ms).toISOString();
