import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { codec } from "../streams/codec.ts";
import { dedupContents } from "../testing/dedup-contents.ts";
import { buildFrame, referenceTo } from "../testing/frame-builder.ts";
import type { AlertRecord, RejectionRecord } from "../testing/frame-builder.ts";
import { DedupStage } from "./dedup-stage.ts";
import type { LogRecord } from "./ports.ts";
import type { DedupOutput } from "./step.ts";

const settings = { seed: 4711, numRuns: 200 };

/** Few fingerprints (two of them with equal upper halves), few contents, times that collide. */
const alert: fc.Arbitrary<AlertRecord> = fc
  .record({
    fingerprint: fc.constantFrom("0000000000000001", "00000000f0000002", "f000000000000001"),
    contentHash: fc.constantFrom(1, 2 ** 31 + 7),
    startsAtMs: fc.integer({ min: 0, max: 400 }),
    endsAtMs: fc.integer({ min: 0, max: 700 }),
    endsByTimeout: fc.boolean(),
  })
  .map((head) => ({
    ...head,
    payload: {
      labels: { alertname: `a${head.fingerprint}`, tenant: head.fingerprint.slice(0, 1) },
      annotations: { summary: `Inhalt № ${head.contentHash}` },
    },
  }));

/** Now and then a repeat without content, also of an alert that never had one. */
const anyAlert = fc.oneof({ weight: 3, arbitrary: alert }, alert.map(referenceTo));

const rejection: fc.Arbitrary<RejectionRecord> = fc.record({
  rejected: fc.record({ reason: fc.constantFrom("r", "s"), detail: fc.constant("d") }),
  count: fc.integer({ min: 1, max: 5 }),
});

const recordData = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .array(fc.oneof({ weight: 8, arbitrary: anyAlert }, rejection), { maxLength: 6 })
      .map((records) => buildFrame(0, records)),
  },
  fc.constant(codec.encode({ kind: "wake" })),
  fc.integer({ min: 1, max: 3 }).map((n) =>
    codec.encode({
      kind: "config",
      config: {
        hash: `c${n}`,
        rollupFirstMs: 20 * n,
        rollupMaxMs: 50 * n,
        domainBy: n === 2 ? [["alertname"]] : [["tenant"]],
      },
    }),
  ),
);

/** A partition's input; now and then the log's time steps back. */
const log: fc.Arbitrary<LogRecord[]> = fc
  .array(fc.record({ data: recordData, afterMs: fc.integer({ min: -15, max: 60 }) }), {
    maxLength: 40,
  })
  .map((records) => {
    let timeMs = 50;
    return records.map(({ data, afterMs }, index) => {
      timeMs += afterMs;
      return { seq: index + 1, timeMs, data };
    });
  });

const newStage = () => new DedupStage({ codec, config: null });

function feed(stage: DedupStage, records: LogRecord[]): DedupOutput[] {
  const outputs: DedupOutput[] = [];
  const emit = (output: DedupOutput) => outputs.push(output);
  for (const { seq, timeMs, data } of records) {
    stage.advance(timeMs, emit);
    stage.apply(data, { seq, timeMs }, emit);
  }
  return outputs;
}

function pendingOf(stage: DedupStage): number {
  return dedupContents(stage).alerts.reduce((sum, { state }) => sum + state.pending, 0);
}

describe("any input", () => {
  test("gives the same outputs and the same memory each time", () => {
    fc.assert(
      fc.property(log, (records) => {
        const [first, second] = [newStage(), newStage()];
        const outputs = feed(first, records);
        expect(feed(second, records)).toEqual(outputs);
        const toldAtMs = outputs.map(({ event }) => event.atMs);
        expect(toldAtMs).toEqual(toldAtMs.toSorted((a, b) => a - b));
        expect(dedupContents(first)).toEqual(dedupContents(second));
      }),
      settings,
    );
  });

  test("a snapshot and the rest of the log give what the whole log gives", () => {
    fc.assert(
      fc.property(log, fc.nat({ max: 40 }), (records, cut) => {
        const whole = newStage();
        const head = newStage();
        const wholeHead = feed(whole, records.slice(0, cut));
        expect(feed(head, records.slice(0, cut))).toEqual(wholeHead);
        const tail = newStage();
        tail.restore(codec.decode(codec.encode(head.snapshot())));
        expect(tail.nextWakeAtMs()).toBe(whole.nextWakeAtMs());
        expect(tail.counters()).toEqual(whole.counters());
        expect(feed(tail, records.slice(cut))).toEqual(feed(whole, records.slice(cut)));
        expect(dedupContents(tail)).toEqual(dedupContents(whole));
        expect(tail.nextWakeAtMs()).toBe(whole.nextWakeAtMs());
      }),
      settings,
    );
  });

  test("keeps each content once, and none that nobody can ask for", () => {
    fc.assert(
      fc.property(log, (records) => {
        const stage = newStage();
        feed(stage, records);
        const { alerts, ended, blocks } = dedupContents(stage);
        expect(blocks).toBe(alerts.length + ended.length);
        if (blocks === 0) expect(stage.packedBytes).toBe(0);
        for (const { fingerprint, payload } of alerts) {
          expect(JSON.parse(payload).labels.alertname).toBe(`a${fingerprint}`);
        }
      }),
      settings,
    );
  });

  test("accounts for each alert once, in the counters and in the events", () => {
    fc.assert(
      fc.property(log, (records) => {
        const stage = newStage();
        let told = 0;
        for (const record of records) {
          for (const { event } of feed(stage, [record])) told += event.received;
          const { received, ...others } = stage.counters();
          expect(told + pendingOf(stage)).toBe(received);
          expect(Object.values(others).reduce((sum, count) => sum + count)).toBe(received);
        }
      }),
      settings,
    );
  });

  test("wakes in between change nothing", () => {
    const wakeTimes = fc.array(fc.integer({ min: 0, max: 1_500 }), { maxLength: 20 });
    fc.assert(
      fc.property(log, wakeTimes, (records, times) => {
        const inOrder = records.toSorted((a, b) => a.timeMs - b.timeMs);
        const lastMs = inOrder.at(-1)?.timeMs ?? 0;
        const wakes = times
          .filter((timeMs) => timeMs <= lastMs)
          .map((timeMs) => ({ seq: 0, timeMs, data: codec.encode({ kind: "wake" }) }));
        const woken = [...wakes, ...inOrder].sort((a, b) => a.timeMs - b.timeMs);
        const [quiet, noisy] = [newStage(), newStage()];
        const outputs = feed(quiet, inOrder);
        expect(feed(noisy, woken)).toEqual(outputs);
        expect(dedupContents(noisy)).toEqual(dedupContents(quiet));
      }),
      settings,
    );
  });

  test("waking at each deadline tells what one late wake tells", () => {
    fc.assert(
      fc.property(log, (records) => {
        const [punctual, late] = [newStage(), newStage()];
        feed(punctual, records);
        feed(late, records);
        const wake = (timeMs: number): LogRecord[] => [
          { seq: 1_000, timeMs, data: codec.encode({ kind: "wake" }) },
        ];
        const told: DedupOutput[] = [];
        for (;;) {
          const wakeAtMs = punctual.nextWakeAtMs();
          if (wakeAtMs === null) break;
          expect(feed(punctual, wake(wakeAtMs))).toEqual([]);
          const due = feed(punctual, wake(wakeAtMs + 1));
          expect(due.length).toBeGreaterThan(0);
          told.push(...due);
        }
        expect(feed(late, wake(100_000))).toEqual(told);
        expect(punctual.size + late.size).toBe(0);
        expect(late.nextWakeAtMs()).toBeNull();
      }),
      settings,
    );
  });

  test("a frame that is replayed opens nothing twice and keeps the account", () => {
    fc.assert(
      fc.property(fc.array(alert, { maxLength: 8 }), (records) => {
        const stage = newStage();
        const frame = { seq: 1, timeMs: 100, data: buildFrame(0, records) };
        feed(stage, [frame]);
        const firing = stage.size;
        const again = feed(stage, [frame]);
        const opened = again.filter(({ event }) => event.kind === "opened").length;
        const ended = records.some(({ endsAtMs }) => endsAtMs <= 100);
        if (!ended) expect(opened).toBe(0);
        expect(stage.size).toBe(firing);
        expect(stage.counters().received).toBe(2 * records.length);
      }),
      settings,
    );
  });
});
