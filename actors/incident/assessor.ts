/**
 * Assesses incidents: gathers what a severity score needs to know of one, and remembers of its
 * alerts what later ones are held against. Changes nothing but the incident's assessment.
 */
import type { GraphState } from "../correlation/graph-state.ts";
import type { SeverityConfig } from "../severity/config.ts";
import type { AlertTexts, Known } from "../severity/factors.ts";
import type { Circumstances, SeverityScore } from "../severity/score.ts";
import { SeverityScorer } from "../severity/score.ts";
import { durationText, quoted } from "./duration.ts";
import { identityOf } from "./identity.ts";
import type { Incident } from "./incident.ts";
import { isOpen } from "./lifecycle.ts";
import { isMoreSevere } from "./severity.ts";
import type { Severity } from "./types.ts";

/** Services remembered of one incident; with more of them it is no worse. */
const servicesMax = 100;
const minute = 60_000;

/** Replaced as a whole, never changed in place: views share it. */
export type Assessment = {
  score: SeverityScore;
  atMs: number;
  /** Whether the score only advises, or raises the incident. */
  mode: SeverityConfig["mode"];
  /** The most severe that its alerts, or whoever opened it, said. */
  floor: Severity;
  /** Distinct services of its alerts, at most `servicesMax`. */
  services: string[];
  /** When it becomes more severe if nothing happens until then; null: it does not. */
  risesAtMs: number | null;
};

/** What is new about an incident. */
export type News = {
  /** What its newest alert says; null: no alert is the reason. */
  alert: AlertTexts | null;
  /** How severe that is by its own word. */
  said: Severity;
  /** Alerts that are about to join it, and are not among its members yet. */
  joining: number;
};

/** What is known of an incident without its alerts' factors. */
export type Facts = {
  floor: Severity;
  tenant: string;
  environment: string;
  /** In which the trouble is. */
  service: string;
  alerts: number;
  services: number;
  lastedMs: number;
  reopens: number;
};

type Sums = Pick<Assessment, "floor" | "services"> & { evidence: ReadonlyMap<string, Known> };

export class Assessor {
  readonly #scorer: SeverityScorer;
  readonly #graphs: GraphState;
  /** Minutes at which a factor of time changes its slope, in order. */
  readonly #turnsAtMinutes: number[];
  /** Whether more time never makes an incident less severe. */
  readonly #timeOnlyWorsens: boolean;

  constructor(severity: SeverityConfig, graphs: GraphState) {
    this.#scorer = new SeverityScorer(severity);
    this.#graphs = graphs;
    const ofTime = severity.factors.flatMap(({ source, scale }) => {
      const isTime = source.kind === "circumstance" && source.name === "minutes";
      return isTime && scale.kind === "points" ? [scale.points] : [];
    });
    const turns = ofTime.flatMap((points) => points.map(([at]) => at));
    this.#turnsAtMinutes = [...new Set(turns)].sort((a, b) => a - b);
    this.#timeOnlyWorsens = ofTime.every((points) =>
      points.every(([, bad], at) => at === 0 || bad >= (points[at - 1]?.[1] ?? 0)),
    );
  }

  get config(): SeverityConfig {
    return this.#scorer.config;
  }

  assess(incident: Incident, news: News, nowMs: number): Assessment {
    const before = this.#sumsOf(incident);
    const { alert, said } = news;
    const service = alert === null ? incident.service : identityOf(alert.labels).service;
    const sums = {
      floor: isMoreSevere(said, before.floor) ? said : before.floor,
      services: withService(before.services, service),
      evidence: alert === null ? before.evidence : this.#scorer.heard(before.evidence, alert),
    };
    return this.#assessment(incident, sums, news.joining, nowMs);
  }

  /** After a merge: what both knew. */
  join(incident: Incident, other: Incident, nowMs: number): Assessment {
    const [mine, theirs] = [this.#sumsOf(incident), this.#sumsOf(other)];
    const sums = {
      floor: isMoreSevere(theirs.floor, mine.floor) ? theirs.floor : mine.floor,
      services: theirs.services.reduce(withService, mine.services),
      evidence: this.#scorer.joined(mine.evidence, theirs.evidence),
    };
    return this.#assessment(incident, sums, 0, nowMs);
  }

  /** What an incident of these facts with this one alert would score. */
  tryOut(alert: AlertTexts, facts: Facts): SeverityScore {
    const evidence = this.#scorer.heard(new Map(), alert);
    return this.#scorer.score(evidence, this.#circumstances(facts), facts.floor);
  }

  #sumsOf({ assessment, settled, severity, service, version }: Incident): Sums {
    if (assessment === null) {
      // It may have lived before it was first assessed.
      const floor = version === 0 ? "info" : (settled?.floor ?? severity);
      return { floor, services: [service], evidence: this.#scorer.evidenceOf([]) };
    }
    const { floor, services, score } = assessment;
    return { floor, services, evidence: this.#scorer.evidenceOf(score.terms) };
  }

  #assessment(incident: Incident, sums: Sums, joining: number, nowMs: number): Assessment {
    const { floor, services, evidence } = sums;
    const { members, createdAtMs, reopens, root } = incident;
    const counts = { alerts: members.length + joining, services: services.length, reopens };
    const { tenant, environment } = incident;
    const service = root?.service ?? incident.service;
    const facts = { floor, tenant, environment, service, ...counts };
    const scoreAt = (atMs: number): SeverityScore => {
      const lastedMs = Math.max(0, atMs - createdAtMs);
      return this.#scorer.score(evidence, this.#circumstances({ ...facts, lastedMs }), floor);
    };
    const score = scoreAt(nowMs);
    const risesAtMs = this.#risesAtMs(incident, score, nowMs, scoreAt);
    return { score, atMs: nowMs, mode: this.config.mode, floor, services, risesAtMs };
  }

  /**
   * Time alone is looked at where a factor of time changes its slope, not between: few timers,
   * and none for incidents that time does not make more severe.
   */
  #risesAtMs(
    incident: Incident,
    { severity }: SeverityScore,
    nowMs: number,
    scoreAt: (atMs: number) => SeverityScore,
  ): number | null {
    if (this.config.mode !== "raise" || incident.settled !== null) return null;
    if (!isOpen(incident.status) || severity === "critical") return null;
    const turnsAtMs = this.#turnsAtMinutes
      .map((minutes) => incident.createdAtMs + Math.ceil(minutes * minute))
      .filter((atMs) => atMs > nowMs);
    const rises = (atMs: number): boolean => isMoreSevere(scoreAt(atMs).severity, severity);
    const lastMs = turnsAtMs.at(-1);
    if (lastMs === undefined || (this.#timeOnlyWorsens && !rises(lastMs))) return null;
    return turnsAtMs.find(rises) ?? null;
  }

  #circumstances(facts: Facts): Circumstances {
    const { floor, alerts, services, lastedMs, reopens } = facts;
    const lasted = durationText(lastedMs - (lastedMs % minute));
    return {
      severity: { value: floor, because: "the most severe that was said of it" },
      alerts: alerts === 0 ? null : { value: alerts, because: "distinct alerts" },
      services: { value: services, because: "services with alerts" },
      dependants: this.#dependantsOf(facts),
      minutes: { value: minutesOf(lastedMs), because: `began ${lasted} ago` },
      reopens: { value: reopens, because: "times it was reopened" },
    };
  }

  /** Null: there is no graph, or the service is not in it. */
  #dependantsOf({ tenant, environment, service }: Facts): Known | null {
    const graph = this.#graphs.of(tenant, environment);
    const value = graph.downstreamOf(service).length;
    if (value === 0 && graph.upstreamOf(service).length === 0) return null;
    return { value, because: `services that depend on ${quoted(service)}` };
  }
}

/** To a hundredth, never more than have passed; exact where it is exact (69 s are 1.15). */
function minutesOf(ms: number): number {
  return Math.floor((ms * 100) / minute) / 100;
}

function withService(services: string[], service: string): string[] {
  if (services.includes(service) || services.length >= servicesMax) return services;
  return [...services, service];
}
