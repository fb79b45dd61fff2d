/**
 * How well alerts were gathered into incidents, judged by the truth. An alert here is one that
 * began to fire: a host that flaps five times is five of them, repeats are none.
 */
import type { Cause } from "../runtime/storm/cause.ts";

export type Placed = { cause: Cause; incident: string };

/** What a system made of a storm. */
export type Clustering = {
  /** In the order in which they came. */
  placed: Placed[];
  /** By id: whether it wakes somebody, and the service it is named after. */
  incidents: Map<string, { pages: boolean; service: string }>;
};

/** Sums over storms: ratios are made of sums, so that a storm counts by its size. */
export type Tally = {
  alerts: number;
  pagingIncidents: number;
  /** Pairs of alerts: in one incident and of one cause; in one incident; of one cause. */
  pairsRight: number;
  pairsTogether: number;
  pairsTrue: number;
  /** True incidents that should page, and what became of them. */
  shouldPage: number;
  rootsRight: number;
  hidden: number;
  /** Hidden ones after which no incident that pages and has alerts of theirs is named. */
  untold: number;
};

export type Scores = {
  /** 1 - incidents that page / alerts. */
  reduction: number;
  precision: number;
  recall: number;
  f1: number;
  /** Share of the true incidents that should page. */
  rootRight: number;
  hidden: number;
};

export function emptyTally(): Tally {
  return {
    ...{ alerts: 0, pagingIncidents: 0, pairsRight: 0, pairsTogether: 0, pairsTrue: 0 },
    ...{ shouldPage: 0, rootsRight: 0, hidden: 0, untold: 0 },
  };
}

/** Adds one storm's clustering. */
export function addStorm(tally: Tally, { placed, incidents }: Clustering): void {
  const perIncident = new Map<string, number>();
  const perCause = new Map<Cause, number>();
  /** Cause by cause: how many of its alerts each incident has, in order of appearance. */
  const shares = new Map<Cause, Map<string, number>>();
  for (const { cause, incident } of placed) {
    perIncident.set(incident, (perIncident.get(incident) ?? 0) + 1);
    perCause.set(cause, (perCause.get(cause) ?? 0) + 1);
    const share = shares.get(cause) ?? new Map<string, number>();
    shares.set(cause, share.set(incident, (share.get(incident) ?? 0) + 1));
  }
  tally.alerts += placed.length;
  for (const { pages } of incidents.values()) if (pages) tally.pagingIncidents += 1;
  for (const count of perIncident.values()) tally.pairsTogether += pairs(count);
  for (const count of perCause.values()) tally.pairsTrue += pairs(count);
  const subjects = subjectsOf(placed);
  for (const [cause, share] of shares) {
    for (const count of share.values()) tally.pairsRight += pairs(count);
    if (!cause.pages) continue;
    tally.shouldPage += 1;
    const main = incidents.get(greatest(share) ?? "");
    if (main?.service === cause.root.service) tally.rootsRight += 1;
    const isSeen = [...share.keys()].some((incident) => subjects.get(incident) === cause);
    if (isSeen) continue;
    tally.hidden += 1;
    const isNamed = [...share.keys()].some((incident) => {
      const named = incidents.get(incident);
      return named?.pages === true && named.service === cause.root.service;
    });
    if (!isNamed) tally.untold += 1;
  }
}

/**
 * Without pairs there is nothing to get wrong: a system that puts nothing together has precision
 * 1, and a storm without related alerts has recall 1.
 */
export function scoresOf(tally: Tally): Scores {
  const share = (part: number, whole: number): number => (whole === 0 ? 1 : part / whole);
  const precision = share(tally.pairsRight, tally.pairsTogether);
  const recall = share(tally.pairsRight, tally.pairsTrue);
  const sum = precision + recall;
  return {
    reduction: 1 - share(tally.pagingIncidents, tally.alerts),
    precision,
    recall,
    f1: sum === 0 ? 0 : (2 * precision * recall) / sum,
    rootRight: share(tally.rootsRight, tally.shouldPage),
    hidden: tally.shouldPage === 0 ? 0 : tally.hidden / tally.shouldPage,
  };
}

/** Every kind of storm weighs the same. @param all not empty. */
export function meanOf(all: Scores[]): Scores {
  const mean = (name: keyof Scores): number =>
    all.reduce((sum, scores) => sum + scores[name], 0) / all.length;
  return {
    ...{ reduction: mean("reduction"), precision: mean("precision"), recall: mean("recall") },
    ...{ f1: mean("f1"), rootRight: mean("rootRight"), hidden: mean("hidden") },
  };
}

/** What an incident is about: the cause of most of its alerts; of two as many, the first one's. */
function subjectsOf(placed: Placed[]): Map<string, Cause | null> {
  const counts = new Map<string, Map<Cause, number>>();
  for (const { cause, incident } of placed) {
    const causes = counts.get(incident) ?? new Map<Cause, number>();
    counts.set(incident, causes.set(cause, (causes.get(cause) ?? 0) + 1));
  }
  return new Map([...counts].map(([incident, causes]) => [incident, greatest(causes)]));
}

/** Of two as many, the one that began first. */
function greatest<T>(counts: Map<T, number>): T | null {
  let best: [T, number] | null = null;
  for (const entry of counts) if (best === null || entry[1] > best[1]) best = entry;
  return best?.[0] ?? null;
}

const pairs = (count: number): number => (count * (count - 1)) / 2;
