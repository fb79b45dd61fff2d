/** Scores: what factors make of values, what the matrix makes of both, and what is not known. */
import { describe, expect, test } from "vitest";
import type { Severity } from "../incident/types.ts";
import type { Factor, FactorScale, SeverityConfig } from "./config.ts";
import { compileReader, normalised } from "./factors.ts";
import { labelSeverity, levelOf, severityOfLevel } from "./levels.ts";
import { type Circumstances, type Evidence, SeverityScorer } from "./score.ts";

const percent: FactorScale = { kind: "points", points: [[0, 0], [10, 0.5], [50, 1]] };
const said = (name: string, more: Partial<Factor> = {}): Factor => ({
  ...{ name, axis: "impact", weight: 1, scale: percent, atLeast: [] },
  source: { kind: "said", names: [name], per: [], matchers: [] },
  ...more,
});
const severityFactor: Factor = {
  ...{ name: "alert-severity", axis: "urgency", weight: 2, atLeast: [] },
  source: { kind: "circumstance", name: "severity" },
  scale: { kind: "words", words: { critical: 1, high: 0.5, medium: 0.25 }, otherwise: 0 },
};

function config(factors: Factor[], more: Partial<SeverityConfig> = {}): SeverityConfig {
  const bands = [{ name: "little", from: 0 }, { name: "much", from: 0.5 }];
  return {
    ...{ mode: "raise", scale: "sev1-5", missing: "renormalise", newEvidence: 0.25 },
    bands: { impact: bands, urgency: bands },
    matrix: [["info", "medium"], ["high", "critical"]],
    factors,
    ...more,
  };
}

function circumstances(severity: Severity): Circumstances {
  const none = { alerts: null, services: null, dependants: null, minutes: null, reopens: null };
  return { ...none, severity: { value: severity, because: "said" } };
}

const alert = (labels: Record<string, string>, annotations = {}) => ({
  labels: { alertname: "Errors", ...labels },
  annotations,
});

function scoreOf(of: SeverityConfig, labels: Record<string, string>, severity: Severity = "info") {
  const scorer = new SeverityScorer(of);
  const evidence = scorer.heard(new Map(), alert(labels));
  return scorer.score(evidence, circumstances(severity), severity);
}

describe("values", () => {
  test.each([
    [-5, 0],
    [0, 0],
    [5, 0.25],
    [10, 0.5],
    [30, 0.75],
    [50, 1],
    [1e9, 1],
  ])("%d is %d on a line of points", (value, bad) => {
    expect(normalised(percent, value)).toBe(bad);
  });

  test("points may fall, as for the time that is left", () => {
    const left: FactorScale = { kind: "points", points: [[0, 1], [60, 0.5], [120, 0]] };
    expect([0, 30, 60, 90, 500].map((value) => normalised(left, value))).toEqual([
      ...[1, 0.75, 0.5, 0.25, 0],
    ]);
  });

  test("words are compared in lower case; others are unknown unless * says what they are", () => {
    const words: FactorScale = { kind: "words", words: { prod: 1 }, otherwise: null };
    const all: FactorScale = { ...words, otherwise: 0.1 };
    expect(["PROD ", "qa", "constructor"].map((word) => normalised(words, word))).toEqual([
      ...[1, null, null],
    ]);
    expect(normalised(all, "qa")).toBe(0.1);
  });

  test.each([
    ["12", 12],
    ["12.5 %", 12.5],
    ["1e2", 100],
    ["-3", -3],
    ["12 users", null],
    ["0x10", null],
    ["Infinity", null],
    [`${"1".repeat(79)}%`, expect.any(Number)],
    ["1".repeat(81), null],
  ])("the text %j is the number %j", (text, value) => {
    const read = compileReader(said("users"))?.(alert({ users: text })) ?? null;
    expect(read?.value ?? null).toEqual(value);
  });

  test("a label goes before an annotation, an earlier name before a later", () => {
    const source = { kind: "said" as const, names: ["a", "b"], per: [], matchers: [] };
    const read = compileReader(said("users", { source }));
    expect(read?.(alert({ b: "2" }, { a: "1" }))?.value).toBe(1);
    expect(read?.(alert({ a: "3" }, { a: "1" }))).toEqual({
      ...{ value: 3, because: 'label a of "Errors"' },
    });
    expect(read?.(alert({}))).toBeNull();
  });

  test("a value over another one, of alerts that match alone", () => {
    const matchers = [{ label: "metric_type", op: "=" as const, value: "cost" }];
    const source = { kind: "said" as const, names: ["value"], per: ["threshold"], matchers };
    const read = compileReader(said("spend", { source }));
    const told = { value: "9", threshold: "6" };
    expect(read?.(alert({ metric_type: "cost" }, told))).toEqual({
      value: 1.5,
      because: 'annotation value of "Errors" over annotation threshold',
    });
    expect(read?.(alert({ metric_type: "latency" }, told))).toBeNull();
    for (const threshold of ["0", "", "many"]) {
      expect(read?.(alert({ metric_type: "cost" }, { value: "9", threshold }))).toBeNull();
    }
  });
});

describe("scores", () => {
  test("the points of all terms add up exactly, whatever the weights", () => {
    const factors = ["a", "b", "c"].map((name) => said(name));
    const full = scoreOf(config(factors), { a: "50", b: "50", c: "50" });
    expect(full.score).toBe(100);
    expect(full.terms.map(({ contribution }) => contribution)).toEqual([33.33, 33.34, 33.33]);
    const odd = scoreOf(config([...factors, severityFactor]), { a: "7", b: "13", c: "41" }, "high");
    const sum = odd.terms.reduce((total, term) => total + Math.round(term.contribution * 100), 0);
    expect(sum / 100).toBe(odd.score);
  });

  test("a missing factor is named, and its weight is shared or lost as is configured", () => {
    const factors = [said("users"), said("money", { weight: 3 })];
    const shared = scoreOf(config(factors), { users: "10" });
    expect(shared).toMatchObject({ score: 50, missing: ["money"], impact: { value: 0.5 } });
    const lost = scoreOf(config(factors, { missing: "zero" }), { users: "10" });
    expect(lost).toMatchObject({ score: 12.5, missing: ["money"], impact: { value: 0.125 } });
  });

  test("nothing known at all is the least cell, not a fault", () => {
    expect(scoreOf(config([said("users")]), {})).toMatchObject({
      ...{ score: 0, level: "SEV5", terms: [], missing: ["users"] },
      impact: { value: 0, band: "little" },
    });
  });

  test.each([
    ["0", "info", "SEV5"],
    ["0", "high", "SEV3"],
    ["10", "info", "SEV2"],
    ["10", "high", "SEV1"],
  ] as const)("%s %% of users and severity %s meet at %s in the matrix", (users, word, level) => {
    const scorer = new SeverityScorer(config([said("users"), severityFactor]));
    const evidence = scorer.heard(new Map(), alert({ users }));
    const score = scorer.score(evidence, circumstances(word), "info");
    expect(score.level).toBe(level);
    expect(score.because).toMatch(/^impact (little|much) .* meet at SEV\d in the matrix$/);
  });

  test("alerts' own severity is the floor; a factor may demand more than the matrix", () => {
    const demanding = said("users", { atLeast: [{ severity: "high", from: 0.25 }], weight: 0 });
    const floor = scoreOf(config([said("users")]), { users: "0" }, "medium");
    expect(floor).toMatchObject({ severity: "medium", because: /^its alerts say medium/ });
    const demanded = scoreOf(config([demanding]), { users: "5" });
    expect(demanded).toMatchObject({ severity: "high", score: 0 });
    expect(demanded.because).toBe("users is 5 (0.25): at least SEV2 from 0.25 on");
  });

  test("of several alerts the worst value counts, whichever comes first", () => {
    const scorer = new SeverityScorer(config([said("users")]));
    const [bad, good] = [alert({ users: "40" }), alert({ users: "3" })];
    const heard = (...alerts: (typeof bad)[]) =>
      alerts.reduce<Evidence>((evidence, one) => scorer.heard(evidence, one), new Map());
    for (const evidence of [heard(bad, good), heard(good, bad)]) {
      expect(evidence.get("users")?.value).toBe(40);
      const score = scorer.score(evidence, circumstances("info"), "info");
      expect(scorer.evidenceOf(score.terms)).toEqual(evidence);
    }
    expect(scorer.joined(heard(good), heard(bad)).get("users")?.value).toBe(40);
  });
});

describe("levels", () => {
  test("each scale names the five severities, and reads its own names", () => {
    const all = ["critical", "high", "medium", "low", "info"] as const;
    const named = (scale: "sev1-5" | "sev0-4" | "sev1-4") =>
      all.map((severity) => levelOf(scale, severity));
    expect(named("sev1-5")).toEqual(["SEV1", "SEV2", "SEV3", "SEV4", "SEV5"]);
    expect(named("sev0-4")).toEqual(["SEV0", "SEV1", "SEV2", "SEV3", "SEV4"]);
    expect(named("sev1-4")).toEqual(["SEV1", "SEV2", "SEV3", "SEV4", "SEV4"]);
    expect(severityOfLevel("sev0-4", "sev-1")).toBe("high");
    expect(severityOfLevel("sev1-5", "sev_1")).toBe("critical");
    expect(severityOfLevel("sev1-4", "SEV4")).toBe("low");
    expect(severityOfLevel("sev1-4", "SEV5")).toBeNull();
  });

  test("a label is read by the scale in force, other words as ever", () => {
    const google = { severity: config([], { scale: "sev0-4" }) };
    expect(labelSeverity(google, "SEV1")).toBe("high");
    expect(labelSeverity({}, "SEV1")).toBe("critical");
    expect(labelSeverity(google, "page")).toBe("critical");
    expect(labelSeverity(google, "")).toBe("medium");
  });
});
