/**
 * Keeps one partition's processor running inside a shard thread: a failed processor is rebuilt
 * from the log with a fresh stage, after a back-off; a partition whose history contradicts
 * itself stays stopped and says so.
 */
import type { Logger } from "./ports.ts";
import { PartitionProcessor } from "./partition-processor.ts";
import type { ProcessorOptions } from "./processor-options.ts";
import { DeterminismError } from "./recovery.ts";
import { FencedError, backoffMs } from "./step-log.ts";
import type { AlertCounters, StageName } from "./step.ts";
import type { PartitionLag, PartitionStats } from "./shard-task.ts";

/** What a host has to say of its present stage. */
export type StageStats = { actors: number; counters: AlertCounters | null };

/** One incarnation: a processor with a fresh stage, and what belongs to it. */
export type Incarnation<Output> = {
  options: ProcessorOptions<Output>;
  stats(): StageStats;
  /** Releases what the incarnation held (watches); called after its run. */
  end(): void;
};

export interface PartitionHost {
  run(signal: AbortSignal): Promise<void>;
  stop(): void;
  stats(): PartitionStats;
}

/** A fenced owner waits before it claims again: two nodes that fight would only trade claims. */
const fencedDelayMs = 3_000;
/** Of a partition that recovers. */
const noLag: PartitionLag = { lagMs: 0, positionSeq: 0, recordMs: 0 };

export abstract class ProcessorHost<Output> implements PartitionHost {
  protected readonly stage: StageName;
  protected readonly partition: number;
  protected readonly logger: Logger;
  private processor: PartitionProcessor<Output> | null = null;
  private incarnation: Incarnation<Output> | null = null;
  private stopped: string | null = null;
  private stopping = false;
  /** Told to the next incarnation; begins with what the shard thread before this one died of. */
  protected causeOfDeath: string;

  constructor(stage: StageName, partition: number, logger: Logger, causeOfDeath: string) {
    this.stage = stage;
    this.partition = partition;
    this.logger = logger;
    this.causeOfDeath = causeOfDeath;
  }

  protected abstract incarnate(): Incarnation<Output>;

  async run(signal: AbortSignal): Promise<void> {
    for (let failures = 0; !this.stopping && !signal.aborted; failures += 1) {
      const incarnation = this.incarnate();
      const processor = new PartitionProcessor(incarnation.options);
      this.incarnation = incarnation;
      this.processor = processor;
      try {
        await processor.run(signal);
        return;
      } catch (error) {
        if (signal.aborted) return;
        const delayMs = this.failed(error, failures, incarnation.options);
        if (delayMs === null) return;
        await incarnation.options.clock.sleep(delayMs, signal);
      } finally {
        this.incarnation = null;
        this.processor = null;
        incarnation.end();
      }
    }
  }

  stop(): void {
    this.stopping = true;
    this.processor?.stop();
  }

  stats(): PartitionStats {
    const { processor, incarnation } = this;
    const stats = incarnation?.stats() ?? { actors: 0, counters: null };
    return {
      stage: this.stage,
      partition: this.partition,
      ready: processor?.ready === true,
      stopped: this.stopped,
      inputSeq: processor?.inputSeq ?? 0,
      ...(processor?.ready === true ? processor.readLag() : noLag),
      relayBacklog: processor?.backlog ?? 0,
      snapshotStepSeq: processor?.snapshotStepSeq ?? -1,
      ...stats,
    };
  }

  protected get serving(): boolean {
    return this.processor?.ready === true;
  }

  /** @returns the wait before the next incarnation, ms; null: the partition stays stopped. */
  private failed(
    error: unknown,
    failures: number,
    options: ProcessorOptions<Output>,
  ): number | null {
    const { stage, partition } = this;
    const message = error instanceof Error ? error.message : String(error);
    if (error instanceof DeterminismError) {
      this.stopped = message;
      this.logger.error({ stage, partition, error: message }, "partition stopped for good");
      return null;
    }
    if (error instanceof FencedError) {
      this.logger.warn({ stage, partition, error: message }, "partition has another owner");
      return fencedDelayMs;
    }
    options.suspects.died();
    this.causeOfDeath = message;
    const stack = error instanceof Error ? error.stack : undefined;
    this.logger.error({ stage, partition, error: message, stack }, "partition failed; restarting");
    return backoffMs(failures);
  }
}
