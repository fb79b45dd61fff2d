/**
 * When a partition saves a snapshot, and how without holding up its input: the memory is copied
 * at once (by the codec), saved while input goes on, and in force once the step log says so.
 *
 * N1 Saved under a name of its own, and in force only by a record of the step log: neither a
 *    former owner nor a write of ours that arrives late can replace a newer snapshot.
 * N2 Input and the former snapshot go only when the new one is in force.
 * N3 One snapshot is under way at a time. `putInForce` appends to the step log, so its caller sees
 *    to it that nothing else does meanwhile.
 */
import type { ProcessorOptions } from "./processor-options.ts";
import { type StepLog, retrying } from "./step-log.ts";
import type { RelayPosition } from "./step.ts";

/** What an output adds to a snapshot, roughly, times two. */
const snapshotBytesPerOutput = 1_200;
/** Partitions of a stage spread their snapshots over the interval in this many places. */
export const turns = 16;

/** The memory at one point of the log: after this input and this step. */
export type Moment = {
  inputSeq: number;
  timeMs: number;
  stepSeq: number;
  relayed: RelayPosition;
  dead: number[];
};

type UnderWay = { name: string; inputSeq: number; stepSeq: number; bytes: number };

export class SnapshotTaker<Output> {
  /** The newest step that the snapshot in force covers; -1: there is none. */
  stepSeq = -1;
  private readonly options: ProcessorOptions<Output>;
  private readonly steps: StepLog<Output>;
  private takenAtMs = 0;
  private records = 0;
  private outputs = 0;
  private bytes = 0;
  /** The record that put the present one in force. */
  private declaredSeq = -1;
  private underWay: UnderWay | null = null;
  private saving: Promise<void> | null = null;

  constructor(options: ProcessorOptions<Output>, steps: StepLog<Output>) {
    this.options = options;
    this.steps = steps;
  }

  /** Begins behind a recovery. */
  adopt(recovered: { snapshotStepSeq: number; snapshotBytes: number; replayed: number }): void {
    const { clock, limits, partition } = this.options;
    this.stepSeq = recovered.snapshotStepSeq;
    this.declaredSeq = recovered.snapshotStepSeq;
    this.bytes = recovered.snapshotBytes;
    this.records = recovered.replayed;
    // Partitions take turns, so that not all of them save at once.
    this.takenAtMs = clock.nowMs() - (limits.snapshotEveryMs * (partition % turns)) / turns;
  }

  noteRecord(): void {
    this.records += 1;
  }

  noteOutputs(count: number): void {
    this.outputs += count;
  }

  /** Whether the next one should be taken now. */
  get due(): boolean {
    if (this.underWay !== null) return false;
    const { limits, clock, partition } = this.options;
    const worthIt = Math.max(limits.snapshotEveryOutputs, this.bytes / snapshotBytesPerOutput);
    // Outputs come evenly, so that partitions with one limit would copy their memory together.
    if (this.outputs >= worthIt * (1 + (partition % turns) / turns)) return true;
    return clock.nowMs() - this.takenAtMs >= limits.snapshotEveryMs;
  }

  /** Whether one is saved and waits for `putInForce`. */
  get saved(): boolean {
    return this.underWay !== null && this.saving === null;
  }

  /**
   * Copies the memory and begins to save it, if anything happened since the last one. Call it
   * between steps only. @param done called when it is saved, or has failed for good.
   */
  take(moment: Moment, signal: AbortSignal, done: (failure: unknown) => void): void {
    const { snapshots, stage, codec, clock, stageName, partition } = this.options;
    this.takenAtMs = clock.nowMs();
    if (this.records === 0 && this.steps.lastSeq === this.declaredSeq) return;
    const data = codec.encode({ version: 1, ...moment, stage: stage.snapshot() });
    const { inputSeq, stepSeq } = moment;
    const name = `${stageName}.${partition}.${stepSeq}`;
    this.underWay = { name, inputSeq, stepSeq, bytes: data.length };
    this.records = 0;
    this.outputs = 0;
    this.saving = retrying(clock, signal, () => snapshots.save(name, data)).then(
      () => {
        this.saving = null;
        done(null);
      },
      (failure: unknown) => done(failure ?? new Error("saving failed")),
    );
  }

  /** Resolves when nothing is being saved (any more). */
  async settled(): Promise<void> {
    await this.saving;
  }

  /** Puts the saved snapshot in force. @param head what any record of the step log says. */
  async putInForce(
    head: { inputSeq: number; timeMs: number; relayed: RelayPosition },
    signal: AbortSignal,
  ): Promise<void> {
    const { snapshots, clock, log, subjects } = this.options;
    const { underWay, steps } = this;
    if (underWay === null || this.saving !== null) return;
    const former = steps.snapshot;
    steps.snapshot = underWay.name;
    await steps.append(signal, { kind: "snapshot", ...head });
    this.declaredSeq = steps.lastSeq;
    this.stepSeq = underWay.stepSeq;
    this.bytes = underWay.bytes;
    this.underWay = null;
    await retrying(clock, signal, () => log.purge(subjects.input, underWay.inputSeq + 1));
    if (former !== "" && former !== underWay.name) {
      await retrying(clock, signal, () => snapshots.delete(former));
    }
  }
}
