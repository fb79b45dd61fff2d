/**
 * What a cause does to the incidents that it explains: the one that it joins gets it as its root,
 * and those that nobody has taken yet become part of it. Whoever was told of one of them is told
 * no second time: people go over with a merge.
 */
import type { Labels } from "../alert/events.ts";
import type { Related } from "../correlation/rule.ts";
import { labelOf } from "./identity.ts";
import type { Incident } from "./incident.ts";
import { mergeInto } from "./merge.ts";
import type { Turn } from "./turn.ts";
import { record } from "./turn.ts";

/** Incidents that one alert brings together at once; others follow with the next ones. */
const gatheredMax = 20;
/** Values remembered of each label. */
const seenMax = 16;

export function gather(
  turn: Turn,
  incident: Incident,
  { root, because, explains = [] }: Related<Incident>,
  { fingerprint, labels }: { fingerprint: string; labels: Labels },
): void {
  see(incident, turn.desk.config.correlation.topology?.agree ?? [], labels);
  if (root !== undefined && root !== incident.root?.service) {
    moveRoot(turn, incident, { service: root, fingerprint, because });
  }
  for (const other of explains.slice(0, gatheredMax)) {
    // Somebody works on it: it is theirs to merge.
    if (other === incident || other.status !== "triggered") continue;
    mergeInto(turn, other, incident.id, "topology");
  }
}

/** A trouble of several regions is known by each of them from then on. */
function see(incident: Incident, agree: string[], labels: Labels): void {
  for (const label of agree) {
    const value = labelOf(labels, label);
    if (value === "" || value === labelOf(incident.labels, label)) continue;
    const seen = incident.seen?.[label] ?? [];
    if (seen.includes(value) || seen.length >= seenMax) continue;
    incident.seen = { ...incident.seen, [label]: [...seen, value] };
  }
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
