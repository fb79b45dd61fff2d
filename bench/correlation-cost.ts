/**
 * What does an alert cost in the incident stage, while so many incidents are open and the service
 * graph has 2,000 services? Troubles begin every minute in a generated graph, each with alerts of a
 * root and of some of what depends on it; the incidents of before are older than the window.
 */
import type { AlertEvent } from "../actors/alert/events.ts";
import { defaultIncidentConfig, IncidentStage } from "../runtime/incident-stage.ts";
import { diceFor } from "../runtime/storm/dice.ts";
import type { Dice } from "../runtime/storm/dice.ts";
import { dependentsOf, generateGraph, servicesMax } from "../runtime/storm/graph.ts";
import type { Service } from "../runtime/storm/graph.ts";
import type { WorkRecord } from "../runtime/work.ts";
import { codec } from "../streams/codec.ts";
import { median } from "./bench.ts";
import type { Bench, BenchSettings, Measurement } from "./bench.ts";
import { timed } from "./stage-input.ts";

const sizes = [100, 1_000, 10_000];
const cascades = 1_000;
/** Of them first, unmeasured: code gets warm, and neighbourhoods of the graph are found. */
const warmUp = 1_000;
const cascadesQuick = 20;
const cascadeAlertsMax = 20;
/** Time between two incidents of before, and between two cascades. */
const [openEveryMs, cascadeEveryMs] = [60_000, 60_000];
const beginMs = Date.parse("2026-01-05T00:00:00Z");

const alertnames = [
  ...["ErrorsHigh", "LatencyHigh", "PodNotReady", "QueueFull", "ConnectionsHigh", "DiskSlow"],
  ...["RetriesHigh", "BacklogGrowing", "TimeoutsHigh", "CacheMisses", "CpuThrottled"],
];
const regions = ["eu", "us", "asia"];

export const correlationCost: Bench = {
  name: "correlation-cost",
  question: "cost of an alert in the incident stage, beside open incidents and a service graph",
  async run(settings: BenchSettings): Promise<Measurement[]> {
    const graph = generateGraph(diceFor(settings.seed), servicesMax);
    return sizes.map((open) => measure(open, graph, settings));
  },
};

function measure(open: number, graph: Service[], settings: BenchSettings): Measurement {
  const { seed, rounds, quick, say } = settings;
  const [costs, incidents]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round += 1) {
    const world = new World(diceFor(seed + round), graph);
    world.openIncidents(open);
    for (let n = 0; n < (quick ? 0 : warmUp); n += 1) world.play(world.cascade());
    const before = world.stage.size;
    const records = Array.from({ length: quick ? cascadesQuick : cascades }, () => world.cascade());
    const alerts = records.reduce((sum, { count }) => sum + count, 0);
    const ns = timed(() => records.forEach((record) => world.play(record)));
    costs.push(ns / alerts / 1_000);
    incidents.push((world.stage.size - before) / alerts);
  }
  const value = median(costs);
  const share = median(incidents);
  const note = `${open} incidents open before; ${(100 * share).toFixed(0)} % of alerts open one`;
  say(`correlation-cost ${open}: ${value.toFixed(1)} µs, ${note}`);
  const name = `correlation-cost/${open} open incidents, ${graph.length} services`;
  return { name, value, unit: "µs/alert", better: "less", note };
}

type Input = { timeMs: number; data: Uint8Array; count: number };

class World {
  readonly stage: IncidentStage;
  readonly #dice: Dice;
  readonly #graph: Service[];
  #fingerprints = 0;
  #seq = 0;
  #nowMs = beginMs;

  constructor(dice: Dice, graph: Service[]) {
    this.#dice = dice;
    this.#graph = graph;
    const dependencies = Object.fromEntries(
      graph.map(({ name, dependsOn }) => [name, [...dependsOn]]),
    );
    const topology = { dependencies, windowMs: 300_000, depthMax: 4 };
    const correlation = { ...defaultIncidentConfig.correlation, topology };
    const config = { ...defaultIncidentConfig, hash: "bench", correlation };
    this.stage = new IncidentStage({ codec, partition: 0, config });
  }

  openIncidents(count: number): void {
    while (this.stage.size < count) {
      this.#nowMs += openEveryMs;
      const service = this.#dice.pick(this.#graph).name;
      // A name of its own: the grouping key would put it into an old incident.
      this.play(this.#record([{ service, alertname: `Trouble${this.#fingerprints}` }]));
    }
  }

  cascade(): Input {
    this.#nowMs += cascadeEveryMs;
    const root = this.#dice.pick(this.#graph).name;
    const reached = dependentsOf(this.#graph, root).filter(() => this.#dice.fraction() < 0.5);
    const suffering = reached.slice(0, cascadeAlertsMax - 1).map((one) => one.service.name);
    const services = [root, ...suffering];
    const alertname = (): string => this.#dice.pick(alertnames);
    return this.#record(services.map((service) => ({ service, alertname: alertname() })));
  }

  play({ timeMs, data }: Input): void {
    this.#seq += 1;
    this.stage.advance(timeMs, () => {});
    this.stage.apply(data, { seq: this.#seq, timeMs }, () => {});
  }

  #record(alerts: { service: string; alertname: string }[]): Input {
    const region = this.#dice.pick(regions);
    const items = alerts.map(({ service, alertname }, index) => {
      this.#fingerprints += 1;
      const instance = `${service}-${this.#dice.below(20)}`;
      const labels = { alertname, service, instance, region, severity: "high" };
      const json = JSON.stringify(this.#event(labels));
      return { stepSeq: this.#fingerprints, index, json };
    });
    const record: WorkRecord = { kind: "alerts", partition: 0, items };
    return { timeMs: this.#nowMs, data: codec.encode(record), count: items.length };
  }

  #event(labels: Record<string, string>): AlertEvent {
    const summary = `${this.#dice.below(100)} % of requests of ${labels["service"]} are slow`;
    const body = { labels, annotations: { summary }, generatorURL: "", dedupKey: null };
    const fingerprint = this.#fingerprints.toString(16).padStart(16, "0");
    const times = { atMs: this.#nowMs, startsAtMs: this.#nowMs, endsAtMs: this.#nowMs + 600_000 };
    return { kind: "opened", fingerprint, received: 1, ...times, body };
  }
}
