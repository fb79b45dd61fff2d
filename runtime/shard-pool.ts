/**
 * The shard threads of this node, as long-running piscina tasks, and their supervision.
 *
 * H1 Partitions are spread by rendezvous hashing, dedup partitions lane by lane; a thread that died
 *    is started again with the same partitions, after a back-off that grows while it keeps dying.
 * H2 Before the restart, whatever record each of its partitions was working on is counted as a
 *    suspect; the processor that recovers sends a repeated offender to the dead-letter stream.
 */
import { MessageChannel, type MessagePort } from "node:worker_threads";
import { Piscina } from "piscina";
import { lagMsOf, type NewestStored } from "./lag.ts";
import { type Hash32, laneOf, ownerOf } from "./placement.ts";
import type { Logger } from "./ports.ts";
import type { ProcessorLimits } from "./processor-options.ts";
import { RestartDelays } from "./restart-delays.ts";
import type { Assignment, PartitionStats, ShardReport, ShardTask } from "./shard-task.ts";
import type { StageName } from "./step.ts";
import { SharedSuspects, suspectsBytes } from "./suspects.ts";
import { systemClock } from "./system-clock.ts";

export type ShardPoolOptions = {
  /** File URL of the thread's entry (shard.ts). */
  entry: string;
  shards: number;
  node: string;
  partitions: { dedup: number; incident: number };
  limits: ProcessorLimits;
  logLevel: string;
  hash: Hash32;
  logger: Logger;
};

/** A shard keeps much and drops little: a large nursery would only be idle memory. */
const youngGenerationMb = 24;
/** A thread that has not said anything for this long is taken for hung, and ended. */
const silentMaxMs = 30_000;

type Shard = {
  name: string;
  assignments: Assignment[];
  abort: AbortController;
  port: MessagePort | null;
  startedAtMs: number;
  heardAtMs: number;
  delays: RestartDelays;
  restarts: number;
  causeOfDeath: string;
  stats: PartitionStats[];
  done: Promise<void>;
};

export class ShardPool {
  private readonly options: ShardPoolOptions;
  private readonly pool: Piscina;
  private readonly memory: SharedArrayBuffer;
  private readonly shards: Shard[];
  private natsUrl = "";
  private lanes = 1;
  private stopping = false;
  /** Ends the wait before a restart. */
  private readonly halt = new AbortController();
  private incarnation = 0;

  /** Begins to load the program into the threads, which takes half a second; `start` uses them. */
  constructor(options: ShardPoolOptions) {
    this.options = options;
    const total = options.partitions.dedup + options.partitions.incident;
    this.memory = new SharedArrayBuffer(suspectsBytes(total));
    this.pool = new Piscina({
      filename: options.entry,
      minThreads: options.shards,
      maxThreads: options.shards,
      concurrentTasksPerWorker: 1,
      idleTimeout: Number.POSITIVE_INFINITY,
      atomics: "disabled",
      resourceLimits: { maxYoungGenerationSizeMb: youngGenerationMb },
    });
    // A thread that dies outside its task is reported here; its task's end restarts it.
    this.pool.on("error", (error: unknown) => {
      const message = error instanceof Error ? error.message : String(error);
      options.logger.error({ error: message }, "error in a shard thread");
    });
    this.shards = this.unplaced();
  }

  /** @param lanes that the dedup partitions share: those of one lane share a thread, too. */
  start(natsUrl: string, lanes: number): void {
    this.natsUrl = natsUrl;
    this.lanes = lanes;
    this.place();
    for (const shard of this.shards) shard.done = this.supervise(shard);
  }

  /** Statistics of every partition, as last reported. */
  stats(): { shard: string; restarts: number; partitions: PartitionStats[] }[] {
    return this.shards.map(({ name, restarts, stats }) => ({
      shard: name,
      restarts,
      partitions: stats,
    }));
  }

  /** How late an alert accepted now would be processed, ms. */
  lagMs(newest: NewestStored): number {
    return lagMsOf(this.shards, newest, Date.now());
  }

  /** Reasons why not all partitions are served; empty: all are. */
  unready(): string[] {
    const reasons: string[] = [];
    if (this.natsUrl === "") reasons.push("partitions are not started yet");
    for (const shard of this.shards) {
      for (const { stage, partition } of shard.assignments) {
        const found = shard.stats.find((s) => s.stage === stage && s.partition === partition);
        if (found?.stopped != null) reasons.push(`${stage} ${partition}: ${found.stopped}`);
        else if (found?.ready !== true) reasons.push(`${stage} ${partition} is recovering`);
      }
    }
    return reasons;
  }

  /** Which steps each partition's newest snapshot covers, as last reported. */
  covered(): { stage: StageName; partition: number; stepSeq: number }[] {
    return this.shards.flatMap((shard) =>
      shard.stats.map(({ stage, partition, snapshotStepSeq }) => ({
        stage,
        partition,
        stepSeq: snapshotStepSeq,
      })),
    );
  }

  /** Ends a thread without warning, as a crash would; it is restarted. */
  kill(index: number): boolean {
    const shard = this.shards[index];
    shard?.abort.abort();
    return shard !== undefined;
  }

  /** Lets every partition finish its step and snapshot; ends what is at work after `graceMs`. */
  async stop(graceMs: number): Promise<void> {
    this.stopping = true;
    this.halt.abort();
    for (const shard of this.shards) shard.port?.postMessage({ kind: "stop" });
    const all = Promise.all(this.shards.map((shard) => shard.done));
    const late = setTimeout(() => this.shards.forEach((shard) => shard.abort.abort()), graceMs);
    await all;
    clearTimeout(late);
  }

  /** Ends the threads; of a pool that was started, after `stop`. */
  async destroy(): Promise<void> {
    await this.pool.destroy();
  }

  private unplaced(): Shard[] {
    return Array.from({ length: this.options.shards }, (_, index): Shard => ({
      name: `${this.options.node}-${index}`,
      assignments: [],
      abort: new AbortController(),
      port: null,
      startedAtMs: 0,
      heardAtMs: 0,
      delays: new RestartDelays(),
      restarts: 0,
      causeOfDeath: "",
      stats: [],
      done: Promise.resolve(),
    }));
  }

  private place(): void {
    const { hash, partitions } = this.options;
    const names = this.shards.map(({ name }) => name);
    let slot = 0;
    const assign = (stage: StageName, count: number, unitOf: (partition: number) => number) => {
      for (let partition = 0; partition < count; partition += 1) {
        const name = ownerOf(`${stage}.${unitOf(partition)}`, names, hash);
        this.shards[names.indexOf(name)]?.assignments.push({ stage, partition, slot });
        slot += 1;
      }
    };
    assign("dedup", partitions.dedup, (partition) => laneOf(partition, this.lanes));
    assign("incident", partitions.incident, (partition) => partition);
  }

  private async supervise(shard: Shard): Promise<void> {
    const { logger } = this.options;
    while (!this.stopping) {
      shard.startedAtMs = Date.now();
      shard.heardAtMs = Date.now();
      shard.abort = new AbortController();
      try {
        await this.runOnce(shard);
        if (this.stopping) return;
        logger.warn({ shard: shard.name }, "shard thread ended unasked");
      } catch (error) {
        if (this.stopping) return;
        const message = error instanceof Error ? error.message : String(error);
        logger.error({ shard: shard.name, error: message }, "shard thread died; restarting it");
        shard.causeOfDeath = message;
      }
      this.blame(shard);
      shard.stats = [];
      shard.restarts += 1;
      const delayMs = shard.delays.after(Date.now() - shard.startedAtMs);
      await systemClock.sleep(delayMs, this.halt.signal);
    }
  }

  private async runOnce(shard: Shard): Promise<void> {
    const { node, limits, logLevel, partitions } = this.options;
    const { port1, port2 } = new MessageChannel();
    shard.port = port1;
    port1.on("message", (report: ShardReport) => {
      shard.heardAtMs = Date.now();
      shard.stats = report.partitions;
    });
    const watchdog = setInterval(() => {
      if (Date.now() - shard.heardAtMs > silentMaxMs) shard.abort.abort();
    }, silentMaxMs / 4);
    this.incarnation += 1;
    const task: ShardTask = {
      shard: shard.name,
      owner: `${node}/${shard.name}/${process.pid}.${Date.now()}.${this.incarnation}`,
      natsUrl: this.natsUrl,
      assignments: shard.assignments,
      partitions: { ...partitions, lanes: this.lanes },
      suspects: this.memory,
      causeOfDeath: shard.causeOfDeath,
      limits,
      logLevel,
      port: port2,
    };
    try {
      await this.pool.run(task, { transferList: [port2], signal: shard.abort.signal });
    } finally {
      clearInterval(watchdog);
      port1.close();
      shard.port = null;
    }
  }

  private blame(shard: Shard): void {
    for (const { slot } of shard.assignments) new SharedSuspects(this.memory, slot).died();
  }
}
