/**
 * What a cause does to the incidents that it explains: the one that it joins gets it as its root,
 * and those that nobody has taken yet become part of it. Whoever was told of one of them is told
 * no second time: people go over with a merge.
 */
import type { Related } from "../correlation/rule.ts";
import type { Incident } from "./incident.ts";
import { mergeInto } from "./merge.ts";
import type { Turn } from "./turn.ts";
import { record } from "./turn.ts";

/** Incidents that one alert brings together at once; others follow with the next ones. */
const gatheredMax = 20;

export function gather(
  turn: Turn,
  incident: Incident,
  { root, because, explains = [] }: Related<Incident>,
  fingerprint: string,
): void {
  if (root !== undefined && root !== incident.root?.service) {
    moveRoot(turn, incident, { service: root, fingerprint, because });
  }
  for (const other of explains.slice(0, gatheredMax)) {
    // Somebody works on it: it is theirs to merge.
    if (other === incident || other.status !== "triggered") continue;
    mergeInto(turn, other, incident.id, "topology");
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
