/** What a partition processor is told, and the ports it works through. */
import type { Clock, Codec, Log, Logger, Snapshots } from "./ports.ts";
import type { Publisher } from "./relay.ts";
import type { Stage } from "./stage.ts";
import type { StageName } from "./step.ts";
import type { Suspects } from "./suspects.ts";

export type ProcessorLimits = {
  /** Input records taken into one step at most. */
  recordsPerStepMax: number;
  /** A step is closed at the next record boundary once it holds this many outputs. */
  outputsPerStepMax: number;
  /** Or once its input records hold this many bytes. */
  inputBytesPerStepMax: number;
  /**
   * A message of the step log of more bytes goes out in parts, unless it holds a single output.
   * nats-server takes 1 MiB by default, headers included.
   */
  stepBytesMax: number;
  /** A snapshot is due after this time, if anything happened... */
  snapshotEveryMs: number;
  /**
   * ...or after this many outputs, or as many as the last snapshot has room for at half its
   * size: so a storm is never replayed whole, and snapshots never cost more than the storm.
   */
  snapshotEveryOutputs: number;
};

export const defaultProcessorLimits: ProcessorLimits = {
  recordsPerStepMax: 64,
  outputsPerStepMax: 200,
  inputBytesPerStepMax: 1024 * 1024,
  stepBytesMax: 960 * 1024,
  snapshotEveryMs: 30_000,
  snapshotEveryOutputs: 5_000,
};

export type ProcessorOptions<Output> = {
  stageName: StageName;
  partition: number;
  owner: string;
  subjects: { input: string; step: string; dead: string };
  stage: Stage<Output>;
  publisher: Publisher<Output>;
  log: Log;
  snapshots: Snapshots;
  clock: Clock;
  codec: Codec;
  logger: Logger;
  suspects: Suspects;
  /** What the processor before this one died of; "" when it did not. */
  causeOfDeath: string;
  limits: ProcessorLimits;
  /** About how many bytes an output takes in the step log; absent: little. */
  outputBytes?: (output: Output) => number;
  /**
   * Called after recovery, before new input; e.g. to reconcile timers.
   * @param begun outputs that are in the log and that the stage will give once more (P4).
   * @param isOwner whether the partition is still its owner's; throws RetryableError.
   */
  recovered?: (begun: readonly Output[], isOwner: () => Promise<boolean>) => Promise<void>;
  /** Called with each durable step's outputs at once; e.g. to answer commands. */
  committed?: (outputs: Output[]) => void;
  /** When the next wake record is due, ms; default: the stage's own deadline. */
  nextWakeAtMs?: () => number | null;
};
