/** Rounds of through.ts on fresh servers, and the medians of what they say beside the door. */
import { median } from "./bench.ts";
import type { BenchSettings, Measurement } from "./bench.ts";
import type { Contender, Running } from "./contenders.ts";
import { fill } from "./paired.ts";
import type { ClosedLoad } from "./paired.ts";
import { describeThrough, measureThrough } from "./through.ts";
import type { Through } from "./through.ts";

export class ThroughRounds {
  readonly #load: ClosedLoad;
  readonly #settings: BenchSettings;
  readonly #rounds: Through[] = [];

  constructor(load: ClosedLoad, settings: BenchSettings) {
    this.#load = load;
    this.#settings = settings;
  }

  /** @param config settings of the program other than the defaults, as YAML. */
  async round(contender: Contender, config?: string): Promise<Through> {
    const server = await contender.start(config);
    try {
      await fill(server, this.#load, this.#settings);
      return await this.over(server);
    } finally {
      await server.stop();
    }
  }

  /** A round on a server that holds the population already. */
  async over(server: Running): Promise<Through> {
    const through = await measureThrough(server, this.#load, this.#settings);
    this.#rounds.push(through);
    return through;
  }

  /** Medians; empty before the first round. */
  measurements(name: string): Measurement[] {
    const middle = (value: (round: Through) => number): number => median(this.#rounds.map(value));
    const typical = this.#rounds.toSorted((a, b) => a.throughPerSecond - b.throughPerSecond);
    const note = typical[Math.floor((typical.length - 1) / 2)];
    if (note === undefined) return [];
    const accepted = middle((round) => round.alertsPerSecond);
    const through = middle((round) => round.throughPerSecond);
    const lag = middle((round) => round.lagSeconds);
    const cpu = middle((round) => round.cpuMicros);
    const shown = describeThrough(note);
    return [
      { name: `${name}/through`, value: through, unit: "alerts/s", better: "more", note: shown },
      { name: `${name}/accepted`, value: accepted, unit: "alerts/s", better: "more" },
      { name: `${name}/lag at the end`, value: lag, unit: "s", better: "less" },
      { name: `${name}/processor`, value: cpu, unit: "µs/alert", better: "less" },
    ];
  }
}
