/** What several subcommands ask the incident API for. */
import type { IncidentMember, IncidentView } from "../actors/incident/types.ts";
import type { TimelineEntry } from "../runtime/services.ts";
import { explain } from "./api.ts";
import type { Api } from "./api.ts";
import { CommandFailure } from "./define-command.ts";
import { plain } from "./plain-text.ts";

export type Page = { items: IncidentView[]; next_cursor: string | null };

/** Items of one request; the API's own limit. */
const pageMax = 500;
/** How far back an abbreviated id is looked for. */
const lookupPagesMax = 20;
const shownCandidatesMax = 5;
const membersShownMax = 1_000;

/**
 * Pages through the list until `count` items are there or none is left.
 * @param query filters as the API names them, without limit and cursor.
 */
export async function listIncidents(
  api: Api,
  query: URLSearchParams,
  count: number,
  cursor: string | null = null,
): Promise<Page> {
  const all: Page = { items: [], next_cursor: cursor };
  do {
    const params = new URLSearchParams(query);
    params.set("limit", String(Math.min(pageMax, count - all.items.length)));
    if (all.next_cursor !== null) params.set("cursor", all.next_cursor);
    const page = (await api.call({ method: "GET", path: `/v1/incidents?${params}` })) as Page;
    all.items.push(...page.items);
    all.next_cursor = page.next_cursor;
  } while (all.next_cursor !== null && all.items.length < count);
  return all;
}

/**
 * The incident with this id, or the only one whose id begins so; "inc-" may be left out.
 * @throws CommandFailure when there is none, or more than one.
 */
export async function findIncident(api: Api, given: string): Promise<IncidentView> {
  const exact = await api.patiently({ method: "GET", path: incidentPath(given) });
  if (exact.status === 200) return exact.body as IncidentView;
  if (exact.status !== 404) throw new CommandFailure(explain(exact, api.baseUrl));
  const found = await startingWith(api, given);
  const [only, second] = found;
  if (only !== undefined && second === undefined) return only;
  if (only === undefined) {
    throw new CommandFailure(
      `there is no incident "${plain(given)}"; list them with: tocsin incidents --status all`,
    );
  }
  const names = found.slice(0, shownCandidatesMax).map((incident) => incident.id);
  throw new CommandFailure(
    `"${plain(given)}" could be any of ${names.map(plain).join(", ")}` +
      `${found.length > names.length ? ", …" : ""}; give more of the id`,
  );
}

async function startingWith(api: Api, prefix: string): Promise<IncidentView[]> {
  const found: IncidentView[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < lookupPagesMax; page++) {
    const { items, next_cursor } = await listIncidents(api, new URLSearchParams(), pageMax, cursor);
    for (const incident of items) {
      const { id } = incident;
      if (id === `inc-${prefix}`) return [incident];
      if (id.startsWith(prefix) || id.startsWith(`inc-${prefix}`)) found.push(incident);
    }
    if (next_cursor === null) break;
    cursor = next_cursor;
  }
  return found;
}

export async function readTimeline(api: Api, id: string): Promise<TimelineEntry[]> {
  const path = `${incidentPath(id)}/timeline`;
  return ((await api.call({ method: "GET", path })) as { items: TimelineEntry[] }).items;
}

/** All members, page by page; bounded by what an incident can hold. */
export async function readMembers(api: Api, id: string): Promise<IncidentMember[]> {
  const members: IncidentMember[] = [];
  let cursor: string | null = "0";
  while (cursor !== null && members.length < membersShownMax) {
    const path = `${incidentPath(id)}/members?limit=${pageMax}&cursor=${cursor}`;
    const page = (await api.call({ method: "GET", path })) as {
      items: IncidentMember[];
      next_cursor: string | null;
    };
    members.push(...page.items);
    cursor = page.next_cursor;
  }
  return members;
}

export const incidentPath = (id: string): string => `/v1/incidents/${encodeURIComponent(id)}`;
