/**
 * How an incident becomes more severe, or less.
 *
 * V1 By itself its severity only rises: with what an alert says of itself, and, where scores are
 *    to raise it, with its score.
 * V2 Less severe it becomes by a person alone, with a reason. What was known then is settled: it
 *    rises by itself again on new evidence only, and the passing of time is none.
 * V3 Each change is an event with its reason, and a risen severity is routed anew.
 */
import { clipped } from "./duration.ts";
import type { News } from "./assessor.ts";
import type { Incident } from "./incident.ts";
import { isOpen } from "./lifecycle.ts";
import { labelSeverity } from "../severity/levels.ts";
import { labelOf } from "./identity.ts";
import { isMoreSevere } from "./severity.ts";
import { reroute, rerouteLowered, type Told } from "./telling.ts";
import type { Turn } from "./turn.ts";
import { record } from "./turn.ts";
import type { Labels } from "../alert/events.ts";
import type { Severity } from "./types.ts";

/** What a person said, and what was known then. Replaced, never changed in place. */
export type Settled = {
  by: string;
  atMs: number;
  reason: string;
  /** The most severe that the incident was. */
  floor: Severity;
  /** How bad each factor of its score was; time is none of them. */
  normalised: Record<string, number>;
};

/** Why it rises, and how severe it was said to be. */
type Rise = {
  by: string;
  said: Severity;
  because: string;
  labels: Labels;
  /** What an incident that was merged into it brings along. */
  merged?: Told;
};

/** What an alert's severity label means under the configuration in force. */
export function saidSeverity(turn: Turn, labels: Labels): Severity {
  return labelSeverity(turn.desk.config, labelOf(labels, "severity"));
}

/** Before the event that the news is part of, so that the event shows the score. */
export function assess(turn: Turn, incident: Incident, news: News): void {
  const { assessor } = turn.desk;
  incident.assessment = assessor?.assess(incident, news, turn.nowMs) ?? null;
}

/** Before it opens: how severe it opens. @returns why more than was said; "": it is not. */
export function openSeverity(turn: Turn, incident: Incident, news: News): string {
  incident.severity = news.said;
  assess(turn, incident, news);
  const scored = scoredSeverity(turn, incident);
  if (scored === null || !isMoreSevere(scored, news.said)) return "";
  incident.severity = scored;
  return scoreText(incident, `said was ${news.said}`);
}

/** V1; after the event that caused it. */
export function raiseSeverity(turn: Turn, incident: Incident, rise: Rise): void {
  const scored = scoredSeverity(turn, incident);
  const isByScore = scored !== null && isMoreSevere(scored, rise.said);
  const to = isByScore ? scored : rise.said;
  const from = incident.severity;
  if (!isMoreSevere(to, from)) return;
  const news = newEvidence(turn, incident, rise.said);
  if (news === null) return;
  incident.severity = to;
  incident.settled = null;
  const why = isByScore
    ? scoreText(incident, `it was ${from}`)
    : `${rise.because}, the incident was ${from}`;
  const because = `${why}${news}`;
  const detail = { from, to, ...scoreDetail(incident) };
  record(turn, incident, { kind: "severityRaised", by: rise.by, because, detail });
  reroute(turn, incident, rise.labels, rise.merged ?? null);
}

/** At a merge, before the event that shows it: it knows what the other one knew. */
export function assessMerged(turn: Turn, source: Incident, target: Incident): void {
  target.assessment = turn.desk.assessor?.join(target, source, turn.nowMs) ?? null;
}

/**
 * After a merge: it is as severe as the other one was.
 * @param merged whom the other one had told.
 */
export function takeOverSeverity(
  turn: Turn,
  source: Incident,
  target: Incident,
  merged: Told,
): void {
  // What was settled was settled without the other incident.
  if (isMoreSevere(source.severity, target.severity)) target.settled = null;
  raiseSeverity(turn, target, {
    by: "alerts",
    said: source.severity,
    because: `${source.id} was ${source.severity}`,
    labels: source.labels,
    merged,
  });
}

/** Time may have made it more severe; one that it has not is left alone. */
export function wakeSeverity(turn: Turn, incident: Incident): void {
  const dueAtMs = incident.assessment?.risesAtMs ?? null;
  if (dueAtMs === null || dueAtMs > turn.nowMs || !isOpen(incident.status)) return;
  assessAgain(turn, incident);
  const { severity: said, labels } = incident;
  raiseSeverity(turn, incident, { by: "timer", said, because: "", labels });
}

/** V2. @param reason not empty. @returns why it was refused; null when it is done. */
export function setSeverity(
  turn: Turn,
  incident: Incident,
  { severity: to, reason }: { severity: Severity; reason: string },
  by: string,
): string | null {
  const { severity: from, status, settled, assessment } = incident;
  if (!isOpen(status)) return `cannot change the severity of an incident that is ${status}`;
  if (to === from) return null;
  const lowers = isMoreSevere(from, to);
  if (lowers || settled !== null) {
    const worst = settled !== null && isMoreSevere(settled.floor, from) ? settled.floor : from;
    const terms = (assessment?.score.terms ?? []).map(
      (term): [string, number] => [term.factor, term.normalised],
    );
    const normalised = Object.fromEntries(terms);
    incident.settled = { by, atMs: turn.nowMs, reason, floor: worst, normalised };
  }
  incident.severity = to;
  // A deadline at which time would have raised it may be gone with it.
  assessAgain(turn, incident);
  const kind = lowers ? "severityLowered" : "severityRaised";
  const because = `${by} made it ${to}, it was ${from}: ${clipped(reason, 200)}`;
  record(turn, incident, { kind, by, because, detail: { from, to, reason } });
  if (lowers) rerouteLowered(turn, incident, `made ${to} by ${by}`);
  else reroute(turn, incident, incident.labels, null);
  return null;
}

function assessAgain(turn: Turn, incident: Incident): void {
  if (incident.assessment === null) return;
  const { floor } = incident.assessment;
  assess(turn, incident, { alert: null, said: floor, joining: 0 });
}

/** Null: scores do not raise incidents. */
function scoredSeverity(turn: Turn, incident: Incident): Severity | null {
  if (turn.desk.assessor?.config.mode !== "raise") return null;
  return incident.assessment?.score.severity ?? null;
}

/** V2. @returns how the evidence is new, as the end of a sentence; null: it is not. */
function newEvidence(turn: Turn, { settled, assessment }: Incident, said: Severity): string | null {
  if (settled === null) return "";
  if (isMoreSevere(said, settled.floor)) {
    return `; it was at most ${settled.floor} when ${settled.by} decided`;
  }
  const config = turn.desk.assessor?.config;
  if (config?.mode !== "raise") return null;
  const isTime = new Set(
    config.factors.flatMap(({ name, source }) =>
      source.kind === "circumstance" && source.name === "minutes" ? [name] : [],
    ),
  );
  const risen = assessment?.score.terms.find(({ factor, normalised }) => {
    const before = settled.normalised[factor] ?? 0;
    return !isTime.has(factor) && normalised - before >= config.newEvidence;
  });
  if (risen === undefined) return null;
  const before = settled.normalised[risen.factor] ?? 0;
  const rose = `${risen.factor} rose from ${before} to ${risen.normalised}`;
  return `; ${rose} since ${settled.by} decided`;
}

/** "SEV1 by its score of 71.3 (it was high): impact major …" */
function scoreText({ assessment }: Incident, before: string): string {
  if (assessment === null) return "";
  const { score, level, because } = assessment.score;
  return `${level} by its score of ${score} (${before}): ${because}`;
}

function scoreDetail({ assessment }: Incident): Record<string, string | number> {
  if (assessment === null) return {};
  const { score, level, impact, urgency, terms } = assessment.score;
  const mainly = [...terms]
    .sort((a, b) => b.contribution - a.contribution)
    .slice(0, 3)
    .map(({ factor, contribution }) => `${factor} ${contribution}`)
    .join(", ");
  const values = { impact: impact.value, urgency: urgency.value };
  return { score, level, ...values, mainly: clipped(mainly, 200) };
}
