/**
 * The log as partitions see it that share lanes: each reads, and adds to, an input of its own
 * (`in.<lane>.<partition>`), which is its part of the lane's messages (bundle.ts). Every other
 * subject is the log's.
 */
import { bundleOf, sectionsOf } from "./bundle.ts";
import { LaneReader } from "./lane-reader.ts";
import { LaneTracker } from "./lane-tracker.ts";
import type { AppendResult, Log, LogReader, LogRecord } from "./ports.ts";

export type Part = { lane: string; partition: number };

export type Lanes = {
  /** The lane and partition that a subject stands for; null: it is no part of a lane. */
  partOf(subject: string): Part | null;
  /** All partitions that share the lane, at least one. */
  partitionsOf(lane: string): readonly number[];
};

/** What is known of each lane, by its subject. Who reads a lane anew had better know it still. */
export type LaneTrackers = Map<string, LaneTracker>;

export class LaneLog implements Log {
  private readonly log: Log;
  private readonly lanes: Lanes;
  private readonly trackers: LaneTrackers;
  private readonly readers = new Map<string, LaneReader>();

  constructor(log: Log, lanes: Lanes, trackers: LaneTrackers = new Map()) {
    this.log = log;
    this.lanes = lanes;
    this.trackers = trackers;
  }

  appendFenced(
    subject: string,
    data: Uint8Array,
    expectedLastSeq: number,
  ): Promise<AppendResult> {
    return this.log.appendFenced(subject, data, expectedLastSeq);
  }

  append(subject: string, data: Uint8Array, messageId?: string): Promise<number> {
    const part = this.lanes.partOf(subject);
    if (part === null) return this.log.append(subject, data, messageId);
    return this.log.append(part.lane, bundleOf([{ partition: part.partition, data }]), messageId);
  }

  /** Of a part: the lane's newest message, without data if it has nothing for the partition. */
  async last(subject: string): Promise<LogRecord | null> {
    const part = this.lanes.partOf(subject);
    if (part === null) return this.log.last(subject);
    const message = await this.log.last(part.lane);
    if (message === null) return null;
    const own = sectionsOf(message.data)?.find(({ partition }) => partition === part.partition);
    return { ...message, data: own?.data ?? new Uint8Array() };
  }

  read(subject: string, fromSeq: number): LogReader {
    const part = this.lanes.partOf(subject);
    if (part === null) return this.log.read(subject, fromSeq);
    return this.reader(part.lane).read(part.partition, fromSeq);
  }

  /** Of a part: the lane's messages go once no partition needs them. */
  async purge(subject: string, beforeSeq: number): Promise<void> {
    const part = this.lanes.partOf(subject);
    if (part === null) return this.log.purge(subject, beforeSeq);
    const tracker = this.tracker(part.lane);
    tracker.covered(part.partition, beforeSeq);
    const neededFrom = tracker.neededFrom();
    if (neededFrom > 1) await this.log.purge(part.lane, neededFrom);
  }

  private tracker(lane: string): LaneTracker {
    const known = this.trackers.get(lane) ?? new LaneTracker(this.lanes.partitionsOf(lane));
    this.trackers.set(lane, known);
    return known;
  }

  private reader(lane: string): LaneReader {
    const known = this.readers.get(lane);
    if (known !== undefined) return known;
    const firstPartition = this.lanes.partitionsOf(lane)[0] ?? 0;
    const { log } = this;
    const reader = new LaneReader({ log, lane, firstPartition, tracker: this.tracker(lane) });
    this.readers.set(lane, reader);
    return reader;
  }
}
