/** A measure of correlation is worth what its truth is worth: these are the checks of the truth. */
import { describe, expect, test } from "vitest";
import { severities } from "../../actors/incident/types.ts";
import { causeKinds, stormKinds } from "./cause.ts";
import type { Cause, StormKind } from "./cause.ts";
import { diceFor } from "./dice.ts";
import { dependentsOf } from "./graph.ts";
import { newsOf } from "./news.ts";
import { planEpisode } from "./plan.ts";
import { platform } from "./platform.ts";

const durationMs = 1_800_000;
const seeds = Array.from({ length: 24 }, (_, seed) => seed);

function plan(kind: StormKind | null, seed: number, seriesMax = 80): Cause[] {
  return planEpisode(diceFor(seed), kind, { number: 1, durationMs, seriesMax });
}

const plans = stormKinds.flatMap((kind) =>
  seeds.map((seed) => ({ kind, seed, causes: plan(kind, seed) })),
);

const services = new Set(platform.map(({ name }) => name));
const happened = (series: Cause["series"][number]): number =>
  (series.flipsMs[0] ?? NaN) - series.lateMs;

describe("a plan", () => {
  test("is the same for the same seed, and another for another", () => {
    for (const kind of stormKinds) {
      expect(plan(kind, 5)).toEqual(plan(kind, 5));
      expect(plan(kind, 5)).not.toEqual(plan(kind, 6));
    }
  });

  test("has the causes of its kind, and about as many series as it may have", () => {
    for (const { kind, seed, causes } of plans) {
      const others = causes.map((cause) => cause.kind).filter((one) => one !== "noise");
      const expected = kind === "noise" ? 0 : kind === "two_at_once" ? 2 : 1;
      expect([kind, seed, others.length, new Set(others).size]).toEqual([
        ...[kind, seed, expected, expected],
      ]);
      if (expected === 1) expect(others).toEqual([kind]);
      const series = causes.reduce((sum, cause) => sum + cause.series.length, 0);
      expect(series).toBeLessThanOrEqual(90);
      expect(series).toBeGreaterThan(10);
    }
  });

  test("of every kind has every kind where there is room, and fewer where there is none", () => {
    const kinds = (seriesMax: number): string[] => [
      ...new Set(plan(null, 3, seriesMax).map(({ kind }) => kind)),
    ];
    expect(kinds(300).sort()).toEqual([...causeKinds].sort());
    expect(kinds(12)).toHaveLength(2);
  });

  test("gives each alert one cause, and each cause a root that is its own", () => {
    for (const { kind, seed, causes } of plans) {
      const identities: string[] = [];
      for (const { root, series, pages, kind: of } of causes) {
        expect(services.has(root.service)).toBe(true);
        expect(series[0]?.labels).toMatchObject({ ...root });
        expect(pages).toBe(of !== "noise");
        for (const { labels } of series) {
          identities.push(JSON.stringify(Object.entries(labels).sort()));
        }
      }
      expect([kind, seed, new Set(identities).size]).toEqual([kind, seed, identities.length]);
      expect(new Set(causes.map(({ id }) => id)).size).toBe(causes.length);
    }
  });

  test("spreads a cascade along the edges of the graph only", () => {
    const cascades = ["gpu_oom_cascade", "deploy_gone_wrong", "provider_rate_limit"] as const;
    for (const kind of [...cascades, "dns_failure", "database_failover"] as const) {
      for (const seed of seeds) {
        const cause = plan(kind, seed).find((one) => one.kind === kind);
        const { service } = cause?.root ?? { service: "" };
        const reached = dependentsOf(platform, service).map((one) => one.service.name);
        const touched = new Set(cause?.series.map(({ labels }) => labels["service"]));
        expect([service, ...reached]).toEqual(expect.arrayContaining([...touched]));
        expect(touched.size).toBeGreaterThan(1);
      }
    }
  });

  test("says truly whether the cause or a symptom came first, and has both", () => {
    const orders = new Set<string>();
    for (const { causes } of plans) {
      for (const { order, series } of causes) {
        const [root = NaN, ...symptoms] = series.map((one) => Math.round(happened(one)));
        expect(order).toBe(symptoms.some((ms) => ms < root) ? "symptoms first" : "cause first");
        if (series.length > 4) orders.add(order);
      }
    }
    expect([...orders].sort()).toEqual(["cause first", "symptoms first"]);
  });

  test("loses some alerts and delays others, and never loses a cause altogether", () => {
    const all = plans.flatMap(({ causes }) => causes);
    const series = all.flatMap((cause) => cause.series);
    const share = (some: unknown[]): number => some.length / series.length;
    expect(share(series.filter(({ missing }) => missing))).toBeCloseTo(0.04, 1);
    expect(share(series.filter(({ lateMs }) => lateMs > 0))).toBeCloseTo(0.08, 1);
    expect(series.filter(({ missing }) => missing).length).toBeGreaterThan(100);
    expect(series.filter(({ lateMs }) => lateMs > 18_000).length).toBeGreaterThan(100);
    expect(all.filter((cause) => cause.series[0]?.missing).length).toBeGreaterThan(10);
    expect(all.every((cause) => cause.series.some(({ missing }) => !missing))).toBe(true);
  });

  test("has labels and texts as monitoring writes them", () => {
    const series = plans.flatMap(({ causes }) => causes.flatMap((cause) => cause.series));
    const names = new Set(series.flatMap(({ labels }) => Object.keys(labels)));
    const expected = ["alertname", "environment", "instance", "model_id", "region", "service"];
    expect([...names]).toEqual(expect.arrayContaining([...expected, "severity", "customer"]));
    expect(series.filter(({ labels }) => !services.has(labels["service"] ?? ""))).toEqual([]);
    expect(new Set(series.map(({ labels }) => labels["severity"]))).toEqual(new Set(severities));
    const texts = series.flatMap(({ annotations, changes }) => [
      annotations,
      ...changes.map((change) => change.annotations),
    ]);
    const written = texts.map(({ summary, description }) => `${summary} ${description}`);
    expect(written.filter((text) => !/^[^{}]*\d[^{}]*$/.test(text))).toEqual([]);
    // Numbers, ids and addresses vary: what is told of the same thing is not the same text.
    const told = series.filter(({ labels }) => labels["alertname"] === "ApiLatencyP99High");
    const descriptions = new Set(told.map((one) => one.annotations["description"]));
    expect(descriptions.size).toBeGreaterThan(0.9 * told.length);
  });
});

describe("news", () => {
  test("come in order of arrival, each series' own in order of its life", () => {
    for (const kind of stormKinds) {
      const news = newsOf(diceFor(1), plan(kind, 1));
      const last = new Map<unknown, string>();
      let nowMs = 0;
      for (const one of news) {
        expect(one.atMs).toBeGreaterThanOrEqual(nowMs);
        expect(one.happenedMs).toBeLessThanOrEqual(one.atMs);
        expect(one.series.missing).toBe(false);
        const before = last.get(one.series) ?? "end";
        expect(before === "end").toBe(one.kind === "fire");
        last.set(one.series, one.kind);
        nowMs = one.atMs;
      }
    }
  });

  test("of one moment come in any order", () => {
    const causes = plan("regional_network_loss", 2);
    const orders = [1, 2, 3].map((seed) =>
      newsOf(diceFor(seed), causes).map(({ series }) => JSON.stringify(series.labels)),
    );
    expect(orders[0]).not.toEqual(orders[1]);
    expect(orders[0]?.toSorted()).toEqual(orders[1]?.toSorted());
  });
});
