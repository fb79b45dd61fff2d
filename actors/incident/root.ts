/**
 * What an alert tells of its incident's trouble: where that comes from, and which other incidents
 * are a part of it. Those that nobody has taken yet are merged; whoever was told of one of them
 * is told no second time: people go over with a merge.
 */
import type { AlertBody } from "../alert/events.ts";
import type { Sign } from "../correlation/evidence.ts";
import { categoryOf } from "../similarity/metric-category.ts";
import { quoted } from "./duration.ts";
import { identityOf, labelOf } from "./identity.ts";
import type { Incident } from "./incident.ts";
import { mergeInto } from "./merge.ts";
import type { Arrival } from "./placement.ts";
import { saidSeverity } from "./severity-steps.ts";
import { isKnown, withSign } from "./signs.ts";
import { takeClaims } from "./claim.ts";
import { areApart } from "./split.ts";
import type { Turn } from "./turn.ts";
import { record } from "./turn.ts";

/** Incidents that one alert brings together at once; others follow with the next ones. */
const gatheredMax = 20;

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
    atMs: turn.nowMs,
  };
}

/** After the alert became part of the incident: what it tells that was not known before. */
export function gather(
  turn: Turn,
  incident: Incident,
  arrival: Arrival,
  met: readonly Incident[] | null,
): void {
  const { desk } = turn;
  const before = incident.signs;
  const after = withSign(before, arrival.sign);
  if (after === before) return;
  if (isKnown(before, arrival.sign)) {
    incident.signs = after;
    return;
  }
  if (after.length > before.length) {
    incident.signs = after;
    desk.grown(incident, arrival.sign);
  } else {
    desk.unrelate(incident);
    incident.signs = after;
    desk.relate(incident);
  }
  findRoot(turn, incident);
  const explained = desk.correlator.explainedBy(incident, { ...arrival, grouped: null }, met, {
    // Somebody works on it: it is theirs to merge.
    accepts: (other) => other.status === "triggered" && !areApart(incident, other),
    most: gatheredMax,
  });
  for (const other of explained) {
    // One that was merged just now may have been kept apart from it.
    if (areApart(incident, other)) continue;
    const because = `trouble of ${quoted(incident.root?.service ?? incident.service)} explains it`;
    const evidence = { because, detail: {} };
    const refusal = mergeInto(turn, other, incident.id, "correlation", evidence);
    if (refusal === null) findRoot(turn, incident);
  }
  takeClaims(turn, incident, arrival, met);
}

function findRoot(turn: Turn, incident: Incident): void {
  const { desk } = turn;
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
