/**
 * What every Log must do, whoever implements it: run against the simulated log, on which the
 * simulator's findings rest, and against JetStream, on which everything else rests.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Log, LogReader, LogRecord } from "../../runtime/ports.ts";

export type LogUnderTest = {
  log: Log;
  /** The same log through another connection. */
  other: Log;
  close(): Promise<void>;
};

type Context = { log: Log; other: Log; subject(head: string): string };

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (record: LogRecord | null | undefined): string =>
  record == null ? "nothing" : new TextDecoder().decode(record.data);

async function take(reader: LogReader, count: number): Promise<LogRecord[]> {
  const records: LogRecord[] = [];
  while (records.length < count) records.push(...(await reader.next(count - records.length)));
  return records;
}

export function logContract(name: string, open: () => Promise<LogUnderTest>): void {
  describe(`log contract: ${name}`, () => {
    let subjectsUsed = 0;
    let opened: LogUnderTest;
    const context = {
      subject: (head: string) => `${head}.${++subjectsUsed}`,
    } as Context;

    beforeAll(async () => {
      opened = await open();
      context.log = opened.log;
      context.other = opened.other;
    });
    afterAll(async () => {
      await opened?.close();
    });

    appending(context);
    fencing(context);
    messageIds(context);
    reading(context);
    waiting(context);
    purging(context);
  });
}

function appending(context: Context): void {
  test("append - answers with growing sequences and stores bytes and time", async () => {
    const { log, subject } = context;
    const name = subject("in");
    const first = await log.append(name, bytes("a"));
    const second = await log.append(name, bytes("b"));
    expect(second).toBeGreaterThan(first);
    const records = await take(log.read(name, 0), 2);
    expect(records.map(text)).toEqual(["a", "b"]);
    expect(records.map((record) => record.seq)).toEqual([first, second]);
    expect(records.every((record) => record.timeMs > 0)).toBe(true);
    expect(records[1]?.timeMs).toBeGreaterThanOrEqual(records[0]?.timeMs ?? Infinity);
  });

  test("append - records sent without waiting are stored in the order sent", async () => {
    const { log, subject } = context;
    const name = subject("work");
    const sent = Array.from({ length: 100 }, (_, index) => `record ${index}`);
    await Promise.all(sent.map((each) => log.append(name, bytes(each))));
    const stored = await take(log.read(name, 0), sent.length);
    expect(stored.map(text)).toEqual(sent);
  });

  test("last - is null at first, then the newest of that subject alone", async () => {
    const { log, subject } = context;
    const name = subject("step.dedup");
    expect(await log.last(name)).toBeNull();
    await log.append(name, bytes("old"));
    const seq = await log.append(name, bytes("new"));
    await log.append(subject("step.dedup"), bytes("elsewhere"));
    const last = await log.last(name);
    expect(text(last)).toBe("new");
    expect(last?.seq).toBe(seq);
  });
}

function fencing(context: Context): void {
  test("fenced append - 0 means an empty subject, then each needs the one before", async () => {
    const { log, subject } = context;
    const name = subject("step.incident");
    await log.append(subject("step.incident"), bytes("a neighbour in the stream"));
    const first = await log.appendFenced(name, bytes("1"), 0);
    if (first.kind !== "appended") throw new Error("an empty subject refused its first record");
    expect(await log.appendFenced(name, bytes("again"), 0)).toEqual({ kind: "fenced" });
    await log.append(subject("step.incident"), bytes("another neighbour"));
    const second = await log.appendFenced(name, bytes("2"), first.seq);
    expect(second.kind).toBe("appended");
    expect((await take(log.read(name, 0), 2)).map(text)).toEqual(["1", "2"]);
  });

  test("fenced append - a stale owner is refused and leaves no trace", async () => {
    const { log, other, subject } = context;
    const name = subject("step.dedup");
    const mine = await log.appendFenced(name, bytes("old owner"), 0);
    if (mine.kind !== "appended") throw new Error("not appended");
    const claim = await other.appendFenced(name, bytes("claim"), mine.seq);
    expect(claim.kind).toBe("appended");
    const stale = await log.appendFenced(name, bytes("late"), mine.seq);
    expect(stale).toEqual({ kind: "fenced" });
    const tooFar = await log.appendFenced(name, bytes("guessed"), mine.seq + 1_000);
    expect(tooFar).toEqual({ kind: "fenced" });
    expect(text(await log.last(name))).toBe("claim");
  });

  test("fenced append - of many writers at one position exactly one wins", async () => {
    const { log, other, subject } = context;
    const name = subject("step.dedup");
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        (index % 2 === 0 ? log : other).appendFenced(name, bytes(`writer ${index}`), 0),
      ),
    );
    const winners = results.flatMap((result, index) =>
      result.kind === "appended" ? [index] : [],
    );
    expect(winners).toHaveLength(1);
    expect(text(await log.last(name))).toBe(`writer ${winners[0]}`);
  });
}

function messageIds(context: Context): void {
  test("message id - a repeat is stored once and answers with the first sequence", async () => {
    const { log, other, subject } = context;
    const name = subject("in");
    const first = await log.append(name, bytes("once"), `${name}/1`);
    expect(await other.append(name, bytes("once"), `${name}/1`)).toBe(first);
    const next = await log.append(name, bytes("twice"), `${name}/2`);
    expect(next).toBeGreaterThan(first);
    expect((await take(log.read(name, 0), 2)).map(text)).toEqual(["once", "twice"]);
  });

  test("message id - counts for the whole stream, whatever the subject", async () => {
    const { log, subject } = context;
    const [one, two] = [subject("outbox"), subject("outbox")];
    const first = await log.append(one, bytes("x"), `${one}/id`);
    expect(await log.append(two, bytes("x"), `${one}/id`)).toBe(first);
    expect(await log.last(two)).toBeNull();
  });

  test("message id - records without one are never taken for repeats", async () => {
    const { log, subject } = context;
    const name = subject("in");
    await log.append(name, bytes("same"));
    await log.append(name, bytes("same"));
    expect(await take(log.read(name, 0), 2)).toHaveLength(2);
  });
}

function reading(context: Context): void {
  test("read - begins at the first record at or after the position, and keeps to max", async () => {
    const { log, subject } = context;
    const name = subject("work");
    const seqs: number[] = [];
    for (let index = 0; index < 10; index++) {
      seqs.push(await log.append(name, bytes(String(index))));
      await log.append(subject("work"), bytes("a neighbour, so that there are gaps"));
    }
    const exact = await take(log.read(name, seqs[4] ?? 0), 1);
    expect(text(exact[0])).toBe("4");
    const between = await take(log.read(name, (seqs[4] ?? 0) + 1), 1);
    expect(text(between[0])).toBe("5");
    const reader = log.read(name, 0);
    const got: string[] = [];
    while (got.length < 10) {
      const some = await reader.next(3);
      expect(some.length).toBeGreaterThan(0);
      expect(some.length).toBeLessThanOrEqual(3);
      got.push(...some.map(text));
    }
    expect(got.join("")).toBe("0123456789");
    await reader.close();
  });

  test("read - does not hold back what it has while it hopes for more", async () => {
    const { log, other, subject } = context;
    const name = subject("in");
    const sent = Array.from({ length: 150 }, (_, index) => `${index}`);
    for (const each of sent) {
      await log.append(name, bytes(each));
      await log.append(subject("in"), bytes("a neighbour"));
    }
    for (const fromSeq of [0, 1]) {
      const reader = other.read(name, fromSeq);
      const got: string[] = [];
      while (got.length < sent.length) got.push(...(await reader.next(256)).map(text));
      expect(got).toEqual(sent);
      await reader.close();
    }
  });

  test("read - two readers do not disturb each other", async () => {
    const { log, other, subject } = context;
    const name = subject("step.incident");
    const sent = Array.from({ length: 60 }, (_, index) => `${index}`);
    const ahead = log.read(name, 0);
    const behind = other.read(name, 0);
    for (const each of sent) await log.append(name, bytes(each));
    expect((await take(ahead, 60)).map(text)).toEqual(sent);
    expect((await take(behind, 60)).map(text)).toEqual(sent);
    await Promise.all([ahead.close(), behind.close()]);
  });
}

function waiting(context: Context): void {
  test("read - waits for a record that is not there yet", async () => {
    const { log, other, subject } = context;
    const name = subject("in");
    const reader = log.read(name, 0);
    const waiting = reader.next(10);
    await other.append(name, bytes("worth the wait"));
    expect((await waiting).map(text)).toEqual(["worth the wait"]);
    const again = reader.next(10);
    await other.append(name, bytes("and again"));
    expect((await again).map(text)).toEqual(["and again"]);
    await reader.close();
  });

  test("close - a waiting read ends empty, and so do later ones", async () => {
    const { log, subject } = context;
    const reader = log.read(subject("in"), 0);
    const waiting = reader.next(10);
    await reader.close();
    expect(await waiting).toEqual([]);
    expect(await reader.next(1)).toEqual([]);
  });
}

function purging(context: Context): void {
  test("purge - removes what lies before, keeps the rest, spares other subjects", async () => {
    const { log, subject } = context;
    const [name, neighbour] = [subject("in"), subject("in")];
    const seqs: number[] = [];
    for (const each of ["a", "b", "c", "d"]) {
      seqs.push(await log.append(name, bytes(each)));
      await log.append(neighbour, bytes(each));
    }
    await log.purge(name, seqs[2] ?? 0);
    expect((await take(log.read(name, 0), 2)).map(text)).toEqual(["c", "d"]);
    expect((await take(log.read(neighbour, 0), 4)).map(text)).toEqual(["a", "b", "c", "d"]);
    expect((await log.last(name))?.seq).toBe(seqs[3]);
    const more = await log.append(name, bytes("e"));
    expect(more).toBeGreaterThan(seqs[3] ?? Infinity);
  });

  test("purge - a purged position still fences", async () => {
    const { log, subject } = context;
    const name = subject("step.dedup");
    const first = await log.append(name, bytes("1"));
    const second = await log.append(name, bytes("2"));
    await log.purge(name, second);
    expect(await log.appendFenced(name, bytes("x"), first)).toEqual({ kind: "fenced" });
    expect((await log.appendFenced(name, bytes("3"), second)).kind).toBe("appended");
  });
}
