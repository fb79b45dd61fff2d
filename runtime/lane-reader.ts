/**
 * Reads a lane once for all partitions of this thread that share it, and gives each what is its
 * own (bundle.ts).
 *
 * L1 A partition gets its sections in the order of the lane, each once, beginning where it asked.
 *    Who asks for what has gone by already makes the lane be read again from there; the others
 *    take no notice.
 * L2 A message that is no bundle goes as it is to the lane's first partition, which treats it as
 *    any record that it cannot read.
 * L3 While a partition holds `bufferedRecordsMax` records, or `bufferedBytesMax` bytes of messages
 *    that its records are a part of, and has not taken them, nothing more is read for anyone.
 */
import { sectionsOf } from "./bundle.ts";
import type { LaneTracker } from "./lane-tracker.ts";
import type { Log, LogReader, LogRecord } from "./ports.ts";

export const bufferedRecordsMax = 1024;
export const bufferedBytesMax = 16 * 1024 * 1024;
/** Messages taken at a time. */
const messagesMax = 64;

export type LaneOptions = {
  log: Log;
  /** Its subject. */
  lane: string;
  /** Takes what is no bundle. */
  firstPartition: number;
  tracker: LaneTracker;
};

export class LaneReader {
  readonly options: LaneOptions;
  /** The newest message that was given out. */
  position = 0;
  private inner: LogReader | null = null;
  private parts: PartReader[] = [];
  /** Wakes the pump, where it waits for room. */
  private makeRoom: (() => void) | null = null;

  constructor(options: LaneOptions) {
    this.options = options;
  }

  /** Messages that have not come yet, as far as is known. */
  get waiting(): number {
    return this.inner?.waiting ?? 0;
  }

  read(partition: number, fromSeq: number): PartReader {
    const part = new PartReader(this, partition, fromSeq);
    this.parts = [...this.parts, part];
    if (this.inner === null || fromSeq <= this.position) this.begin(Math.max(1, fromSeq));
    return part;
  }

  /** A part has room again, or is closed. */
  taken(): void {
    if (this.parts.some((part) => part.isFull(0.5))) return;
    this.makeRoom?.();
    this.makeRoom = null;
  }

  closed(part: PartReader): void {
    this.parts = this.parts.filter((one) => one !== part);
    this.taken();
    if (this.parts.length > 0) return;
    void this.inner?.close();
    this.inner = null;
  }

  private begin(fromSeq: number): void {
    void this.inner?.close();
    const inner = this.options.log.read(this.options.lane, fromSeq);
    this.inner = inner;
    this.position = fromSeq - 1;
    void this.pump(inner);
  }

  /** Ends when another reader has taken the place of `inner`, or nobody reads any more. */
  private async pump(inner: LogReader): Promise<void> {
    while (this.inner === inner) {
      const messages = await inner.next(messagesMax);
      if (this.inner !== inner || messages.length === 0) return;
      for (const message of messages) this.give(message);
      for (const part of this.parts) part.passed(this.position);
      if (!this.parts.some((part) => part.isFull(1))) continue;
      await new Promise<void>((resolve) => (this.makeRoom = resolve));
    }
  }

  private give({ seq, timeMs, data }: LogRecord): void {
    const { tracker, firstPartition } = this.options;
    const sections = sectionsOf(data) ?? [{ partition: firstPartition, data }];
    for (const section of sections) {
      for (const part of this.parts) {
        if (part.partition !== section.partition || seq < part.fromSeq) continue;
        tracker.delivered(part.partition, seq);
        part.push({ seq, timeMs, data: section.data }, data.length);
      }
    }
    this.position = seq;
    for (const part of this.parts) {
      if (seq >= part.fromSeq) tracker.readThrough(part.partition, seq);
    }
  }
}

/** What the lane has for one partition. */
export class PartReader implements LogReader {
  readonly partition: number;
  /** What comes before it was given out, or not asked for. */
  fromSeq: number;
  private readonly lane: LaneReader;
  private records: LogRecord[] = [];
  /** Of each record the bytes of its whole message, which stays in memory for any part of it. */
  private held: number[] = [];
  private bytes = 0;
  private isClosed = false;
  private wake: (() => void) | null = null;
  /** Whoever waits goes on, with or without records, once the lane was read through this. */
  private throughSeq = 0;

  constructor(lane: LaneReader, partition: number, fromSeq: number) {
    this.lane = lane;
    this.partition = partition;
    this.fromSeq = fromSeq;
  }

  get waiting(): number {
    return this.records.length + this.lane.waiting;
  }

  get positionSeq(): number {
    const [first] = this.records;
    return first === undefined ? this.lane.position : first.seq - 1;
  }

  async next(max: number, throughSeq = Number.POSITIVE_INFINITY): Promise<LogRecord[]> {
    this.throughSeq = throughSeq;
    while (this.records.length === 0 && !this.isClosed && this.lane.position < throughSeq) {
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
    if (this.isClosed) return [];
    const records = this.records.splice(0, max);
    for (const bytes of this.held.splice(0, max)) this.bytes -= bytes;
    this.lane.taken();
    return records;
  }

  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    this.goOn();
    this.lane.closed(this);
  }

  push(record: LogRecord, messageBytes: number): void {
    this.fromSeq = record.seq + 1;
    this.records.push(record);
    this.held.push(messageBytes);
    this.bytes += messageBytes;
  }

  /** The lane was read up to here. */
  passed(seq: number): void {
    if (this.records.length > 0 || seq >= this.throughSeq) this.goOn();
  }

  /** Whether it holds this share of what it may. */
  isFull(share: number): boolean {
    return (
      this.records.length >= bufferedRecordsMax * share || this.bytes >= bufferedBytesMax * share
    );
  }

  private goOn(): void {
    this.wake?.();
    this.wake = null;
  }
}
