/** Hosts one dedup partition: alert frames in, alert events out to the incident partitions. */
import { DedupPublisher } from "./dedup-publisher.ts";
import { DedupStage } from "./dedup-stage.ts";
import { type Incarnation, ProcessorHost } from "./partition-host.ts";
import type { ProcessorOptions } from "./processor-options.ts";
import type { DedupOutput } from "./step.ts";

export type DedupHostOptions = Omit<
  ProcessorOptions<DedupOutput>,
  "stageName" | "stage" | "publisher"
> & { workSubjectOf(domain: string): string };

export class DedupHost extends ProcessorHost<DedupOutput> {
  private readonly options: DedupHostOptions;
  private current: DedupStage | null = null;

  constructor(options: DedupHostOptions) {
    super("dedup", options.partition, options.logger, options.causeOfDeath);
    this.options = options;
  }

  /** The stage for reads; null while the partition recovers. */
  reads(): DedupStage | null {
    return this.serving ? this.current : null;
  }

  protected override incarnate(): Incarnation<DedupOutput> {
    const { workSubjectOf, ...shared } = this.options;
    const { partition, log, codec, clock } = shared;
    const stage = new DedupStage({ codec, config: null });
    this.current = stage;
    const publisher = new DedupPublisher({ partition, log, codec, clock, workSubjectOf });
    return {
      options: {
        ...shared,
        causeOfDeath: this.causeOfDeath,
        stageName: "dedup",
        stage,
        publisher,
      },
      stats: () => ({ actors: stage.size, counters: stage.counters() }),
      end: () => {},
    };
  }
}
