/**
 * Merging: two incidents turn out to be one trouble. The source ends as "merged"; its alerts,
 * counts, grouping keys and the people who were told of it go over to the target, which from
 * then on answers for all of them.
 */
import { endFlapping } from "./flap-steps.ts";
import type { Incident } from "./incident.ts";
import { membersMax } from "./incident.ts";
import { isOpen } from "./lifecycle.ts";
import { linksMax } from "./links.ts";
import { assessMerged, takeOverSeverity } from "./severity-steps.ts";
import { withSign } from "./signs.ts";
import { joinApart } from "./split.ts";
import { takeOverEscalation } from "./telling.ts";
import { leaveOpen } from "./transitions.ts";
import type { Turn } from "./turn.ts";
import { record } from "./turn.ts";

/** Alerts of a merged incident that can be split off again by its id. */
const handedOverMax = 10_000;

/** Why a program merges what nobody asked it to merge. */
export type MergeEvidence = { because: string; detail: Record<string, string | number> };

/** @returns why it was refused; null when it is done, or was done before. */
export function mergeInto(
  turn: Turn,
  source: Incident,
  into: string,
  by: string,
  evidence: MergeEvidence | null = null,
): string | null {
  if (source.status === "merged") {
    if (source.mergedInto === into) return null;
    return `cannot merge an incident that was merged into ${source.mergedInto} before`;
  }
  const target = turn.desk.incidents.get(into);
  const refusal = refusalOf(turn, source, into, target);
  if (refusal !== null || target === undefined) return refusal;

  const { alertCount: alerts } = source;
  endFlapping(turn, source, by, `merged into ${target.id} by ${by}`);
  const { policy, escalation, told } = source;
  const brought = { policy, escalation, told };
  moveTo(turn, source, target);
  assessMerged(turn, source, target);
  leaveOpen(turn, source, "merged", `merged into ${target.id} by ${by}`);
  source.mergedInto = target.id;
  source.housekeepingAtMs = turn.nowMs + turn.desk.config.retireAfterMs;
  const why = evidence === null ? "" : `: ${evidence.because}`;
  const sourceDetail = { into: target.id, alerts, ...evidence?.detail };
  const ending = `${by} merged it into ${target.id}${why}`;
  record(turn, source, { kind: "merged", by, because: ending, detail: sourceDetail });
  takeOverEscalation(target, brought);
  const detail = { from: source.id, alerts, ...evidence?.detail };
  const because = `${by} merged ${source.id} into it${why}`;
  record(turn, target, { kind: "merged", by, because, detail });
  takeOverSeverity(turn, source, target, brought);
  return null;
}

function refusalOf(
  turn: Turn,
  source: Incident,
  into: string,
  target: Incident | undefined,
): string | null {
  if (into === source.id) return "cannot merge an incident into itself";
  const here = turn.desk.partition;
  if (target === undefined) {
    const there = /^inc-(\d+)-/.exec(into)?.[1];
    if (there !== undefined && Number(there) !== here) {
      return (
        `cannot merge into ${into}: it lives in partition ${there}, this incident in ${here}, ` +
        "and only incidents of one correlation domain can be merged"
      );
    }
    return `cannot merge into ${into}: no such incident in memory`;
  }
  if (!isOpen(target.status)) {
    return `cannot merge into ${into}: it is ${target.status}; only an open incident takes others`;
  }
  if (target.members.length + source.members.length > membersMax) {
    return `cannot merge into ${into}: together they would have more than ${membersMax} alerts`;
  }
  return null;
}

function moveTo(turn: Turn, source: Incident, target: Incident): void {
  const { desk } = turn;
  if (source.tenant === target.tenant && source.environment === target.environment) {
    for (const key of desk.keysOf(source)) desk.claim(target, key);
  }
  const brought = desk.members.list(source, 0, handedOverMax);
  source.handedOver = brought.map(({ fingerprint }) => fingerprint);
  joinApart(desk, target, source);
  desk.unrelate(target);
  target.signs = source.signs.reduce(withSign, target.signs);
  target.links = [...target.links, ...source.links].slice(0, linksMax);
  desk.moveMembers(source, target);
  target.lastOpenedMs = Math.max(target.lastOpenedMs, source.lastOpenedMs);
  desk.relate(target);
  for (const receiver of source.told) {
    if (!target.told.includes(receiver)) target.told.push(receiver);
  }
  source.told = [];
}
