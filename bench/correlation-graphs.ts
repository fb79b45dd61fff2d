/**
 * Correlation on platforms that its rules never saw: troubles in generated service graphs, one
 * after the other as often as every few seconds, judged like the storms of correlation.ts. The
 * question is how close together unrelated troubles may come before they are taken for one.
 */
import type { AlertEvent } from "../actors/alert/events.ts";
import { defaultIncidentConfig } from "../runtime/incident-stage.ts";
import type { Cause } from "../runtime/storm/cause.ts";
import { diceFor } from "../runtime/storm/dice.ts";
import { dependentsOf, generateGraph } from "../runtime/storm/graph.ts";
import type { Service } from "../runtime/storm/graph.ts";
import type { WorkRecord } from "../runtime/work.ts";
import { codec } from "../streams/codec.ts";
import type { Bench, BenchSettings, Measurement } from "./bench.ts";
import { addStorm, emptyTally, scoresOf } from "./correlation-scores.ts";
import type { Storm } from "./correlation-storms.ts";
import { tocsinWith } from "./correlation-systems.ts";

const graphSizes = [200, 2_000];
const gapsS = [600, 120, 30, 10];
const troubles = 60;
const graphsPerSize = 8;
const graphsQuick = 1;
const alertsMax = 20;
const hopsMax = 3;
/** A hop takes half to one and a half times this. */
const hopMs = 15_000;
const beginMs = Date.parse("2026-01-05T00:00:00Z");

/** Half of the roots have an alert that looks like a cause. */
const causeNames = ["PrimaryFailover", "DiskFull", "LatencyHigh", "ErrorsHigh"];
const symptomNames = ["ErrorsHigh", "LatencyHigh", "PodNotReady", "QueueFull", "TimeoutsHigh"];
const regions = ["eu", "us", "asia"];

export const correlationGraphs: Bench = {
  name: "correlation-graphs",
  question: "troubles in generated service graphs, as close together as every ten seconds",
  async run(settings: BenchSettings): Promise<Measurement[]> {
    return graphSizes.flatMap((size) => gapsS.map((gapS) => measure(size, gapS, settings)));
  },
};

function measure(size: number, gapS: number, { seed, quick, say }: BenchSettings): Measurement {
  const tally = emptyTally();
  for (let n = 0; n < (quick ? graphsQuick : graphsPerSize); n += 1) {
    const graph = generateGraph(diceFor(seed + n), size);
    const dependencies = Object.fromEntries(
      graph.map(({ name, dependsOn }) => [name, [...dependsOn]]),
    );
    const topology = { dependencies, windowMs: 300_000, depthMax: 4 };
    const system = tocsinWith({ ...defaultIncidentConfig.correlation, topology });
    addStorm(tally, system(stormIn(graph, seed + n, gapS * 1_000)));
  }
  const scores = scoresOf(tally);
  const { hidden, shouldPage, rootsRight, alerts } = tally;
  const note =
    `precision ${scores.precision.toFixed(2)}, recall ${scores.recall.toFixed(2)}, ` +
    `root ${rootsRight} and hidden ${hidden} of ${shouldPage}; ${alerts} alerts`;
  say(`${size} services, a trouble every ${gapS} s: F1 ${scores.f1.toFixed(2)}, ${note}`);
  const name = `correlation-graphs/${size} services, every ${gapS} s`;
  return { name, value: scores.f1, unit: "F1", better: "more", note, figures: scores };
}

type Moment = { atMs: number; labels: Record<string, string>; cause: Cause };

function stormIn(graph: Service[], seed: number, gapMs: number): Storm {
  const dice = diceFor(seed * 31 + 7);
  const moments: Moment[] = [];
  // Each at another service: a second trouble of a service is the first one going on.
  const roots = new Set<string>();
  while (roots.size < troubles) roots.add(dice.pick(graph).name);
  [...roots].forEach((service, n) => {
    const atMs = beginMs + n * gapMs;
    // A name of its own: the grouping key must not say what correlation is asked.
    const alertname = `${dice.pick(causeNames)}${n}`;
    const cause: Cause = {
      ...{ id: `trouble-${n}`, kind: "database_failover", about: "", pages: true },
      ...{ order: "cause first", root: { service, alertname }, series: [] },
    };
    const region = dice.pick(regions);
    const root = { alertname, service, region, severity: "critical" };
    moments.push({ atMs, labels: root, cause });
    const reached = dependentsOf(graph, service).filter(
      ({ hop }) => hop <= hopsMax && dice.fraction() < 0.6,
    );
    for (const { service: { name }, hop } of reached.slice(0, alertsMax - 1)) {
      const labels = { alertname: `${dice.pick(symptomNames)}${n}`, service: name, region };
      const laterMs = Math.round(hop * hopMs * dice.between(0.5, 1.5));
      moments.push({ atMs: atMs + laterMs, labels: { ...labels, severity: "high" }, cause });
    }
  });
  return recorded(moments.sort((one, next) => one.atMs - next.atMs));
}

function recorded(moments: Moment[]): Storm {
  const records: Storm["records"] = [];
  const firings: Storm["firings"] = [];
  for (const { atMs, labels, cause } of moments) {
    const stepSeq = records.length + 1;
    const fingerprint = stepSeq.toString(16).padStart(16, "0");
    const body = { labels, annotations: {}, generatorURL: "", dedupKey: null };
    const times = { atMs, startsAtMs: atMs, endsAtMs: atMs + 600_000 };
    const event: AlertEvent = { kind: "opened", fingerprint, received: 1, ...times, body };
    const record: WorkRecord = {
      ...{ kind: "alerts", partition: 0, items: [{ stepSeq, index: 0, event }] },
    };
    records.push({ timeMs: atMs, data: codec.encode(record) });
    firings.push({ fingerprint, labels, cause });
  }
  return { records, firings };
}
