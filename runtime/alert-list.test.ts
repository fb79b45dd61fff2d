import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { codec } from "../streams/codec.ts";
import { alertRecord, buildFrame } from "../testing/frame-builder.ts";
import { parseMatcher } from "./config/matcher-text.ts";
import { DedupStage } from "./dedup-stage.ts";
import { type LabelFilter, labelFilter } from "./label-filter.ts";

const startMs = 1_700_000_000_000;

/** A stage in which these alerts fire. */
function stageWith(alerts: { labels: Record<string, string> }[]): DedupStage {
  const stage = new DedupStage({ codec, config: null });
  const times = { startsAtMs: startMs, endsAtMs: startMs + 3_600_000 };
  const frame = buildFrame(startMs, alerts.map((alert) => alertRecord(alert, times)));
  stage.apply(frame, { seq: 1, timeMs: startMs }, () => {});
  return stage;
}

function filtersOf(...texts: string[]): LabelFilter[] {
  return texts.map((text) => {
    const matcher = parseMatcher(text);
    const filter = "problem" in matcher ? matcher : labelFilter(matcher);
    if ("problem" in filter) throw new Error(filter.problem);
    return filter;
  });
}

/** All pages one after the other. */
function readAll(stage: DedupStage, filters: LabelFilter[], limit: number) {
  const items = [];
  let pages = 0;
  for (let after: string | null = ""; after !== null; pages += 1) {
    const page = stage.list({ filters, limit, after });
    expect(page.items.length).toBeLessThanOrEqual(limit);
    items.push(...page.items);
    after = page.upTo;
  }
  return { items, pages };
}

const numbered = (count: number) =>
  Array.from({ length: count }, (_, n) => ({
    labels: { alertname: n % 3 === 0 ? "Disk" : "Cpu", instance: `node-${n}`, odd: `"${n}\\` },
  }));

describe("pages of alerts", () => {
  test("hold each alert once, in the order of fingerprints, whatever the limit", () => {
    const stage = stageWith(numbered(1_000));
    for (const limit of [1, 7, 100, 999, 1_000, 5_000]) {
      const { items } = readAll(stage, [], limit);
      const fingerprints = items.map(({ fingerprint }) => fingerprint);
      expect(fingerprints).toEqual([...new Set(fingerprints)].toSorted());
      expect(items).toHaveLength(1_000);
    }
  });

  test("are short where alerts are large: each fits into a message", () => {
    const text = "x".repeat(8_000);
    const alerts = numbered(200).map(({ labels }) => ({ labels: { ...labels, text } }));
    const stage = stageWith(alerts);
    const page = stage.list({ filters: [], limit: 200, after: "" });
    expect(page.items.length).toBeGreaterThan(60);
    expect(codec.encode(page).length).toBeLessThan(600 * 1024);
    expect(readAll(stage, [], 200).items).toHaveLength(200);
  });

  test("with filters hold what a plain search holds", () => {
    const alerts = numbered(600);
    const stage = stageWith(alerts);
    const filter = fc.constantFrom(
      'alertname="Disk"',
      'alertname!="Disk"',
      'instance=~"node-1.*|node-77"',
      'instance!~".*5"',
      'absent=""',
      'absent!=""',
      'odd=~".+"',
      'odd=~".*7.*"',
      'instance="node-599"',
      'instance="nobody"',
    );
    const filters = fc.array(filter, { maxLength: 3 });
    fc.assert(
      fc.property(filters, fc.integer({ min: 1, max: 90 }), (texts, n) => {
        const { items } = readAll(stage, filtersOf(...texts), n);
        const expected = alerts.filter(({ labels }) => plainly(texts, labels));
        expect(items.map(({ labels }) => labels["instance"]).toSorted()).toEqual(
          expected.map(({ labels }) => labels.instance).toSorted(),
        );
      }),
      { seed: 4711, numRuns: 60 },
    );
  });

  test("are bounded in work: a filter that lets nothing through takes several", () => {
    const plain = numbered(4_000).map(({ labels: { odd: _odd, ...labels } }) => ({ labels }));
    const stage = stageWith(plain);
    const { items, pages } = readAll(stage, filtersOf('instance!~"node-.*"'), 50);
    expect(items).toEqual([]);
    expect(pages).toBe(8);
    expect(readAll(stage, filtersOf('instance="nobody"'), 50).pages).toBe(1);
  });

  test("of an empty partition are one, and empty", () => {
    expect(stageWith([]).list({ filters: [], limit: 5, after: "" })).toEqual({
      items: [],
      upTo: null,
    });
  });
});

function plainly(texts: string[], labels: Record<string, string>): boolean {
  return texts.every((text) => {
    const [, label = "", op = "", value = ""] = /^(\w+)(=~|!~|!=|=)"(.*)"$/.exec(text) ?? [];
    const pattern = op.endsWith("~") ? value : value.replaceAll(".", "\\.");
    return new RegExp(`^(?:${pattern})$`).test(labels[label] ?? "") === !op.startsWith("!");
  });
}
