/**
 * The seams between the pure machinery and the world. Production wires NATS and ClickHouse
 * behind them (streams/), the simulator wires fakes that break on purpose (testing/).
 */
import type { Heartbeat } from "./heartbeat.ts";

/** One message of an ordered, durable subject. */
export type LogRecord = {
  /** Position in the stream; grows, with gaps (other subjects share the stream). */
  seq: number;
  /** When the log stored it, in ms since the epoch: the only time that actors see (I5). */
  timeMs: number;
  data: Uint8Array;
};

export type AppendResult = { kind: "appended"; seq: number } | { kind: "fenced" };

/** Ordered reading of one subject; the reader keeps the position. */
export interface LogReader {
  /**
   * At least one record, at most `max`; waits for the first. Empty once closed; and it may be
   * empty when the log was read through `throughSeq` and had nothing more for this reader.
   * @param throughSeq a sequence that is stored already; default: wait on.
   */
  next(max: number, throughSeq?: number): Promise<LogRecord[]>;
  /** Stored records that `next` has not handed out yet, as far as is known here. */
  readonly waiting: number;
  /** Of everything stored up to this sequence, nothing waits here or is yet to come. */
  readonly positionSeq: number;
  close(): Promise<void>;
}

export interface Log {
  /**
   * Appends if the subject's last sequence is `expectedLastSeq` (0: subject is empty).
   * @throws RetryableError when it is unknown whether the append happened.
   */
  appendFenced(
    subject: string,
    data: Uint8Array,
    expectedLastSeq: number,
  ): Promise<AppendResult>;
  /**
   * Appends without a condition; resolves once durable. A repeated `messageId` within the
   * stream's duplicate window is stored once.
   * @returns the record's sequence (that of the first copy, for a duplicate).
   * @throws RetryableError when it is unknown whether the append happened.
   */
  append(subject: string, data: Uint8Array, messageId?: string): Promise<number>;
  /** The newest record of the subject, read through the leader; null when there is none. */
  last(subject: string): Promise<LogRecord | null>;
  /** Reads the subject in order, beginning with the first record whose seq >= `fromSeq`. */
  read(subject: string, fromSeq: number): LogReader;
  /** Removes the subject's records with seq < `beforeSeq`. */
  purge(subject: string, beforeSeq: number): Promise<void>;
}

/**
 * A stream for readers outside, or for delivery workers: many subjects, each message with an id
 * by which a copy is recognised.
 */
export interface PublicStream {
  /**
   * Resolves with the message's stream sequence once it is durable; a repeated id within the
   * stream's duplicate window is stored once and resolves with the first copy's sequence.
   * @throws RetryableError when it is unknown whether the message was stored.
   */
  publish(subject: string, messageId: string, data: Uint8Array): Promise<number>;
  /** The ids of all messages with a sequence > `seq`: what a crashed relay had got through. */
  messageIdsAfter(seq: number): Promise<Set<string>>;
  /** The highest sequence of the stream that this process has heard of; never beyond the end. */
  knownSeq(): number;
}

export type Timer = { id: string; generation: number; fireAtMs: number };

/** The replicated timers of one partition: a KV bucket that owners and stand-bys watch. */
export interface Timers {
  put(partition: number, timer: Timer): Promise<void>;
  delete(partition: number, id: string): Promise<void>;
  /** Calls back for each present timer, then once `ready`, then for each change. */
  watch(partition: number, watcher: TimerWatcher): Promise<{ stop(): void }>;
}

export type TimerWatcher = {
  put(timer: Timer): void;
  deleted(id: string): void;
  ready(): void;
};

/** Where the current state of incidents is kept for outside readers. */
export interface StateStore {
  get(id: string): Promise<{ version: number } | null>;
  /** Keeps the higher version; a put that arrives late never brings an older view back. */
  put(id: string, view: { version: number }): Promise<void>;
  /** For good: an id never returns. */
  delete(id: string): Promise<void>;
}

/** Where heartbeats are kept; what is put is durable when the promise resolves. */
export interface HeartbeatStore {
  all(): Promise<Heartbeat[]>;
  /** @throws RetryableError when it is unknown whether it was stored. */
  put(heartbeat: Heartbeat): Promise<void>;
  /** No-op for one that is not there. @throws RetryableError */
  delete(heartbeat: Pick<Heartbeat, "tenant" | "name">): Promise<void>;
}

export interface Snapshots {
  save(name: string, data: Uint8Array): Promise<void>;
  load(name: string): Promise<Uint8Array | null>;
  /** No-op when there is none of that name. */
  delete(name: string): Promise<void>;
}

export interface Clock {
  nowMs(): number;
  /** Resolves after `ms`, or at once when the signal is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Binary form of what goes through the log; the first byte is a version. */
export interface Codec {
  encode(value: unknown): Uint8Array;
  decode(data: Uint8Array): unknown;
}

/** Structured logging; the fields go first, as in pino. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
