/** Looks at the server once a second and keeps what it saw, in bounded memory. */
import { Series } from "../result/series.ts";
import type { Target } from "../target.ts";
import { MachineLoad } from "./machine-load.ts";
import { ProcessLoad } from "./process-load.ts";
import type { ServerCounters } from "./server-counters.ts";
import { look } from "./server-sample.ts";

/** Null: nobody told. Points that stand for several seconds keep the worst of them. */
export type Sample = {
  alertsBehind: number | null;
  stepsBehind: number | null;
  relayBacklog: number | null;
  residentMiB: number | null;
  serverCores: number | null;
  generatorCores: number | null;
  /** What neither the server, nor the generator, nor this process kept busy. */
  otherCores: number | null;
};

const everyMs = 1_000;

const worst = (a: number | null, b: number | null): number | null =>
  a === null ? b : b === null ? a : Math.max(a, b);

const samples = {
  fresh: (): Sample => ({
    alertsBehind: null,
    stepsBehind: null,
    relayBacklog: null,
    residentMiB: null,
    serverCores: null,
    generatorCores: null,
    otherCores: null,
  }),
  merge(into: Sample, from: Sample): void {
    for (const key of Object.keys(into) as (keyof Sample)[]) {
      into[key] = worst(into[key], from[key]);
    }
  },
};

export class Sampler {
  readonly series = new Series<Sample>(samples);
  readonly #target: Target;
  readonly #before: ServerCounters;
  readonly #second: () => number;
  readonly #server: ProcessLoad | null;
  readonly #machine = new MachineLoad();
  readonly #own = new ProcessLoad(process.pid, false);
  #generator: ProcessLoad | null = null;
  #timer: NodeJS.Timeout | null = null;
  #looking: Promise<unknown> = Promise.resolve();
  #busy = false;

  /**
   * @param before the counters at the start: the lag of others' alerts is not ours.
   * @param sameMachine false: the server's processes cannot be seen from here.
   */
  constructor(
    target: Target,
    before: ServerCounters,
    sameMachine: boolean,
    second: () => number,
  ) {
    this.#target = target;
    this.#before = before;
    this.#second = second;
    this.#server = sameMachine && before.pid > 0 ? new ProcessLoad(before.pid) : null;
  }

  /** From now on this process is the generator; null: none is. */
  watchGenerator(pid: number | null): void {
    this.#generator = pid === null ? null : new ProcessLoad(pid);
  }

  /** Mean of the processors that these kept busy between two moments; null: not known. */
  meanCores(
    key: "generatorCores" | "otherCores",
    fromSecond: number,
    toSecond: number,
  ): number | null {
    const values = this.series
      .points()
      .filter(({ second }) => second >= fromSecond && second < toSecond)
      .flatMap(({ value }) => value[key] ?? []);
    return values.length === 0 ? null : values.reduce((a, b) => a + b, 0) / values.length;
  }

  start(): void {
    this.#timer = setInterval(() => {
      if (!this.#busy) this.#looking = this.sample();
    }, everyMs);
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#looking;
  }

  /** One look now; null when the server did not answer. */
  async sample(): Promise<Sample | null> {
    this.#busy = true;
    const second = this.#second();
    const nowMs = performance.now();
    const server = this.#server?.read(nowMs);
    const generator = this.#generator?.read(nowMs);
    const own = this.#own.read(nowMs).cores;
    const other = this.#machine.read(nowMs) - own - (server?.cores ?? 0) - (generator?.cores ?? 0);
    const seen = await look(this.#target);
    this.#busy = false;
    const sample: Sample = {
      alertsBehind: seen && Math.max(0, this.#processedBehind(seen)),
      stepsBehind: seen && seen.stepsBehind,
      relayBacklog: seen && seen.relayBacklog,
      residentMiB: server?.residentMiB || null,
      serverCores: server?.cores ?? null,
      generatorCores: generator?.cores ?? null,
      otherCores: Math.max(0, other),
    };
    samples.merge(this.series.at(second), sample);
    return seen === null ? null : sample;
  }

  #processedBehind({ accepted, processed }: ServerCounters): number {
    return accepted - this.#before.accepted - (processed - this.#before.processed);
  }
}
