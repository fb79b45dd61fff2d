/**
 * The partition processor: the one machine that both stages run on (design, section 2).
 * It owns a partition's memory, reads its input in order, appends fenced steps, and hands them
 * to the relay.
 *
 * P1 The input position moves only with a step or a snapshot: a crash repeats input, and the
 *    repeated input must give the same outputs, which recovery checks against the step log.
 * P2 One step is in flight at a time; while it is, input accumulates and the next step grows.
 * P3 No output leaves before its step is durable.
 * P4 A step with too much output for one message (a single record may wake every actor) goes
 *    out in parts; only the last part moves the position. A successor that finds parts without
 *    their last compares what it computes with them and goes on behind them.
 */
import { LagMeter } from "./lag-meter.ts";
import type { LogReader, LogRecord } from "./ports.ts";
import type { ProcessorOptions } from "./processor-options.ts";
import { recover, type Recovered, requireEqual } from "./recovery.ts";
import { Relay } from "./relay.ts";
import { type Moment, SnapshotTaker, turns } from "./snapshot-taker.ts";
import type { PartitionLag } from "./shard-task.ts";
import { StepLog, retrying } from "./step-log.ts";
import { comparable } from "./step-encoding.ts";
import { partsOf } from "./step-parts.ts";

/** Wakes are looked for this often; a deadline is served at most this late. */
const wakePollMs = 50;

export class PartitionProcessor<Output> {
  readonly options: ProcessorOptions<Output>;
  /** True between the end of recovery and the end of `run`. */
  ready = false;
  inputSeq = 0;
  timeMs = 0;
  private readonly steps: StepLog<Output>;
  private relay: Relay<Output> | null = null;
  private reader: LogReader | null = null;
  private readonly lag = new LagMeter();
  /** Records in hand that are not applied yet. */
  private inHand = 0;
  private stopping = false;
  private dead = new Set<number>();
  private readonly snapshots: SnapshotTaker<Output>;
  /** True while the loop waits for input, and nothing is half done. */
  private idle = false;
  /** An append to the step log outside the loop; the loop waits for it. */
  private declaring: Promise<void> | null = null;
  /** Ends `run` when something outside the loop failed. */
  private readonly failure = Promise.withResolvers<never>();
  private pending: Output[] = [];
  private pendingInputBytes = 0;
  /** Position of the newest complete step (P4). */
  private stepInputSeq = 0;
  private stepTimeMs = 0;
  /** Outputs that a former owner's incomplete step already holds (P4). */
  private begun: Output[] = [];

  constructor(options: ProcessorOptions<Output>) {
    this.options = options;
    const { log, codec, clock, owner, subjects } = options;
    const { stepBytesMax } = options.limits;
    this.steps = new StepLog({ log, codec, clock, owner, subject: subjects.step, stepBytesMax });
    this.snapshots = new SnapshotTaker(options, this.steps);
    // Nobody may be waiting yet, or any more.
    this.failure.promise.catch(() => {});
  }

  /**
   * Owns the partition until `stop()` (resolves after a last snapshot) or until the signal is
   * aborted (leaves everything as a crash would).
   * @throws FencedError when another owner took over; any other error is a bug or a bad record.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { publisher, recovered, clock } = this.options;
    const state = await recover(this.options, this.steps, signal);
    this.adopt(state);
    const relay = new Relay(publisher, state.relayed);
    this.relay = relay;
    const local = new AbortController();
    const both = AbortSignal.any([signal, local.signal]);
    const background = Promise.all([
      relay.run(state.backlog, both),
      this.wakeLoop(both),
      this.idleSnapshots(relay, both),
    ]);
    try {
      await recovered?.(state.begun, () => this.steps.isOwned());
      this.ready = true;
      const failed = Promise.race([background.then(() => undefined), this.failure.promise]);
      await Promise.race([this.loop(relay, both), failed]);
      await relay.drained(clock, both);
      await Promise.race([this.lastSnapshot(relay, both), failed]);
    } finally {
      this.ready = false;
      local.abort();
      await this.reader?.close();
      await background.catch(() => undefined);
    }
  }

  /** Finishes the step under way, relays everything, saves a snapshot, and ends `run`. */
  stop(): void {
    this.stopping = true;
    void this.reader?.close();
  }

  /** The newest step that the snapshot in force covers; -1: there is none. */
  get snapshotStepSeq(): number {
    return this.snapshots.stepSeq;
  }

  /** How long a record stored now would wait (lag-meter.ts), and what of that is known where. */
  readLag(): PartitionLag {
    const { inHand, reader, lag } = this;
    const lagMs = lag.read(this.options.clock.nowMs(), inHand + (reader?.waiting ?? 0));
    const positionSeq = inHand > 0 || reader === null ? this.inputSeq : reader.positionSeq;
    return { lagMs, positionSeq, recordMs: lag.recordMs };
  }

  get backlog(): number {
    return this.relay?.backlog ?? 0;
  }

  private adopt(state: Recovered<Output>): void {
    this.inputSeq = state.inputSeq;
    this.timeMs = state.timeMs;
    this.stepInputSeq = state.inputSeq;
    this.stepTimeMs = state.timeMs;
    this.begun = state.begun;
    this.dead = state.dead;
    this.snapshots.adopt(state);
  }

  private async loop(relay: Relay<Output>, signal: AbortSignal): Promise<void> {
    const { log, subjects, limits, clock } = this.options;
    const reader = log.read(subjects.input, this.inputSeq + 1);
    this.reader = reader;
    while (!this.stopping) {
      this.idle = true;
      this.lag.idle(clock.nowMs());
      const records = await reader.next(limits.recordsPerStepMax);
      this.idle = false;
      // Most turns have nothing to wait for, and a promise costs as much as twenty repeats.
      if (this.declaring !== null) await this.declaring;
      signal.throwIfAborted();
      this.inHand = records.length;
      if (records[0] !== undefined) this.lag.began(clock.nowMs(), records[0].timeMs);
      for (const record of records) {
        this.applyRecord(record);
        const full =
          this.pending.length >= limits.outputsPerStepMax ||
          this.pendingInputBytes >= limits.inputBytesPerStepMax;
        if (full) await this.commit(relay, signal);
      }
      // A record's bytes may hold a whole network read; while waiting for more, none is needed.
      records.length = 0;
      if (this.pending.length > 0) await this.commit(relay, signal);
      else this.pendingInputBytes = 0;
      if (this.snapshots.saved) await this.putInForce(relay, signal);
      else if (this.snapshots.due) this.takeSnapshot(relay, signal);
      if (!relay.hasRoom) await relay.room(clock, signal);
    }
  }

  private applyRecord(record: LogRecord): void {
    const { stage, suspects } = this.options;
    this.inHand -= 1;
    this.lag.applied(record.timeMs);
    if (record.seq <= this.inputSeq) return;
    const at = { seq: record.seq, timeMs: Math.max(this.timeMs, record.timeMs) };
    const emit = (output: Output): void => void this.pending.push(output);
    if (!this.dead.has(record.seq)) {
      suspects.began(record.seq);
      stage.advance(at.timeMs, emit);
      stage.apply(record.data, at, emit);
      suspects.finished();
    }
    this.inputSeq = record.seq;
    this.timeMs = at.timeMs;
    this.snapshots.noteRecord();
    this.pendingInputBytes += record.data.length;
  }

  private async commit(relay: Relay<Output>, signal: AbortSignal): Promise<void> {
    this.pendingInputBytes = 0;
    if (this.pending.length === 0 || this.pending.length < this.begun.length) return;
    const parts = partsOf(this.withoutBegun(), this.options.outputBytes);
    this.pending = [];
    const last = parts.pop() ?? [];
    for (const part of parts) await this.appendStep(relay, signal, part, true);
    await this.appendStep(relay, signal, last, false);
    this.stepInputSeq = this.inputSeq;
    this.stepTimeMs = this.timeMs;
  }

  /** @param partial more of the same step follows. */
  private async appendStep(
    relay: Relay<Output>,
    signal: AbortSignal,
    outputs: Output[],
    partial: boolean,
  ): Promise<void> {
    const seq = await this.steps.append(signal, {
      kind: "step",
      inputSeq: partial ? this.stepInputSeq : this.inputSeq,
      timeMs: partial ? this.stepTimeMs : this.timeMs,
      outputs,
      relayed: relay.position(),
      ...(partial ? { partial } : {}),
    });
    if (seq === null) {
      const middle = outputs.length >> 1;
      await this.appendStep(relay, signal, outputs.slice(0, middle), true);
      return this.appendStep(relay, signal, outputs.slice(middle), partial);
    }
    this.snapshots.noteOutputs(outputs.length);
    this.options.committed?.(outputs);
    relay.push({ seq, outputs });
  }

  /** What is pending behind the outputs that the log holds already. */
  private withoutBegun(): Output[] {
    const { begun, pending } = this;
    if (begun.length === 0) return pending;
    this.begun = [];
    const { codec, subjects } = this.options;
    const recomputed = comparable(codec, pending.slice(0, begun.length));
    requireEqual(subjects.step, this.inputSeq, comparable(codec, begun), recomputed);
    return pending.slice(begun.length);
  }

  /** Saves what the last input changed although no more input comes. */
  private async idleSnapshots(relay: Relay<Output>, signal: AbortSignal): Promise<void> {
    const { clock, limits } = this.options;
    while (!signal.aborted) {
      await clock.sleep(limits.snapshotEveryMs / turns, signal);
      if (signal.aborted || !this.idle || this.stopping) continue;
      if (this.snapshots.saved) await this.declareWhenIdle(relay, signal);
      else if (this.snapshots.due) this.takeSnapshot(relay, signal);
    }
  }

  private takeSnapshot(relay: Relay<Output>, signal: AbortSignal): void {
    // A step that is half repeated is no moment of the log.
    if (this.begun.length > 0) return;
    const { inputSeq, timeMs } = this;
    const stepSeq = this.steps.lastSeq;
    const relayed = relay.position();
    const moment: Moment = { inputSeq, timeMs, stepSeq, relayed, dead: [...this.dead] };
    this.snapshots.take(moment, signal, (failure) => {
      if (failure !== null) this.failure.reject(failure);
      else if (this.idle && !this.stopping) void this.declareWhenIdle(relay, signal);
    });
  }

  /** The loop waits for input: it goes on behind this. */
  private async declareWhenIdle(relay: Relay<Output>, signal: AbortSignal): Promise<void> {
    this.declaring ??= this.putInForce(relay, signal)
      .catch((error: unknown) => this.failure.reject(error))
      .finally(() => {
        this.declaring = null;
      });
    await this.declaring;
  }

  private putInForce(relay: Relay<Output>, signal: AbortSignal): Promise<void> {
    const { stepInputSeq: inputSeq, stepTimeMs: timeMs } = this;
    return this.snapshots.putInForce({ inputSeq, timeMs, relayed: relay.position() }, signal);
  }

  /** After the loop: what is under way, and what has happened since. */
  private async lastSnapshot(relay: Relay<Output>, signal: AbortSignal): Promise<void> {
    for (const take of [() => {}, () => this.takeSnapshot(relay, signal)]) {
      await this.declaring;
      take();
      await this.snapshots.settled();
      await this.putInForce(relay, signal);
    }
  }

  /** Appends a wake record when a deadline has passed: time enters through the log (I5). */
  private async wakeLoop(signal: AbortSignal): Promise<void> {
    const { clock, codec, log, subjects, stage } = this.options;
    const due = this.options.nextWakeAtMs ?? (() => stage.nextWakeAtMs());
    const wake = codec.encode({ kind: "wake" });
    while (!signal.aborted) {
      const deadlineMs = this.ready && !this.stopping ? due() : null;
      const nowMs = clock.nowMs();
      if (deadlineMs === null || deadlineMs >= nowMs) {
        await clock.sleep(wakePollMs, signal);
        continue;
      }
      const seq = await retrying(clock, signal, () => log.append(subjects.input, wake));
      while (!signal.aborted && this.ready && this.inputSeq < seq) await clock.sleep(5, signal);
    }
  }
}
