/**
 * Alerts change their incident: a cause that has just become known takes what came before it and
 * joined another incident, which nobody has taken yet (C7). Nobody is told for that: each of the
 * two tells of its own trouble. Of the alerts of a kind those go whose links are known.
 */
import type { Claim } from "../correlation/claims.ts";
import type { Sign } from "../correlation/evidence.ts";
import { rootOf } from "../correlation/evidence.ts";
import { quoted } from "./duration.ts";
import type { Incident } from "./incident.ts";
import { membersMax } from "./incident.ts";
import { addLink } from "./links.ts";
import type { Arrival } from "./placement.ts";
import { isMoreSevere } from "./severity.ts";
import { assess, raiseSeverity } from "./severity-steps.ts";
import { isSame, withSign } from "./signs.ts";
import { areApart, claimKeys, removeFrom, takeMembers } from "./split.ts";
import { resolve } from "./transitions.ts";
import type { Turn } from "./turn.ts";
import { record } from "./turn.ts";

/** After the alert opened the incident, or became a part of it. */
export function takeClaims(
  turn: Turn,
  incident: Incident,
  arrival: Arrival,
  met: readonly Incident[] | null,
): void {
  const sighting = { ...arrival, grouped: null };
  const claims = turn.desk.correlator.claimsOf(incident, sighting, met, (from) => {
    // Somebody works on it: what belongs to it is theirs to say.
    return from.status === "triggered" && !areApart(incident, from);
  });
  for (const claim of claims) take(turn, incident, claim);
}

function take(turn: Turn, incident: Incident, { from, signs }: Claim<Incident>): void {
  const { desk } = turn;
  const links = from.links.filter(({ sign }) => signs.some((one) => isSame(one, sign)));
  const known = [...signs, ...links].map(({ fingerprint }) => fingerprint);
  const here = known.filter((fingerprint) => desk.members.ownerOf(fingerprint) === from);
  const chosen = new Set(here);
  if (chosen.size === 0 || incident.members.length + chosen.size > membersMax) return;

  removeFrom(turn, from, chosen, signs);
  takeMembers(turn, from, incident, chosen);
  desk.unrelate(incident);
  incident.signs = signs.reduce(withSign, incident.signs);
  desk.relate(incident);
  claimKeys(turn, incident, from, signs);
  const { service, sign: root } = rootOf(incident);
  const because = `trouble of ${quoted(service)} explains them better`;
  const parent = root?.fingerprint ?? "";
  for (const link of links) {
    if (chosen.has(link.fingerprint)) addLink(incident, { ...link, parent, because });
  }
  const worst = worstOf(signs);
  assess(turn, incident, { alert: null, said: worst.severity, joining: 0 });
  tell(turn, from, because, { into: incident.id }, chosen);
  tell(turn, incident, because, { from: from.id }, chosen);
  const why = `alert ${quoted(worst.alertname)} is ${worst.severity}`;
  const { labels } = incident;
  raiseSeverity(turn, incident, { by: "alerts", said: worst.severity, because: why, labels });
  if (from.firingCount > 0) return;
  resolve(turn, from, { by: "alerts", because: "none of the alerts that are left fires" });
}

function tell(
  turn: Turn,
  incident: Incident,
  because: string,
  where: { into: string } | { from: string },
  chosen: ReadonlySet<string>,
): void {
  const detail = { ...where, alerts: chosen.size, fingerprints: [...chosen].join(",") };
  record(turn, incident, { kind: "alertsMoved", by: "correlation", because, detail });
}

function worstOf(signs: readonly Sign[]): Sign {
  return signs.reduce((most, one) => (isMoreSevere(one.severity, most.severity) ? one : most));
}
