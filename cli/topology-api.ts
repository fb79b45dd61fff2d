/** The service graph over the API of a running Tocsin. */
import type { Dependencies } from "../actors/correlation/edge-set.ts";
import { nearestWord } from "../runtime/config/nearest-word.ts";
import type { Api } from "./api.ts";
import { CommandFailure } from "./define-command.ts";
import { plain } from "./plain-text.ts";

export type ShownOrigin = { source: string; last_seen: string | null; by?: string };
export type ShownEdge = {
  service: string;
  depends_on: string;
  tenant: string | null;
  environment: string | null;
  last_seen: string | null;
  sources: ShownOrigin[];
};
export type ShownGraph = {
  items: ShownEdge[];
  services: number;
  edges: number;
  cycles: string[][];
  unknown: string[];
};
type Page = ShownGraph & { next_cursor: string | null };

const pageEdges = "5000";

/** All edges that the query chooses. */
export async function readGraph(api: Api, query: URLSearchParams): Promise<ShownGraph> {
  const items: ShownEdge[] = [];
  const asked = new URLSearchParams(query);
  asked.set("limit", pageEdges);
  for (;;) {
    const page = (await api.call({ method: "GET", path: `/v1/topology?${asked}` })) as Page;
    items.push(...page.items);
    const { services, edges, cycles, unknown, next_cursor: next } = page;
    if (next === null) return { items, services, edges, cycles, unknown };
    asked.set("cursor", next);
  }
}

/** @throws CommandFailure that names a service which is meant perhaps. */
export async function refuseUnknown(api: Api, { unknown }: ShownGraph): Promise<void> {
  const [first] = unknown;
  if (first === undefined) return;
  const { items } = await readGraph(api, new URLSearchParams());
  const names = items.flatMap((edge) => [edge.service, edge.depends_on]);
  const near = nearestWord(first, [...new Set(names)]);
  const hint = near === null ? "; see: tocsin topology" : `; did you mean ${plain(near)}?`;
  throw new CommandFailure(`the service graph does not know ${plain(first)}${hint}`);
}

export type Stated = {
  added: number;
  removed: number;
  accepted: number;
  rejectedTotal: number;
  /** The first of them. */
  rejected: { reason: string; field: string; value: string }[];
};

/** @param isReplacing other edges that were stated for the tenant are taken back. */
export async function stateEdges(
  api: Api,
  dependencies: Dependencies,
  more: { tenant: string | null; by: string },
  isReplacing: boolean,
): Promise<Stated> {
  const edges = Object.entries(dependencies)
    .filter(([, list]) => list.length > 0)
    .map(([service, list]) => ({ service, depends_on: list }));
  const method = isReplacing ? "PUT" : "POST";
  const body = { edges, ...more };
  return (await api.call({ method, path: "/v1/topology/edges", body })) as Stated;
}

export type TakenBack = { removed: number; still: ShownEdge[] };

/** @param dependency null: all that was stated of the service. */
export async function takeBackEdge(
  api: Api,
  service: string,
  dependency: string | null,
  tenant: string | null,
): Promise<TakenBack> {
  const query = new URLSearchParams({ service });
  if (dependency !== null) query.set("depends_on", dependency);
  if (tenant !== null) query.set("tenant", tenant);
  const path = `/v1/topology/edges?${query}`;
  return (await api.call({ method: "DELETE", path })) as TakenBack;
}
