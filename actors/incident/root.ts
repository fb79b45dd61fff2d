/**
 * What a cause does to the incidents that it explains.
 */
import type { AlertEvent } from "../alert/events.ts";
import type { Sign } from "../correlation/evidence.ts";
import { categoryOf } from "../similarity/metric-category.ts";
import { identityOf, labelOf } from "./identity.ts";
import type { Incident } from "./incident.ts";
import { mergeInto } from "./merge.ts";
import type { Arrival } from "./placement.ts";
import { severityOf } from "./severity.ts";
import type { Turn } from "./turn.ts";
import { record } from "./turn.ts";

/** Incidents that one alert brings together at once; others follow with the next ones. */
const gatheredMax = 20;
/** Distinct signs an incident remembers. */
export const signsMax = 32;

export function signOf(
  turn: Turn,
  { fingerprint, body, startsAtMs }: Extract<AlertEvent, { kind: "opened" | "changed" }>,
): Sign {
  const { labels, annotations } = body;
  const alertname = labelOf(labels, "alertname");
  const agree = turn.desk.config.correlation.topology?.agree ?? ["region", "model_id"];
  return {
    service: identityOf(labels).service,
    alertname,
    ...categoryOf({ alertname, labels, summary: labelOf(annotations, "summary") }),
    severity: severityOf(labelOf(labels, "severity")),
    agree: agree.map((label) => labelOf(labels, label)),
    fingerprint,
    atMs: Math.min(startsAtMs, turn.nowMs),
  };
}

export function gather(turn: Turn, incident: Incident, arrival: Arrival): void {
  const { desk } = turn;
  addSigns(turn, incident, [arrival.sign]);
  for (const other of desk.correlator.explainedBy(incident, arrival).slice(0, gatheredMax)) {
    // Somebody works on it: it is theirs to merge.
    if (other === incident || other.status !== "triggered") continue;
    const { signs } = other;
    if (mergeInto(turn, other, incident.id, "topology") === null) addSigns(turn, incident, signs);
  }
}

function addSigns(turn: Turn, incident: Incident, signs: readonly Sign[]): void {
  let grown = false;
  for (const sign of signs) {
    if (incident.signs.some((known) => isSame(known, sign))) continue;
    if (incident.signs.length < signsMax) incident.signs.push(sign);
    else if (!supersede(turn, incident, sign)) continue;
    grown = true;
  }
  if (!grown) return;
  turn.desk.relate(incident);
  const root = turn.desk.correlator.rootFor(incident);
  if (root !== null) moveRoot(turn, incident, root);
}

/** Where there is no more room, what is further from the cause gives way. */
function supersede({ desk }: Turn, incident: Incident, sign: Sign): boolean {
  let last = 0;
  incident.signs.forEach(({ rank }, at) => {
    if (at > 0 && rank >= (incident.signs[last]?.rank ?? 0)) last = at;
  });
  if (last === 0 || (incident.signs[last]?.rank ?? 0) <= sign.rank) return false;
  desk.unrelate(incident);
  incident.signs[last] = sign;
  desk.relate(incident);
  return true;
}

function isSame(one: Sign, other: Sign): boolean {
  return (
    one.service === other.service &&
    one.category === other.category &&
    one.agree.every((value, at) => value === other.agree[at])
  );
}

function moveRoot(turn: Turn, incident: Incident, root: NonNullable<Incident["root"]>): void {
  const { desk } = turn;
  const from = incident.root?.service ?? incident.service;
  desk.unrelate(incident);
  incident.root = root;
  desk.relate(incident);
  const detail = { from, to: root.service, fingerprint: root.fingerprint };
  record(turn, incident, { kind: "rootMoved", by: "topology", because: root.because, detail });
}
