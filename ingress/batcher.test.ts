import { describe, expect, test, vi } from "vitest";
import { MemoryLog } from "../testing/ingress-door.ts";
import { Batcher, type BatchLimits } from "./batcher.ts";
import { Ticket } from "./ticket.ts";

const head = { flags: 0, high: 1, low: 2, contentHash: 3, startsAtMs: 4, endsAtMs: 5 };

function setUp(limits: Partial<BatchLimits> = {}, lanes = 4) {
  const log = new MemoryLog();
  const sent: number[] = [];
  const batcher = new Batcher(
    { partitions: 4, lanes },
    (lane, bundle) => {
      sent.push(bundle.length);
      return log.publishBundle(lane, bundle);
    },
    limits,
  );
  const add = (partition: number, text: string, ticket = new Ticket()): Ticket => {
    const bytes = Buffer.from(text);
    batcher.alert(ticket, partition, 1000, head, bytes, 0, bytes.length);
    return ticket;
  };
  return { log, batcher, add, sent };
}

const settled = (ticket: Ticket): Promise<void> =>
  new Promise((resolve) => ticket.close(resolve));

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A log that answers nothing until it is told to. */
function gated(log: MemoryLog): () => void {
  let open: () => void = () => undefined;
  log.gate = new Promise((resolve) => (open = resolve));
  return open;
}

describe("packing", () => {
  test("what arrives in one turn shares a message for each lane, in order", async () => {
    const { log, add } = setUp();
    const tickets = [add(0, "a"), add(1, "b"), add(0, "c")];
    await Promise.all(tickets.map((ticket) => settled(ticket)));
    expect(log.frames).toBe(2);
    expect(log.records.map(({ partition, payload }) => [partition, payload])).toEqual([
      [0, "a"],
      [0, "c"],
      [1, "b"],
    ]);
  });

  test("a message that reaches its target leaves at once; none exceeds the maximum", async () => {
    const { batcher, add, sent } = setUp({ frameBytesTarget: 1000, frameBytesMax: 1500 });
    const tickets = Array.from({ length: 30 }, (_, n) => add(0, String(n).padEnd(300, ".")));
    tickets.push(add(0, "x".repeat(900)), add(0, "y".repeat(1400)));
    expect(sent.length).toBeGreaterThan(5);
    await Promise.all(tickets.map((ticket) => settled(ticket)));
    expect(Math.max(...sent)).toBeLessThanOrEqual(1500);
    expect(batcher.pendingBytes).toBe(0);
  });

  test("while frames are on their way, alerts gather until the linger is over", async () => {
    const { log, add } = setUp({ lingerMs: 30 });
    const open = gated(log);
    const first = settled(add(0, "first"));
    await turn();
    const later: Promise<void>[] = [];
    for (let n = 0; n < 5; n += 1) {
      later.push(settled(add(0, `later ${n}`)));
      await turn();
    }
    open();
    await Promise.all([first, ...later]);
    expect(log.records.map(({ payload }) => payload)).toEqual(
      ["first", "later 0", "later 1", "later 2", "later 3", "later 4"],
    );
    expect(log.frames).toBe(2);
  });

  /**
   * So many requests leave and are stored, then others come within the linger, turn by turn, and
   * what leaves stays under way. @returns how many messages had left after each turn, and after
   * the linger.
   */
  async function leftWithinLinger(stored: number, turns: number[]): Promise<number[]> {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    try {
      const { add, batcher, log, sent } = setUp({ lingerMs: 10 }, 1);
      const come = (count: number): Promise<void>[] =>
        Array.from({ length: count }, () => settled(add(0, "a")));
      await Promise.all(come(stored));
      const open = gated(log);
      const counts: number[] = [];
      const tickets: Promise<void>[] = [];
      for (const count of turns) {
        tickets.push(...come(count));
        await turn();
        counts.push(batcher.framesSent - 1);
      }
      vi.advanceTimersByTime(10);
      await turn();
      counts.push(batcher.framesSent - 1);
      open();
      await Promise.all(tickets);
      expect(log.records).toHaveLength(stored + turns.reduce((sum, count) => sum + count));
      expect(sent).toHaveLength(batcher.framesSent);
      return counts;
    } finally {
      vi.useRealTimers();
    }
  }

  test("within the linger few requests gather, though nobody else is there", async () => {
    expect(await leftWithinLinger(1, [7])).toEqual([0, 1]);
  });

  test("many requests of one turn leave at its end where nothing is on its way", async () => {
    expect(await leftWithinLinger(1, [8, 1])).toEqual([1, 1, 2]);
    expect(await leftWithinLinger(100, [8])).toEqual([1, 1]);
  });

  test("within the linger they leave once most of those there are have come", async () => {
    expect(await leftWithinLinger(1, [30, 20, 6, 1])).toEqual([1, 1, 1, 2, 2]);
    expect(await leftWithinLinger(1, [30, 20, 6])).toEqual([1, 1, 1, 2]);
  });

  test("of a crowd that went away others need not wait for the linger for ever", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    try {
      const { add, batcher, log } = setUp({ lingerMs: 10 }, 1);
      const come = (count: number): Promise<void[]> =>
        Promise.all(Array.from({ length: count }, () => settled(add(0, "a"))));
      await come(200);
      let lingers = 0;
      for (let nth = 0; nth < 50; nth += 1) {
        const open = gated(log);
        const first = come(8);
        await turn();
        const sent = batcher.framesSent;
        const second = come(80);
        await turn();
        if (batcher.framesSent === sent) {
          lingers += 1;
          vi.advanceTimersByTime(10);
        }
        open();
        await Promise.all([first, second]);
      }
      expect(lingers).toBeGreaterThan(4);
      expect(lingers).toBeLessThan(20);
    } finally {
      vi.useRealTimers();
    }
  });

  test("partitions of one lane share a message, in the order of each", async () => {
    const { log, add } = setUp({}, 1);
    const tickets = [add(0, "a"), add(3, "b"), add(0, "c"), add(1, "d")];
    await Promise.all(tickets.map((ticket) => settled(ticket)));
    expect(log.frames).toBe(1);
    expect(log.records.map(({ partition, payload }) => [partition, payload])).toEqual([
      [0, "a"],
      [0, "c"],
      [3, "b"],
      [1, "d"],
    ]);
  });

  test("a message of many partitions does not exceed the maximum either", async () => {
    const { log, add, sent } = setUp({ frameBytesTarget: 1000, frameBytesMax: 1500 }, 2);
    const tickets = Array.from({ length: 90 }, (_, n) => add(n % 4, "x".repeat(n * 15)));
    await Promise.all(tickets.map((ticket) => settled(ticket)));
    expect(Math.max(...sent)).toBeLessThanOrEqual(1500);
    expect(log.records).toHaveLength(90);
  });
});

describe("limits", () => {
  test("the window of frames is kept, and everything still leaves", async () => {
    const { log, batcher, add } = setUp({ framesInFlightMax: 2, frameBytesTarget: 100 });
    const open = gated(log);
    const tickets = Array.from({ length: 40 }, (_, n) => add(n % 4, `${n}`.padEnd(90, ".")));
    tickets.push(add(3, "small"));
    expect(batcher.inFlight).toBe(2);
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(batcher.inFlight).toBe(2);
    open();
    await Promise.all(tickets.map((ticket) => settled(ticket)));
    expect(log.records).toHaveLength(41);
    expect(batcher).toMatchObject({ inFlight: 0, pendingBytes: 0 });
  });

  test("beyond the pending bytes no request is admitted, unless nothing is pending", async () => {
    const { log, batcher, add } = setUp({ pendingBytesMax: 1000 });
    expect(batcher.admits(5000)).toBe(true);
    const open = gated(log);
    const ticket = add(0, "x".repeat(600));
    expect(batcher.admits(300)).toBe(true);
    expect(batcher.admits(400)).toBe(false);
    open();
    await settled(ticket);
    expect(batcher.admits(400)).toBe(true);
  });
});

test("a frame's failure reaches every request in it, and no other", async () => {
  const { log, batcher, add } = setUp();
  log.refusal = new Error("log is full");
  const shared = new Ticket();
  add(0, "a", shared);
  add(1, "b", shared);
  const other = add(0, "c");
  await Promise.all([settled(shared), settled(other)]);
  expect(shared.failure).toBe(log.refusal);
  expect(other.failure).toBe(log.refusal);
  expect(batcher.framesFailed).toBe(2);
  log.refusal = null;
  const later = add(0, "d");
  await settled(later);
  expect(later.failure).toBeNull();
});

test("a request waits for all of its frames", async () => {
  const { log, add } = setUp();
  const open = gated(log);
  const ticket = new Ticket();
  add(0, "a", ticket);
  add(1, "b", ticket);
  let isSettled = false;
  const wait = settled(ticket).then(() => (isSettled = true));
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(isSettled).toBe(false);
  open();
  await wait;
  expect(log.records).toHaveLength(2);
});

test("drained resolves when nothing is open or on its way", async () => {
  const { log, batcher, add } = setUp();
  await batcher.drained();
  add(2, "a");
  await batcher.drained();
  expect(log.records).toHaveLength(1);
});
