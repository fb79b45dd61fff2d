/**
 * The log in memory, in virtual time, with JetStream's rules: streams of many subjects with one
 * sequence each, a condition on the subject's last sequence, a window of message ids, purging.
 * `SimLogServer` owns the truth and forgets nothing that checkers need; `SimLog` is one
 * program's view of it through a link that loses and delays.
 */
import type { AppendResult, Log, LogReader, LogRecord } from "../runtime/ports.ts";
import { streamNames } from "../streams/subjects.ts";
import type { SimScheduler } from "./sim-clock.ts";
import { never, type SimLink } from "./sim-link.ts";

/** JetStream's default: a message id is remembered for two minutes. */
export const duplicateWindowMs = 120_000;

export type StoredRecord = LogRecord & { subject: string; messageId: string | null };

type Subject = { records: StoredRecord[]; purgedBefore: number };

const streamBySubjectHead: Record<string, string> = {
  in: streamNames.input,
  work: streamNames.work,
  step: streamNames.steps,
  incidents: streamNames.incidents,
  outbox: streamNames.outbox,
  dead: streamNames.dead,
};

/** @throws for a subject that no stream captures, as the server's "no responders". */
export function streamOf(subject: string): string {
  const stream = streamBySubjectHead[subject.split(".", 1)[0] ?? ""];
  if (stream === undefined) throw new Error(`no stream captures ${subject}`);
  return stream;
}

export class SimLogServer {
  private readonly scheduler: SimScheduler;
  private readonly subjects = new Map<string, Subject>();
  private readonly lastSeqs = new Map<string, number>();
  private readonly messageIds = new Map<string, { seq: number; atMs: number }>();
  private readonly listeners = new Map<string, Set<() => void>>();
  private readonly history: StoredRecord[] = [];
  /** Added to the time of records: a server's clock may be set back. */
  clockOffsetMs = 0;

  constructor(scheduler: SimScheduler) {
    this.scheduler = scheduler;
  }

  append(subject: string, data: Uint8Array, messageId: string | null): number {
    const stream = streamOf(subject);
    const idKey = `${stream} ${messageId}`;
    const nowMs = this.scheduler.nowMs();
    if (messageId !== null) {
      const seen = this.messageIds.get(idKey);
      if (seen !== undefined && nowMs - seen.atMs < duplicateWindowMs) return seen.seq;
    }
    const seq = (this.lastSeqs.get(stream) ?? 0) + 1;
    this.lastSeqs.set(stream, seq);
    if (messageId !== null) this.messageIds.set(idKey, { seq, atMs: nowMs });
    const timeMs = Math.floor(nowMs + this.clockOffsetMs);
    const record = { subject, seq, timeMs, data: data.slice(), messageId };
    this.subject(subject).records.push(record);
    this.history.push(record);
    for (const listener of [...(this.listeners.get(subject) ?? [])]) listener();
    return seq;
  }

  appendFenced(subject: string, data: Uint8Array, expectedLastSeq: number): AppendResult {
    if ((this.last(subject)?.seq ?? 0) !== expectedLastSeq) return { kind: "fenced" };
    return { kind: "appended", seq: this.append(subject, data, null) };
  }

  last(subject: string): StoredRecord | null {
    return this.subjects.get(subject)?.records.at(-1) ?? null;
  }

  from(subject: string, fromSeq: number, max: number): StoredRecord[] {
    const records = this.subjects.get(subject)?.records ?? [];
    let low = 0;
    let high = records.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((records[middle] as StoredRecord).seq < fromSeq) low = middle + 1;
      else high = middle;
    }
    return records.slice(low, low + max);
  }

  purge(subject: string, beforeSeq: number): void {
    const known = this.subject(subject);
    known.purgedBefore = Math.max(known.purgedBefore, beforeSeq);
    known.records = known.records.filter((record) => record.seq >= beforeSeq);
  }

  /** Calls back after each append to the subject, until the returned function is called. */
  listen(subject: string, listener: () => void): () => void {
    const set = this.listeners.get(subject) ?? new Set();
    this.listeners.set(subject, set);
    set.add(listener);
    return () => set.delete(listener);
  }

  /** Everything ever stored under subjects that begin so, purged records included. */
  everStored(subjectStart: string): StoredRecord[] {
    return this.history.filter((record) => record.subject.startsWith(subjectStart));
  }

  private subject(name: string): Subject {
    const known = this.subjects.get(name) ?? { records: [], purgedBefore: 0 };
    this.subjects.set(name, known);
    return known;
  }
}

export class SimLog implements Log {
  private readonly server: SimLogServer;
  private readonly link: SimLink;

  constructor(server: SimLogServer, link: SimLink) {
    this.server = server;
    this.link = link;
  }

  appendFenced(
    subject: string,
    data: Uint8Array,
    expectedLastSeq: number,
  ): Promise<AppendResult> {
    const copy = data.slice();
    return this.link.call(streamOf(subject), () =>
      this.server.appendFenced(subject, copy, expectedLastSeq),
    );
  }

  append(subject: string, data: Uint8Array, messageId?: string): Promise<number> {
    const copy = data.slice();
    return this.link.call(streamOf(subject), () =>
      this.server.append(subject, copy, messageId ?? null),
    );
  }

  last(subject: string): Promise<LogRecord | null> {
    // Reads travel apart from appends: they may overtake one that is under way.
    return this.link.call(`${streamOf(subject)} reads`, () => {
      const record = this.server.last(subject);
      return record === null ? null : plain(record);
    });
  }

  read(subject: string, fromSeq: number): LogReader {
    return new SimLogReader(this.server, this.link, subject, fromSeq);
  }

  purge(subject: string, beforeSeq: number): Promise<void> {
    return this.link.call(`${streamOf(subject)} reads`, () =>
      this.server.purge(subject, beforeSeq),
    );
  }
}

class SimLogReader implements LogReader {
  private readonly server: SimLogServer;
  private readonly link: SimLink;
  private readonly subject: string;
  private position: number;
  private closed = false;
  private waker: ((records: LogRecord[]) => void) | null = null;
  private stopListening: () => void = () => {};

  constructor(server: SimLogServer, link: SimLink, subject: string, fromSeq: number) {
    this.server = server;
    this.link = link;
    this.subject = subject;
    this.position = fromSeq;
  }

  get waiting(): number {
    return this.server.from(this.subject, this.position, Number.POSITIVE_INFINITY).length;
  }

  get positionSeq(): number {
    return this.position - 1;
  }

  next(max: number): Promise<LogRecord[]> {
    if (this.link.isDead()) return never();
    if (this.closed) return Promise.resolve([]);
    if (this.waker !== null) throw new Error(`two reads at once of ${this.subject}`);
    return new Promise((resolve) => {
      this.waker = resolve;
      this.stopListening = this.server.listen(this.subject, () => this.fetch(max));
      this.fetch(max);
    });
  }

  async close(): Promise<void> {
    this.closed = true;
    this.answer([]);
  }

  private fetch(max: number): void {
    if (this.server.from(this.subject, this.position, 1).length === 0) return;
    this.stopListening();
    this.link.deliver(() => {
      const records = this.server.from(this.subject, this.position, max);
      const some = records.slice(0, this.link.portion(Math.max(1, records.length)));
      const last = some.at(-1);
      if (last === undefined) {
        // Purged while under way: wait for the next.
        this.stopListening = this.server.listen(this.subject, () => this.fetch(max));
        return;
      }
      if (!this.closed) this.position = last.seq + 1;
      this.answer(some.map(plain));
    });
  }

  private answer(records: LogRecord[]): void {
    this.stopListening();
    const resolve = this.waker;
    this.waker = null;
    if (resolve !== null && !this.link.isDead()) resolve(records);
  }
}

function plain(record: StoredRecord): LogRecord {
  return { seq: record.seq, timeMs: record.timeMs, data: record.data.slice() };
}
