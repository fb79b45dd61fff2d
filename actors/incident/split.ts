/**
 * Splitting: a person says that some alerts of an incident are another trouble. They become an
 * incident of their own, which tells people as any new one does, and the two are kept apart:
 * correlation does not bring them together again. Merging them by hand takes that back.
 */
import type { Sign } from "../correlation/evidence.ts";
import type { Desk } from "./desk.ts";
import { clipped } from "./duration.ts";
import { groupKeyOf, unknownService } from "./identity.ts";
import type { Incident } from "./incident.ts";
import { isOpen } from "./lifecycle.ts";
import { isMoreSevere } from "./severity.ts";
import { openSeverity } from "./severity-steps.ts";
import { withSign } from "./signs.ts";
import { newIncident, open, resolve } from "./transitions.ts";
import type { Turn } from "./turn.ts";
import { record } from "./turn.ts";
import type { CommandAction } from "./types.ts";

type Split = Extract<CommandAction, { kind: "split" }>;

/** Incidents that one is kept apart from; the oldest is forgotten. */
const apartMax = 64;

/** @returns the new incident, or why it was refused. */
export function splitOff(
  turn: Turn,
  from: Incident,
  { alerts: names, reason }: Split,
  by: string,
): Incident | string {
  if (!isOpen(from.status)) return `cannot split an incident that is ${from.status}`;
  const chosen = chosenOf(turn, from, names);
  if (typeof chosen === "string") return chosen;
  const why = reason === "" ? "" : `: ${clipped(reason, 200)}`;
  const incident = newFrom(turn, from, chosen);
  const [founder] = turn.desk.members.list(from, 0, 1);
  const takesFounder = chosen.has(founder?.fingerprint ?? "");
  removeFrom(turn, from, chosen, []);
  takeMembers(turn, from, incident, chosen);
  separate(turn.desk, from, incident);
  turn.desk.correlator.unlearn(from, incident);
  const alerts = chosen.size;
  const { labels, annotations, severity: said } = incident;
  openSeverity(turn, incident, { alert: { labels, annotations }, said, joining: 0 });
  const beginning = `${by} split it off ${from.id}${why}`;
  const detail = { from: from.id, alerts };
  open(turn, incident, null, { by, because: beginning, detail });
  claimKeys(turn, incident, from, incident.signs, {
    kept: takesFounder ? "" : from.groupKey,
    others: keysOfMerged(turn, names),
  });
  const because = `${by} split ${incident.id} off it${why}`;
  record(turn, from, { kind: "splitOff", by, because, detail: { into: incident.id, alerts } });
  if (from.firingCount === 0) {
    resolve(turn, from, { by: "alerts", because: "none of the alerts that are left fires" });
  }
  // No alert's end would ever resolve it.
  if (incident.firingCount === 0) {
    resolve(turn, incident, { by: "alerts", because: "none of its alerts fires any more" });
  }
  return incident;
}

/** Correlation must not bring these two together. */
export function areApart(one: Incident, other: Incident): boolean {
  return one.apart.includes(other.id) || other.apart.includes(one.id);
}

/** A person merged them: they are one after all. Others stay apart from both. */
export function joinApart(desk: Desk, target: Incident, source: Incident): void {
  for (const id of source.apart) {
    const other = desk.incidents.get(id);
    if (other === undefined || other === target) continue;
    other.apart = distinct(other.apart.map((one) => (one === source.id ? target.id : one)));
  }
  const others = [...target.apart, ...source.apart];
  target.apart = distinct(others.filter((id) => id !== target.id && id !== source.id));
}

/** The alerts named, and those that came with the incidents named. */
function chosenOf(turn: Turn, from: Incident, alerts: readonly string[]): Set<string> | string {
  const { desk } = turn;
  const chosen = new Set<string>();
  for (const name of alerts) {
    const merged = desk.incidents.get(name);
    if (merged !== undefined && merged.mergedInto !== from.id) {
      return `cannot split ${name} off: it was not merged into this incident`;
    }
    for (const fingerprint of merged === undefined ? [name] : merged.handedOver) {
      if (desk.members.ownerOf(fingerprint) === from) chosen.add(fingerprint);
      else if (merged === undefined) {
        const not = "neither an alert of this incident nor merged into it";
        return `cannot split ${name} off: it is ${not}`;
      }
    }
  }
  if (chosen.size === 0) return "cannot split: none of these alerts is here any more";
  const { length, away } = from.members;
  if (chosen.size === length - away) return "cannot split: these are all of its alerts";
  return chosen;
}

function newFrom(turn: Turn, from: Incident, chosen: ReadonlySet<string>): Incident {
  const incident = newIncident(turn);
  const known = new Map(from.links.map(({ fingerprint, sign }) => [fingerprint, sign]));
  for (const sign of from.signs) known.set(sign.fingerprint, sign);
  const told = [...chosen].flatMap((fingerprint) => known.get(fingerprint) ?? []);
  const signs = told.reduce<Sign[]>(withSign, []);
  const [first] = signs;
  const { tenant, environment } = from;
  Object.assign(incident, { tenant, environment, signs });
  incident.service = first?.service ?? from.service;
  incident.severity = first === undefined ? from.severity : worst(signs);
  incident.title = titleOf(first, from);
  incident.labels = first === undefined ? from.labels : labelsOf(turn.desk, first);
  incident.groupKey = `incident:${incident.id}`;
  incident.lastOpenedMs = from.lastOpenedMs;
  return incident;
}

/** These alerts, and these of its signs, are no longer its own. */
export function removeFrom(
  { desk }: Turn,
  from: Incident,
  chosen: ReadonlySet<string>,
  gone: readonly Sign[],
): void {
  desk.unrelate(from);
  const signs = from.signs.filter((sign) => !chosen.has(sign.fingerprint) && !gone.includes(sign));
  // Its labels stay those of its first alert, by which people know it.
  if (signs.length > 0) from.signs = signs;
  if (from.root !== null && chosen.has(from.root.fingerprint)) from.root = null;
  from.links = from.links.filter(({ fingerprint }) => !chosen.has(fingerprint));
  if (isOpen(from.status)) desk.relate(from);
}

export function takeMembers(
  { desk }: Turn,
  from: Incident,
  to: Incident,
  chosen: ReadonlySet<string>,
): void {
  desk.members.part(from, to, chosen);
  for (const fingerprint of chosen) {
    if (!desk.members.isFiring(fingerprint)) continue;
    from.firingCount -= 1;
    to.firingCount += 1;
  }
  // Which of its repeats were of these alerts is not known: each was received once at least.
  from.alertCount -= chosen.size;
  to.alertCount += chosen.size;
}

/** Further alerts of the keys that are known to have moved go where those went. */
export function claimKeys(
  { desk }: Turn,
  to: Incident,
  from: Incident,
  signs: readonly Sign[],
  { kept, others }: { kept: string; others: string[] } = { kept: from.groupKey, others: [] },
): void {
  const { groupBy } = desk.config;
  const ofAlerts = signs.map((sign) => groupKeyOf(labelsOf(desk, sign), null, groupBy));
  for (const key of [...ofAlerts, ...others]) {
    if (key !== kept && desk.byGroupKey(from, key) === from) desk.claim(to, key);
  }
}

function keysOfMerged({ desk }: Turn, names: readonly string[]): string[] {
  return names.flatMap((name) => {
    const merged = desk.incidents.get(name);
    return merged === undefined ? [] : [merged.groupKey, ...(merged.aliases ?? [])];
  });
}

/** What the one was kept apart from, the other is as well: its alerts were part of it then. */
function separate(desk: Desk, from: Incident, incident: Incident): void {
  for (const id of from.apart) {
    const other = desk.incidents.get(id);
    if (other !== undefined) keepApart(other, incident);
  }
  keepApart(from, incident);
}

function keepApart(one: Incident, other: Incident): void {
  one.apart = distinct([...one.apart, other.id]);
  other.apart = distinct([...other.apart, one.id]);
}

function distinct(ids: readonly string[]): string[] {
  return [...new Set(ids)].slice(-apartMax);
}

function titleOf(first: Sign | undefined, from: Incident): string {
  if (first === undefined) return from.title;
  return `${first.alertname || "alert"} on ${first.service}`;
}

/** What is known of an alert that was not the first of its incident. */
function labelsOf(desk: Desk, sign: Sign): Record<string, string> {
  const labels: Record<string, string> = { alertname: sign.alertname, severity: sign.severity };
  if (sign.service !== unknownService) labels["service"] = sign.service;
  for (const [at, label] of desk.config.correlation.agree.entries()) {
    const value = sign.agree[at] ?? "";
    if (value !== "") labels[label] = value;
  }
  return labels;
}

function worst(signs: readonly Sign[]): Incident["severity"] {
  return signs.reduce<Incident["severity"]>((most, { severity }) => {
    return isMoreSevere(severity, most) ? severity : most;
  }, "info");
}
