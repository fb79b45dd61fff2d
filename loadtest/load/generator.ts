/** The runner's end of the generator process. */
import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { join } from "node:path";
import type {
  GeneratorLimits,
  GeneratorNews,
  GeneratorOrder,
  Phase,
  Target,
  Tick,
} from "./phase.ts";

type Waiting = { over(): void; settled(): void; broken(error: Error): void };
export type PhaseEnds = { over: Promise<void>; settled: Promise<void> };

export class Generator {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<string, Waiting>();
  #ended = false;

  constructor(
    target: Target,
    limits: GeneratorLimits,
    onTick: (tick: Tick) => void,
  ) {
    this.#child = fork(join(import.meta.dirname, "generator-process.ts"), {
      serialization: "advanced",
      execArgv: ["--max-semi-space-size=32"],
    });
    this.#child.on("message", (news: GeneratorNews) => {
      if (news.kind === "tick") return onTick(news.tick);
      const waiting = this.#waiting.get(news.phase);
      if (news.kind === "over") return waiting?.over();
      this.#waiting.delete(news.phase);
      waiting?.settled();
    });
    this.#child.once("error", (error) => this.#break(error));
    this.#child.once("exit", (code, signal) => {
      this.#break(new Error(`the load generator ended with ${code ?? signal}`));
    });
    this.#order({ kind: "target", target, ...limits });
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  /** Phases may run at the same time, under different names. */
  start(phase: Phase): PhaseEnds {
    const over = Promise.withResolvers<void>();
    const settled = Promise.withResolvers<void>();
    // Whoever awaits only one of them must not be ended by the other's rejection.
    over.promise.catch(() => {});
    settled.promise.catch(() => {});
    this.#waiting.set(phase.name, {
      over: over.resolve,
      settled: settled.resolve,
      broken: (error) => {
        over.reject(error);
        settled.reject(error);
      },
    });
    this.#order({ kind: "phase", phase });
    return { over: over.promise, settled: settled.promise };
  }

  async stop(): Promise<void> {
    this.#ended = true;
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = new Promise<void>((resolve) => this.#child.once("exit", () => resolve()));
    this.#child.disconnect();
    await exited;
  }

  #order(order: GeneratorOrder): void {
    this.#child.send(order);
  }

  #break(error: Error): void {
    if (this.#ended) return;
    for (const waiting of this.#waiting.values()) waiting.broken(error);
    this.#waiting.clear();
  }
}
