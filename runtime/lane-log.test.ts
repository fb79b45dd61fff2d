import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { inputSubject, laneSubject, lanesOf } from "../streams/subjects.ts";
import { bundleOf } from "./bundle.ts";
import { LaneLog } from "./lane-log.ts";
import { bufferedBytesMax, bufferedRecordsMax } from "./lane-reader.ts";
import type { Log, LogReader, LogRecord } from "./ports.ts";

/** One subject's records; it counts how many were handed out, to whomever. */
class MemoryLog {
  records: LogRecord[] = [];
  handedOut = 0;
  readers = 0;
  private seq = 0;
  private wakes = new Set<() => void>();

  append = async (subject: string, data: Uint8Array): Promise<number> => {
    expect(subject).toBe(laneSubject(0));
    this.seq += 1;
    this.records.push({ seq: this.seq, timeMs: this.seq * 10, data });
    for (const wake of [...this.wakes]) wake();
    return this.seq;
  };

  last = async (): Promise<LogRecord | null> => this.records.at(-1) ?? null;

  purge = async (subject: string, beforeSeq: number): Promise<void> => {
    expect(subject).toBe(laneSubject(0));
    this.records = this.records.filter(({ seq }) => seq >= beforeSeq);
  };

  read = (subject: string, fromSeq: number): LogReader => {
    expect(subject).toBe(laneSubject(0));
    this.readers += 1;
    let position = fromSeq;
    let isClosed = false;
    let wake = (): void => undefined;
    const ahead = (): LogRecord[] => this.records.filter(({ seq }) => seq >= position);
    const log = this;
    return {
      get waiting() {
        return ahead().length;
      },
      get positionSeq() {
        return position - 1;
      },
      async next(max) {
        while (ahead().length === 0 && !isClosed) {
          await new Promise<void>((resolve) => log.wakes.add((wake = resolve)));
          log.wakes.delete(wake);
        }
        if (isClosed) return [];
        const records = ahead().slice(0, max);
        position = (records.at(-1)?.seq ?? 0) + 1;
        log.handedOut += records.length;
        return records;
      },
      async close() {
        isClosed = true;
        log.readers -= 1;
        wake();
      },
    };
  };
}

const partitions = 3;
const subjectOf = (partition: number): string => inputSubject(partition, 1);
const text = (data: Uint8Array): string => Buffer.from(data).toString();
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

let memory: MemoryLog;
let log: LaneLog;

beforeEach(() => {
  memory = new MemoryLog();
  log = new LaneLog(memory as unknown as Log, lanesOf(partitions, 1));
});

/** A message with a section for each partition named. */
function send(texts: Record<number, string>): Promise<number> {
  const sections = Object.entries(texts).map(([partition, data]) => ({
    partition: Number(partition),
    data: Buffer.from(data),
  }));
  return memory.append(laneSubject(0), bundleOf(sections));
}

async function read(reader: LogReader, max = 100): Promise<string[]> {
  return (await reader.next(max)).map(({ seq, data }) => `${seq} ${text(data)}`);
}

describe("reading", () => {
  test("partitions of a lane get their own, and the lane is read once", async () => {
    const readers = [0, 1, 2].map((partition) => log.read(subjectOf(partition), 1));
    await send({ 0: "a", 2: "b" });
    await send({ 2: "c" });
    await log.append(subjectOf(1), Buffer.from("d"));
    await settle();
    expect(await read(readers[0] as LogReader)).toEqual(["1 a"]);
    expect(await read(readers[1] as LogReader)).toEqual(["3 d"]);
    expect(readers.map((reader) => reader.positionSeq)).toEqual([3, 3, 0]);
    expect(await read(readers[2] as LogReader, 1)).toEqual(["1 b"]);
    expect(readers[2]?.positionSeq).toBe(1);
    expect(await read(readers[2] as LogReader)).toEqual(["2 c"]);
    expect(memory).toMatchObject({ handedOut: 3, readers: 1 });
  });

  test("who asks for what has gone by gets it, and nobody gets anything twice", async () => {
    const first = log.read(subjectOf(0), 1);
    await send({ 0: "a", 1: "A" });
    await send({ 0: "b", 1: "B" });
    await settle();
    expect(await read(first)).toEqual(["1 a", "2 b"]);
    const late = log.read(subjectOf(1), 2);
    await send({ 0: "c", 1: "C" });
    await settle();
    expect(await read(late)).toEqual(["2 B", "3 C"]);
    expect(await read(first)).toEqual(["3 c"]);
    expect(memory.readers).toBe(1);
  });

  test("an end that holds nothing for the partition ends a bounded read", async () => {
    await send({ 1: "a" });
    await send({ 2: "b" });
    expect(await log.last(subjectOf(1))).toMatchObject({ seq: 2, data: new Uint8Array() });
    expect(await log.last(subjectOf(2))).toMatchObject({ data: new Uint8Array([98]) });
    const reader = log.read(subjectOf(1), 1);
    expect((await reader.next(1, 2)).map(({ data }) => text(data))).toEqual(["a"]);
    expect(await reader.next(1, 2)).toEqual([]);
    await reader.close();
    expect(memory.readers).toBe(0);
  });

  test("what is no bundle goes to the lane's first partition as it is", async () => {
    const [first, second] = [0, 1].map((partition) => log.read(subjectOf(partition), 1));
    await memory.append(laneSubject(0), Buffer.from("nonsense"));
    await send({ 1: "sense" });
    await settle();
    expect(await read(first as LogReader)).toEqual(["1 nonsense"]);
    expect(await read(second as LogReader)).toEqual(["2 sense"]);
  });

  test("a partition that does not read on stops the lane, until it does or goes", async () => {
    const slow = log.read(subjectOf(0), 1);
    const quick = log.read(subjectOf(1), 1);
    for (let n = 0; n < 2 * bufferedRecordsMax; n += 1) await send({ 0: "x" });
    await send({ 1: "end" });
    await settle();
    expect(memory.handedOut).toBeLessThan(bufferedRecordsMax + 64);
    for (let taken = 0; taken < bufferedRecordsMax / 2 + 64; ) {
      taken += (await slow.next(64)).length;
    }
    await settle();
    expect(memory.handedOut).toBeGreaterThan(bufferedRecordsMax + 64);
    expect(memory.handedOut).toBeLessThan(2 * bufferedRecordsMax);
    await slow.close();
    expect(await read(quick)).toEqual([`${2 * bufferedRecordsMax + 1} end`]);
  });

  test("a small part of large messages counts as what it keeps in memory", async () => {
    const small = log.read(subjectOf(0), 1);
    const large = log.read(subjectOf(1), 1);
    const messages = Math.ceil((2 * bufferedBytesMax) / 1_000_000);
    for (let n = 0; n < messages; n += 1) await send({ 0: "x", 1: "y".repeat(1_000_000) });
    await large.next(messages);
    await settle();
    expect(small.waiting).toBe(messages);
    expect(memory.handedOut).toBeLessThan(messages);
    for (let taken = 0; taken < messages; ) {
      taken += (await small.next(5)).length;
      void large.next(5);
      await settle();
    }
    expect(memory.handedOut).toBe(messages);
  });

  test("closing ends a read that waits", async () => {
    const reader = log.read(subjectOf(0), 1);
    const waiting = reader.next(1);
    await reader.close();
    expect(await waiting).toEqual([]);
    expect(await reader.next(1)).toEqual([]);
  });
});

describe("purging", () => {
  const left = (): number[] => memory.records.map(({ seq }) => seq);

  test("a message goes when no partition needs it any more", async () => {
    for (const partition of [0, 1, 2]) log.read(subjectOf(partition), 1);
    await send({ 0: "a", 1: "a", 2: "a" });
    await send({ 0: "b", 1: "b" });
    await settle();
    await log.purge(subjectOf(0), 3);
    await log.purge(subjectOf(1), 2);
    expect(left()).toEqual([1, 2]);
    await log.purge(subjectOf(2), 2);
    expect(left()).toEqual([2]);
  });

  test("a quiet partition whose input is covered does not keep that of the others", async () => {
    for (const partition of [0, 1, 2]) log.read(subjectOf(partition), 1);
    await send({ 0: "a", 1: "a", 2: "a" });
    for (const partition of [0, 1, 2]) await log.purge(subjectOf(partition), 2);
    for (let n = 0; n < 5; n += 1) await send({ 0: "b" });
    await settle();
    await log.purge(subjectOf(0), 5);
    expect(left()).toEqual([5, 6]);
    await send({ 1: "c" });
    await send({ 0: "d" });
    await settle();
    await log.purge(subjectOf(0), 9);
    // Partition 1 has something at 7 that is not covered, and says no more than that.
    expect(left()).toEqual([5, 6, 7, 8]);
  });

  test("one that has not said anything keeps everything", async () => {
    for (const partition of [0, 1, 2]) log.read(subjectOf(partition), 1);
    await send({ 0: "a" });
    await settle();
    await log.purge(subjectOf(0), 2);
    await log.purge(subjectOf(1), 2);
    expect(left()).toEqual([1]);
  });
});

test("whatever is read anew, covered and sent: each partition gets its own in order", async () => {
  const action = fc.oneof(
    ...[
      { weight: 6, kind: "send", toMax: 7 },
      { weight: 3, kind: "take", toMax: 2 },
      { weight: 1, kind: "crash", toMax: 2 },
      { weight: 2, kind: "cover", toMax: 2 },
    ].map(({ weight, kind, toMax }) => ({
      weight,
      arbitrary: fc.record({ kind: fc.constant(kind), to: fc.nat(toMax) }),
    })),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(action, { minLength: 40, maxLength: 120 }), async (actions) => {
      const world = new MemoryLog();
      const lanes = new LaneLog(world as unknown as Log, lanesOf(partitions, 1));
      const sent: number[][] = [[], [], []];
      const owners = [0, 1, 2].map((partition) => ({
        partition,
        covered: 0,
        seen: [] as number[],
        reader: lanes.read(subjectOf(partition), 1),
      }));
      const take = async (owner: (typeof owners)[number], end: number): Promise<void> => {
        for (const { seq } of await owner.reader.next(2, end)) owner.seen.push(seq);
      };
      for (const { kind, to } of actions) {
        const owner = owners[to] as (typeof owners)[number];
        if (kind === "send") {
          const of = [0, 1, 2].filter((partition) => ((to >> partition) & 1) === 1);
          const bundle = bundleOf(of.map((partition) => ({ partition, data: new Uint8Array(1) })));
          const seq = await world.append(laneSubject(0), bundle);
          for (const partition of of) sent[partition]?.push(seq);
        } else if (kind === "take") {
          const end = await world.last();
          if (end !== null) await take(owner, end.seq);
        } else if (kind === "crash") {
          await owner.reader.close();
          owner.seen = owner.seen.filter((seq) => seq <= owner.covered);
          owner.reader = lanes.read(subjectOf(to), owner.covered + 1);
        } else {
          owner.covered = owner.seen.at(-1) ?? owner.covered;
          await lanes.purge(subjectOf(to), owner.covered + 1);
        }
      }
      const end = await world.append(laneSubject(0), bundleOf([]));
      for (const owner of owners) {
        const all = sent[owner.partition] as number[];
        while (owner.seen.length < all.length) {
          const before = owner.seen.length;
          await take(owner, end);
          expect(owner.seen.length).toBeGreaterThan(before);
        }
        expect(owner.seen).toEqual(all);
        await owner.reader.close();
      }
    }),
    { numRuns: 300 },
  );
});
