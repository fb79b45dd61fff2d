/**
 * Where does an alert that begins to fire belong? Asked in this order, first answer counts:
 *
 *   1. the incident that its fingerprint belongs to, if open or resolved a short while ago; not
 *      where it is rarely a symptom, ended, and comes back long after that one's trouble began
 *   2. the incident of its grouping key, likewise; one that another alert brought the key to has
 *      to agree with the alert (a sign of the same kind may belong to another trouble), but a
 *      dedup key is the sender's own word
 *   3. an open incident that correlation relates it to, but none that a person split from those
 *   4. none: a new incident
 */
import type { Related, Sign } from "../correlation/evidence.ts";
import type { Desk } from "./desk.ts";
import { incidentsMax } from "./desk.ts";
import { durationText, quoted } from "./duration.ts";
import type { Identity } from "./identity.ts";
import type { Incident } from "./incident.ts";
import { membersMax } from "./incident.ts";
import { isOpen } from "./lifecycle.ts";
import { areApart } from "./split.ts";
import type { Labels } from "../alert/events.ts";

/** Grouping key of the incident that takes what a full partition cannot open. */
export const overflowKey = "overflow";

/** The key itself is in the incident; one shared sentence costs no memory per incident. */
const openBecause = "no open incident has its grouping key or is related to it";

export type Arrival = Identity & {
  fingerprint: string;
  labels: Labels;
  annotations: Labels;
  dedupKey: string | null;
  groupKey: string;
  sign: Sign;
  atMs: number;
};

export type Placement =
  | { kind: "join"; incident: Incident; because: string; related?: Related<Incident> }
  | { kind: "reopen"; incident: Incident; because: string }
  | { kind: "open"; groupKey: string; because: string };

export function place(desk: Desk, arrival: Arrival): Placement {
  const own = desk.members.ownerOf(arrival.fingerprint);
  const isAlone = own !== undefined && returnsAlone(desk, own, arrival);
  if (own !== undefined && !isAlone) {
    const returned = joinOrReopen(desk, own, arrival, "an alert of this incident fires again");
    if (returned !== null) return returned;
  }
  const leading = desk.byGroupKey(arrival, arrival.groupKey) ?? null;
  const grouped = isAlone && leading === own ? null : leading;
  const isCertain = arrival.dedupKey !== null || grouped?.groupKey === arrival.groupKey;
  if (grouped !== null && (isCertain || !isOpen(grouped.status))) {
    const joined = joinOrReopen(desk, grouped, arrival, sameKey(arrival));
    if (joined !== null) return joined;
  }
  const leadsTo = grouped !== null && isOpen(grouped.status) ? grouped : null;
  const sighting = { ...arrival, grouped: leadsTo };
  let openedBecause = isAlone
    ? `it comes back by itself, long after the trouble of ${own.id} began`
    : openBecause;
  const accepts = (candidate: Incident): boolean => {
    if (own !== undefined && areApart(own, candidate)) return false;
    if (isAlone && candidate === own) return false;
    if (grouped !== null && areApart(grouped, candidate)) return false;
    return !isFull(desk, candidate, arrival.fingerprint);
  };
  const related = desk.correlator.find(sighting, accepts, ({ id }) => {
    openedBecause = `it may explain ${id}, but who suffered before does not fit: another trouble`;
  });
  if (related !== null) {
    return { kind: "join", incident: related.candidate, because: related.because, related };
  }
  if (desk.incidents.size >= incidentsMax) return overflow(desk, arrival);
  return { kind: "open", groupKey: arrival.groupKey, because: openedBecause };
}

/** What a sender's dedup key holds together stays together. */
function returnsAlone(desk: Desk, own: Incident, arrival: Arrival): boolean {
  if (arrival.dedupKey !== null || desk.members.isFiring(arrival.fingerprint)) return false;
  if (own.status !== "triggered") return false;
  return desk.correlator.isEstranged(own, arrival);
}

function joinOrReopen(
  desk: Desk,
  incident: Incident,
  arrival: Arrival,
  because: string,
): Placement | null {
  if (isFull(desk, incident, arrival.fingerprint)) return null;
  if (isOpen(incident.status)) return { kind: "join", incident, because };
  const { reopenWindowMs } = desk.config;
  if (incident.status !== "resolved" || incident.resolved === null) return null;
  if (arrival.atMs - incident.resolved.atMs > reopenWindowMs) return null;
  const within = `within ${durationText(reopenWindowMs)} of its resolution`;
  return { kind: "reopen", incident, because: `${because}, ${within}` };
}

function overflow(desk: Desk, arrival: Arrival): Placement {
  const because = `the partition holds its maximum of ${incidentsMax} incidents`;
  const incident = desk.byGroupKey(arrival, overflowKey);
  const joined = incident && joinOrReopen(desk, incident, arrival, because);
  return joined ?? { kind: "open", groupKey: overflowKey, because };
}

function isFull(desk: Desk, incident: Incident, fingerprint: string): boolean {
  if (incident.members.length < membersMax) return false;
  return desk.members.ownerOf(fingerprint) !== incident;
}

function sameKey(arrival: Arrival): string {
  if (arrival.dedupKey !== null) return `same dedup key ${quoted(arrival.dedupKey)}`;
  return `same grouping key ${quoted(arrival.groupKey)}`;
}
