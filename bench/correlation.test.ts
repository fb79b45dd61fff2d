/** The scores of clusterings whose figures can be worked out by hand, and a storm run for real. */
import { describe, expect, test } from "vitest";
import { defaultIncidentConfig } from "../runtime/incident-stage.ts";
import type { Cause } from "../runtime/storm/cause.ts";
import type { Clustering, Scores } from "./correlation-scores.ts";
import { addStorm, emptyTally, meanOf, scoresOf } from "./correlation-scores.ts";
import { stormOf } from "./correlation-storms.ts";
import { alertmanagerGroups, byKey, plainDedup, tocsinWith } from "./correlation-systems.ts";

const cause = (id: string, pages = true): Cause => ({
  ...{ id, kind: "dns_failure", about: "", pages, order: "cause first", series: [] },
  root: { service: `root-of-${id}`, alertname: "X" },
});
const [red, blue, quiet] = [cause("red"), cause("blue"), cause("quiet", false)];

/** @param placed pairs "cause incident"; every incident pages and is named after `red`'s root. */
function clustering(...placed: [Cause, string][]): Clustering {
  return {
    placed: placed.map(([of, incident]) => ({ cause: of, incident })),
    incidents: new Map(
      placed.map(([, incident]) => [incident, { pages: true, service: "root-of-red" }]),
    ),
  };
}

function scores(...storms: Clustering[]): Scores {
  const tally = emptyTally();
  for (const storm of storms) addStorm(tally, storm);
  return scoresOf(tally);
}

describe("pairs", () => {
  test("a perfect clustering has precision and recall 1", () => {
    expect(scores(clustering([red, "a"], [red, "a"], [blue, "b"], [blue, "b"]))).toMatchObject({
      ...{ precision: 1, recall: 1, f1: 1, reduction: 0.5, hidden: 0 },
    });
  });

  test("all in one: 2 of 6 pairs are right, and none is missed", () => {
    const { precision, recall, f1 } = scores(
      clustering([red, "a"], [red, "a"], [blue, "a"], [blue, "a"]),
    );
    expect([precision, recall, f1]).toEqual([2 / 6, 1, 0.5]);
  });

  test("one incident split, one stranger in: 1 of 2 pairs right, 1 of 3 found", () => {
    // a: red red (right); b: red quiet (wrong); red has 3 pairs.
    const { precision, recall, f1 } = scores(
      clustering([red, "a"], [red, "a"], [red, "b"], [quiet, "b"]),
    );
    expect([precision, recall]).toEqual([1 / 2, 1 / 3]);
    expect(f1).toBeCloseTo(0.4);
  });

  test("nothing together: nothing wrong and nothing found", () => {
    expect(scores(clustering([red, "a"], [red, "b"], [red, "c"]))).toMatchObject({
      ...{ precision: 1, recall: 0, f1: 0, reduction: 0 },
    });
  });

  test("of several storms the pairs are added up, not the ratios", () => {
    const wrong = clustering([red, "a"], [blue, "a"]);
    const right = clustering([red, "a"], [red, "a"], [red, "a"]);
    expect(scores(wrong, right).precision).toBe(3 / 4);
  });
});

describe("incidents", () => {
  test("a cause is hidden if all of its alerts are in incidents of others", () => {
    const hides = clustering([red, "a"], [red, "a"], [blue, "a"]);
    expect(scores(hides).hidden).toBe(1 / 2);
    const seen = clustering([red, "a"], [red, "a"], [blue, "a"], [blue, "b"]);
    expect(scores(seen).hidden).toBe(0);
  });

  test("one that is hidden may be named all the same, by an incident that pages", () => {
    const untold = (pages: boolean, ...placed: [Cause, string][]): number[] => {
      const tally = emptyTally();
      const made = clustering(...placed);
      for (const one of made.incidents.values()) one.pages = pages;
      addStorm(tally, made);
      return [tally.hidden, tally.untold];
    };
    expect(untold(true, [blue, "a"], [blue, "a"], [red, "a"])).toEqual([1, 0]);
    expect(untold(false, [blue, "a"], [blue, "a"], [red, "a"])).toEqual([1, 1]);
    expect(untold(true, [red, "a"], [red, "a"], [blue, "a"])).toEqual([1, 1]);
  });

  test("of two as many, the incident is about its first alert's cause", () => {
    const { hidden, rootRight } = scores(clustering([red, "a"], [blue, "a"]));
    expect(hidden).toBe(1 / 2);
    expect(rootRight).toBe(1 / 2);
    const later = clustering([red, "x"], [blue, "a"], [red, "a"]);
    expect(scores(later).hidden).toBe(0);
  });

  test("what concerns nobody may be hidden, and has no root to be found", () => {
    const { hidden, rootRight } = scores(clustering([red, "a"], [red, "a"], [quiet, "a"]));
    expect([hidden, rootRight]).toEqual([0, 1]);
  });

  test("the root is judged by the incident with most of the cause's alerts", () => {
    const made = clustering([red, "a"], [red, "b"], [red, "b"]);
    made.incidents.set("b", { pages: true, service: "elsewhere" });
    expect(scores(made).rootRight).toBe(0);
    made.incidents.set("a", { pages: true, service: "elsewhere" });
    made.incidents.set("b", { pages: true, service: "root-of-red" });
    expect(scores(made).rootRight).toBe(1);
  });

  test("reduction counts incidents that page, not those that do not", () => {
    const made = clustering([red, "a"], [red, "b"], [red, "c"], [red, "d"]);
    made.incidents.set("a", { pages: false, service: "" });
    made.incidents.set("b", { pages: false, service: "" });
    expect(scores(made).reduction).toBe(0.5);
  });

  test("a mean weighs all kinds alike", () => {
    const one = scores(clustering([red, "a"], [red, "a"]));
    const other = scores(clustering([red, "a"], [red, "b"], [red, "c"], [red, "d"]));
    expect(meanOf([one, other])).toMatchObject({ recall: 0.5, precision: 1, reduction: 0.25 });
  });
});

describe("systems", () => {
  const storm = stormOf("two_at_once", 3);
  const judged = (system: ReturnType<typeof byKey>): Scores => scores(system(storm));

  test("a storm is the same for the same seed", () => {
    expect(stormOf("two_at_once", 3)).toEqual(storm);
    expect(stormOf("two_at_once", 4)).not.toEqual(storm);
    expect(stormOf("dns_failure", 3)).not.toEqual(storm);
  });

  test("knowing the truth gives perfect figures, and the incident of everything hides", () => {
    const oracle = judged(byKey((firing) => firing.cause.id));
    expect(oracle).toMatchObject({ precision: 1, recall: 1, f1: 1, hidden: 0 });
    const everything = judged(byKey(() => "all"));
    expect(everything.recall).toBe(1);
    expect(everything.hidden).toBe(1 / 2);
  });

  test("deduplication puts nothing together but what comes again", () => {
    const { placed } = plainDedup(storm);
    expect(new Set(placed.map(({ incident }) => incident)).size).toBe(
      new Set(storm.firings.map(({ fingerprint }) => fingerprint)).size,
    );
    expect(judged(plainDedup)).toMatchObject({ precision: 1, hidden: 0 });
  });

  test("Alertmanager's groups have one alertname and service each", () => {
    const { placed, incidents } = alertmanagerGroups(storm);
    const names = new Set(
      storm.firings.map(({ labels }) => `${labels["alertname"]} ${labels["service"]}`),
    );
    expect(incidents.size).toBe(names.size);
    expect(placed).toHaveLength(storm.firings.length);
  });

  test("the incident stage places every alert, and correlation is what puts them together", () => {
    const on = tocsinWith(defaultIncidentConfig.correlation);
    const off = tocsinWith({ ...defaultIncidentConfig.correlation, enabled: false });
    expect(on(storm).placed.map((one) => one.cause)).toEqual(storm.firings.map((one) => one.cause));
    expect(judged(on).recall).toBeGreaterThan(judged(off).recall);
    expect(judged(on).reduction).toBeGreaterThan(judged(off).reduction);
    expect([...off(storm).incidents.values()].some(({ pages }) => !pages)).toBe(true);
    expect([...off(storm).incidents.values()].some(({ pages }) => pages)).toBe(true);
  });
});
