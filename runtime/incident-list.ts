/**
 * Pages of incidents, newest first. The order (creation time, then id, both descending) means
 * the same in every partition, and a cursor is a place in that order: pages of several
 * partitions can be merged, and the cursor of the last item taken is good for all of them.
 */
import type { Incident } from "../actors/incident/incident.ts";
import { isOpen } from "../actors/incident/lifecycle.ts";
import { viewOf } from "../actors/incident/view.ts";
import { TerminalError } from "./errors.ts";
import type { IncidentFilter, IncidentPage } from "./services.ts";

type Place = { createdAtMs: number; id: string };

/** A place in the order, as opaque text for URLs. */
export function cursorAt(place: Place): string {
  const text = `${place.createdAtMs.toString(36)}.${place.id}`;
  return Buffer.from(text, "utf8").toString("base64url");
}

/**
 * @param incidents in order of creation, as the stage keeps them.
 * @throws TerminalError when the cursor is not one of ours.
 */
export function listIncidents(
  incidents: Incident[],
  filter: IncidentFilter,
  limit: number,
  cursor: string | null,
): IncidentPage {
  const after = cursor === null ? null : placeOf(cursor);
  const matches = matcherOf(filter);
  const found: Incident[] = [];
  for (let at = incidents.length - 1; at >= 0; at -= 1) {
    const incident = incidents[at];
    if (incident === undefined) break;
    // One more than asked for tells whether there is a next page; a group of equal times is
    // taken whole, because its ids are still to be put in order.
    const last = found[found.length - 1];
    const isEnough = found.length > limit && last !== undefined;
    if (isEnough && incident.createdAtMs < last.createdAtMs) break;
    if (after !== null && !comesAfter(incident, after)) continue;
    if (matches(incident)) found.push(incident);
  }
  found.sort((a, b) => (comesAfter(a, b) ? 1 : -1));
  const page = found.slice(0, limit);
  const last = page[page.length - 1];
  const hasMore = found.length > page.length && last !== undefined;
  return { items: page.map(viewOf), cursor: hasMore ? cursorAt(last) : null };
}

function comesAfter(a: Place, b: Place): boolean {
  return a.createdAtMs < b.createdAtMs || (a.createdAtMs === b.createdAtMs && a.id < b.id);
}

function placeOf(cursor: string): Place {
  const text = Buffer.from(cursor, "base64url").toString("utf8");
  const parts = /^([0-9a-z]{1,11})\.(inc-[0-9]+-[0-9a-z-]+)$/.exec(text);
  if (parts === null) throw new TerminalError("the cursor is not one that a list returned");
  return { createdAtMs: Number.parseInt(parts[1] ?? "", 36), id: parts[2] ?? "" };
}

function matcherOf(filter: IncidentFilter): (incident: Incident) => boolean {
  const { createdFromMs, createdBeforeMs } = filter;
  const statuses = new Set<string>(filter.statuses);
  const severities = new Set<string>(filter.severities);
  const services = new Set(filter.services);
  const tenants = new Set(filter.tenants);
  const environments = new Set(filter.environments);
  const text = filter.text.toLowerCase();
  const hasStatus = ({ status }: Incident): boolean =>
    statuses.size === 0 || statuses.has(status) || (statuses.has("open") && isOpen(status));
  return (incident) =>
    hasStatus(incident) &&
    (severities.size === 0 || severities.has(incident.severity)) &&
    (services.size === 0 || services.has(incident.service)) &&
    (tenants.size === 0 || tenants.has(incident.tenant)) &&
    (environments.size === 0 || environments.has(incident.environment)) &&
    (createdFromMs === null || incident.createdAtMs >= createdFromMs) &&
    (createdBeforeMs === null || incident.createdAtMs < createdBeforeMs) &&
    (text === "" || incident.title.toLowerCase().includes(text));
}
