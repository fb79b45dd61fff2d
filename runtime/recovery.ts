/**
 * Recovery of a partition: claim, newest snapshot, replay of the input after it.
 *
 * V1 The claim comes first: afterwards nobody else can append, so what is read is final.
 * V2 Input that steps already cover is replayed but not appended again; its outputs must equal
 *    the recorded ones. A difference means that an actor is not deterministic, and the
 *    partition stops rather than tell two stories.
 * V3 Steps after the relayed position are handed to the relay as backlog.
 */
import type { LogRecord } from "./ports.ts";
import type { ProcessorOptions } from "./processor-options.ts";
import type { RelayedStep } from "./relay.ts";
import { comparable } from "./step-encoding.ts";
import { deathsMax } from "./suspects.ts";
import { type StepLog, retrying } from "./step-log.ts";
import { type RelayPosition, type StepRecord, relayStart } from "./step.ts";

export type Recovered<Output> = {
  inputSeq: number;
  timeMs: number;
  relayed: RelayPosition;
  backlog: RelayedStep<Output>[];
  /** Outputs of a step that its writer did not complete (processor, P4). */
  begun: Output[];
  dead: Set<number>;
  /** Input records replayed beyond the snapshot. */
  replayed: number;
  snapshotStepSeq: number;
  snapshotBytes: number;
};

type Snapshot = {
  version: number;
  inputSeq: number;
  timeMs: number;
  stepSeq: number;
  relayed: RelayPosition;
  dead: number[];
  stage: unknown;
};

/** The step log and a replay of its input disagree: a bug in an actor, never an I/O fault. */
export class DeterminismError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "DeterminismError";
  }
}

const readBatch = 256;

export async function recover<Output>(
  options: ProcessorOptions<Output>,
  steps: StepLog<Output>,
  signal: AbortSignal,
): Promise<Recovered<Output>> {
  const { stage, clock, snapshots, codec, logger } = options;
  const beganMs = clock.nowMs();
  const previous = await steps.claim(signal);
  const saved =
    steps.snapshot === ""
      ? null
      : await retrying(clock, signal, () => snapshots.load(steps.snapshot));
  const loadedMs = clock.nowMs();
  const snapshot = saved === null ? null : (codec.decode(saved) as Snapshot);
  if (snapshot !== null) stage.restore(snapshot.stage);
  const restoredMs = clock.nowMs();
  const relayed = newest(snapshot?.relayed, previous?.relayed);
  const recorded = await readSteps(options, steps, snapshot, relayed, signal);

  const recovered: Recovered<Output> = {
    inputSeq: snapshot?.inputSeq ?? 0,
    timeMs: snapshot?.timeMs ?? 0,
    relayed,
    backlog: recorded.backlog,
    begun: recorded.begun,
    dead: new Set([...(snapshot?.dead ?? []), ...recorded.dead]),
    replayed: 0,
    snapshotStepSeq: snapshot?.stepSeq ?? -1,
    snapshotBytes: saved?.length ?? 0,
  };
  try {
    await replay(options, recovered, recorded.uncovered, signal);
  } catch (error) {
    // A newer owner may have cleared away what we were reading: then it is its turn, not a bug.
    if (error instanceof DeterminismError) await steps.requireOwned(signal);
    throw error;
  }
  await bury(options, steps, recovered, signal);
  const { partition, stageName } = options;
  logger.debug(
    {
      stage: stageName,
      partition,
      inputSeq: recovered.inputSeq,
      replayed: recovered.replayed,
      backlog: recovered.backlog.length,
      // Partitions of a thread take turns: the times of one include work for others.
      loadMs: loadedMs - beganMs,
      restoreMs: restoredMs - loadedMs,
      replayMs: clock.nowMs() - restoredMs,
    },
    "partition recovered",
  );
  return recovered;
}

function newest(a: RelayPosition | undefined, b: RelayPosition | undefined): RelayPosition {
  if (a === undefined || b === undefined) return a ?? b ?? relayStart;
  return a.stepSeq > b.stepSeq ? a : b;
}

type RecordedSteps<Output> = {
  /** Steps that the snapshot does not cover, in order. */
  uncovered: { inputSeq: number; outputs: Output[] }[];
  backlog: RelayedStep<Output>[];
  /** Parts at the end whose last one is missing. */
  begun: Output[];
  dead: number[];
};

async function readSteps<Output>(
  options: ProcessorOptions<Output>,
  steps: StepLog<Output>,
  snapshot: Snapshot | null,
  relayed: RelayPosition,
  signal: AbortSignal,
): Promise<RecordedSteps<Output>> {
  const found: RecordedSteps<Output> = { uncovered: [], backlog: [], begun: [], dead: [] };
  const covered = snapshot?.stepSeq ?? 0;
  const fromSeq = Math.min(covered, relayed.stepSeq) + 1;
  await readThrough(options, options.subjects.step, fromSeq, steps.lastSeq, signal, (record) => {
    const step: StepRecord<Output> = steps.decode(record.data);
    if (step.kind === "dead") found.dead.push(step.deadSeq);
    if (step.kind !== "step") return;
    if (record.seq > relayed.stepSeq) {
      found.backlog.push({ seq: record.seq, outputs: step.outputs });
    }
    if (record.seq <= covered) return;
    const outputs = found.begun.length === 0 ? step.outputs : [...found.begun, ...step.outputs];
    found.begun = step.partial === true ? outputs : [];
    if (step.partial !== true) found.uncovered.push({ inputSeq: step.inputSeq, outputs });
  });
  return found;
}

/** Brings the stage from the snapshot to the newest recorded step, comparing outputs (V2). */
async function replay<Output>(
  options: ProcessorOptions<Output>,
  state: Recovered<Output>,
  uncovered: { inputSeq: number; outputs: Output[] }[],
  signal: AbortSignal,
): Promise<void> {
  const last = uncovered[uncovered.length - 1];
  if (last === undefined) return;
  const { stage, subjects, codec, suspects } = options;
  let outputs: Output[] = [];
  let next = 0;
  const emit = (output: Output): void => void outputs.push(output);
  const again = (record: LogRecord): void => {
    const timeMs = Math.max(state.timeMs, record.timeMs);
    if (!state.dead.has(record.seq)) {
      suspects.began(record.seq);
      stage.advance(timeMs, emit);
      stage.apply(record.data, { seq: record.seq, timeMs }, emit);
      suspects.finished();
    }
    state.inputSeq = record.seq;
    state.timeMs = timeMs;
    state.replayed += 1;
    const expected = uncovered[next];
    if (expected === undefined || record.seq < expected.inputSeq) return;
    const recorded = comparable(codec, expected.outputs);
    requireEqual(subjects.step, record.seq, recorded, comparable(codec, outputs));
    outputs = [];
    next += 1;
  };
  await readThrough(options, subjects.input, state.inputSeq + 1, last.inputSeq, signal, again);
  if (next < uncovered.length) {
    throw new DeterminismError(
      `${subjects.input}: input up to ${last.inputSeq} is in the step log but no longer in the ` +
        `input log (it ends at ${state.inputSeq}), and no snapshot covers it`,
    );
  }
}

/** @throws DeterminismError when outputs computed again differ from the recorded ones (V2). */
export function requireEqual(
  subject: string,
  inputSeq: number,
  recorded: Uint8Array,
  recomputed: Uint8Array,
): void {
  if (Buffer.compare(recorded, recomputed) === 0) return;
  throw new DeterminismError(
    `${subject}: replaying input ${inputSeq} gave other outputs than the step log holds`,
  );
}

/** Sends the record that killed its shard repeatedly to the dead-letter stream, for good. */
async function bury<Output>(
  options: ProcessorOptions<Output>,
  steps: StepLog<Output>,
  state: Recovered<Output>,
  signal: AbortSignal,
): Promise<void> {
  const { suspects, log, clock, codec, subjects, logger, stageName, partition } = options;
  const seq = suspects.condemned();
  if (seq === null || seq <= state.inputSeq || state.dead.has(seq)) return;
  const error = options.causeOfDeath || "its shard died while working on it";
  let data: Uint8Array = new Uint8Array();
  await readThrough(options, subjects.input, seq, seq, signal, (record) => {
    data = record.data;
  });
  const letter = codec.encode({ subject: subjects.input, seq, error, deaths: deathsMax, data });
  const id = `${subjects.input}:${seq}`;
  await retrying(clock, signal, () => log.append(subjects.dead, letter, id));
  await steps.append(signal, {
    kind: "dead",
    deadSeq: seq,
    error,
    inputSeq: state.inputSeq,
    timeMs: state.timeMs,
    relayed: state.relayed,
  });
  state.dead.add(seq);
  const what = { stage: stageName, partition, seq, error };
  logger.error(what, "record sent to the dead-letter stream");
}

/** Calls `visit` for each record of the subject with fromSeq <= seq <= throughSeq, in order. */
async function readThrough<Output>(
  options: ProcessorOptions<Output>,
  subject: string,
  fromSeq: number,
  throughSeq: number,
  signal: AbortSignal,
  visit: (record: LogRecord) => void,
): Promise<void> {
  const { log, clock } = options;
  if (throughSeq < fromSeq) return;
  const end = await retrying(clock, signal, () => log.last(subject));
  const stopAt = Math.min(throughSeq, end?.seq ?? 0);
  if (stopAt < fromSeq) return;
  const reader = log.read(subject, fromSeq);
  try {
    for (;;) {
      const records = await reader.next(readBatch, stopAt);
      signal.throwIfAborted();
      if (records.length === 0) return;
      for (const record of records) {
        if (record.seq > stopAt) return;
        visit(record);
        if (record.seq === stopAt) return;
      }
    }
  } finally {
    await reader.close();
  }
}
