/**
 * What an alert tells of its incident's trouble: where that comes from, and which other incidents
 * are a part of it. Those that nobody has taken yet are merged; whoever was told of one of them
 * is told no second time: people go over with a merge.
 */
import type { AlertBody } from "../alert/events.ts";
import type { Sign } from "../correlation/evidence.ts";
import { isSameTrouble } from "../correlation/weighing.ts";
import { categoryOf } from "../similarity/metric-category.ts";
import { quoted } from "./duration.ts";
import { identityOf, labelOf } from "./identity.ts";
import type { Incident } from "./incident.ts";
import { mergeInto } from "./merge.ts";
import type { Arrival } from "./placement.ts";
import { saidSeverity } from "./severity-steps.ts";
import { areApart } from "./split.ts";
import type { Turn } from "./turn.ts";
import { record } from "./turn.ts";

/** Incidents that one alert brings together at once; others follow with the next ones. */
const gatheredMax = 20;
/** Distinct signs an incident remembers: with more, what is far from a cause gives way. */
const signsMax = 32;

/** @param fingerprint empty for an incident that a person opened. */
export function signOf(
  turn: Turn,
  fingerprint: string,
  { labels, annotations }: Pick<AlertBody, "labels" | "annotations">,
): Sign {
  const alertname = labelOf(labels, "alertname");
  return {
    service: identityOf(labels).service,
    alertname,
    ...categoryOf({ alertname, labels, summary: labelOf(annotations, "summary") }),
    severity: saidSeverity(turn, labels),
    agree: turn.desk.config.correlation.agree.map((label) => labelOf(labels, label)),
    fingerprint,
  };
}

/** After the alert became part of the incident. */
export function gather(turn: Turn, incident: Incident, arrival: Arrival): void {
  const { correlator } = turn.desk;
  addSigns(turn, incident, [arrival.sign]);
  const sighting = { ...arrival, grouped: null };
  for (const other of correlator.explainedBy(incident, sighting).slice(0, gatheredMax)) {
    // Somebody works on it: it is theirs to merge.
    if (other.status !== "triggered" || areApart(incident, other)) continue;
    const { signs } = other;
    const because = `trouble of ${quoted(incident.root?.service ?? incident.service)} explains it`;
    const evidence = { because, detail: {} };
    if (mergeInto(turn, other, incident.id, "correlation", evidence) !== null) continue;
    addSigns(turn, incident, signs);
  }
}

/** The incident's first alert has other labels now. */
export function changeFirstSign(incident: Incident, sign: Sign): void {
  incident.signs = [sign, ...incident.signs.slice(1)];
}

function addSigns(turn: Turn, incident: Incident, signs: readonly Sign[]): void {
  const { desk } = turn;
  const before = incident.signs;
  desk.unrelate(incident);
  for (const sign of signs) incident.signs = withSign(incident.signs, sign);
  desk.relate(incident);
  if (incident.signs === before) return;
  const root = desk.correlator.betterRoot(incident);
  if (root === null) return;
  const from = incident.root?.service ?? incident.service;
  const { service, sign, because } = root;
  const fingerprint = sign?.fingerprint ?? "";
  desk.unrelate(incident);
  incident.root = { service, fingerprint, because };
  desk.relate(incident);
  const detail = { from, to: service, alertname: sign?.alertname ?? "", fingerprint };
  record(turn, incident, { kind: "rootMoved", by: "correlation", because, detail });
}

/** The same list where the sign tells nothing new, or has no room. */
function withSign(signs: Sign[], sign: Sign): Sign[] {
  if (signs.some((known) => isSame(known, sign))) return signs;
  if (signs.length < signsMax) return [...signs, sign];
  let furthest = 0;
  for (const [at, { rank }] of signs.entries()) {
    if (at > 0 && rank >= (signs[furthest]?.rank ?? 0)) furthest = at;
  }
  if (furthest === 0 || (signs[furthest]?.rank ?? 0) <= sign.rank) return signs;
  return signs.with(furthest, sign);
}

function isSame(one: Sign, other: Sign): boolean {
  return isSameTrouble(one, other) && one.agree.every((value, at) => value === other.agree[at]);
}
