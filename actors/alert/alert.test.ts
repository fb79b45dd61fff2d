import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { initial, nextWakeAtMs, rollupRepeatsMin, transition } from "./alert.ts";
import type { AlertEffect, AlertInput, AlertState, ReceivedAlert } from "./alert.ts";

const minuteMs = 60_000;
const timeoutMs = 5 * minuteMs;

/** One alert and its clock: `at` moves the clock, then what happens and what must come of it. */
class Story {
  state: AlertState = initial({ firstMs: minuteMs, maxMs: 4 * minuteMs });
  nowMs = 0;
  #effects: readonly AlertEffect[] = [];

  at(nowMs: number): this {
    this.nowMs = nowMs;
    return this;
  }

  received(alert: Partial<ReceivedAlert> = {}): this {
    return this.#apply({
      kind: "received",
      startsAtMs: 0,
      endsAtMs: this.nowMs + timeoutMs,
      endsByTimeout: true,
      contentHash: 1,
      ...alert,
    });
  }

  woken(): this {
    return this.#apply({ kind: "wake" });
  }

  then(...expected: object[]): this {
    expect(this.#effects).toMatchObject(expected);
    expect(this.#effects.every((effect) => effect.atMs === this.nowMs)).toBe(true);
    return this;
  }

  thenNothing(): this {
    return this.then();
  }

  nextWake(expectedMs: number | null): this {
    expect(nextWakeAtMs(this.state)).toBe(expectedMs);
    return this;
  }

  #apply(input: AlertInput): this {
    const { state, effects } = transition(this.state, input, this.nowMs);
    this.state = state;
    this.#effects = effects;
    return this;
  }
}

describe("an alert's occurrence", () => {
  test("opens, is repeated in silence and ends when nobody repeats it", () => {
    new Story()
      .at(0).received().then({ kind: "opened", received: 1, endsAtMs: timeoutMs })
      .nextWake(timeoutMs)
      .at(30_000).received().thenNothing().nextWake(minuteMs)
      .at(60_000).woken().thenNothing()
      .at(60_001).woken()
      .then({ kind: "refreshed", received: 1, fromMs: 30_000, endsAtMs: 330_000 })
      .nextWake(330_000)
      .at(330_000).woken().thenNothing()
      .at(330_001).woken()
      .then({ kind: "resolved", by: "end time", received: 0, endedAtMs: 330_000, total: 2 })
      .nextWake(null)
      .at(330_002).woken().thenNothing();
  });

  test("a repeat at exactly the end deadline still belongs to it", () => {
    new Story()
      .at(0).received().then({ kind: "opened" })
      .at(timeoutMs).received().thenNothing()
      .at(timeoutMs).woken().thenNothing()
      .nextWake(timeoutMs + minuteMs);
  });

  test("a repeat one millisecond later opens anew, even when the wake was late", () => {
    const story = new Story().at(0).received().at(1_000).received();
    story.at(1_000 + timeoutMs + 1).received().then(
      { kind: "refreshed", received: 1 },
      { kind: "resolved", by: "end time", received: 0, total: 2 },
      { kind: "opened", received: 1 },
    );
    story.woken().thenNothing().nextWake(1_000 + timeoutMs + 1 + timeoutMs);
  });

  test("the sender ends it; what is pending is told first", () => {
    new Story()
      .at(0).received().at(10_000).received().at(20_000).received()
      .at(25_000).received({ endsAtMs: 24_000, endsByTimeout: false })
      .then(
        { kind: "refreshed", received: 2, fromMs: 10_000 },
        { kind: "resolved", by: "sender", received: 1, endedAtMs: 24_000, total: 4 },
      )
      .nextWake(null);
  });

  test("an end time that is now has been reached", () => {
    new Story().at(0).received().at(9).received({ endsAtMs: 9 })
      .then({ kind: "resolved", by: "sender", endedAtMs: 9, total: 2 });
    new Story().at(9).received({ endsAtMs: 9 })
      .then({ kind: "resolved", by: "unmatched", received: 1, endedAtMs: 9, total: 1 })
      .nextWake(null)
      .at(9).received({ endsAtMs: 10 }).then({ kind: "opened" });
  });

  test("of two end times that were both reached the later one holds", () => {
    new Story().at(0).received({ endsAtMs: 9 }).at(9).received({ endsAtMs: 5 })
      .then({ kind: "resolved", by: "sender", endedAtMs: 9 });
  });

  test("other content is told at once, after what was pending", () => {
    new Story()
      .at(0).received().at(10_000).received()
      .at(20_000).received({ contentHash: 2, startsAtMs: -5 })
      .then(
        { kind: "refreshed", received: 1, fromMs: 10_000, endsAtMs: 310_000 },
        { kind: "changed", received: 1, startsAtMs: -5, endsAtMs: 320_000 },
      )
      .at(21_000).received({ contentHash: 2 }).thenNothing()
      .at(22_000).received().then({ kind: "refreshed" }, { kind: "changed", startsAtMs: -5 });
  });
});

describe("roll-ups", () => {
  test("the window doubles with each one, up to the maximum", () => {
    const story = new Story().at(0).received();
    const windowsMs: number[] = [];
    for (let nowMs = 1_000; windowsMs.length < 5; nowMs += 1_000) {
      const dueMs = nextWakeAtMs(story.state) ?? 0;
      if (dueMs < nowMs) {
        story.at(dueMs + 1).woken().then({ kind: "refreshed" });
        windowsMs.push(Math.round(dueMs / minuteMs));
      }
      story.at(nowMs).received().thenNothing();
    }
    expect(windowsMs).toEqual([1, 3, 7, 11, 15]);
  });

  test("a window without repeats says nothing; the next begins with its first repeat", () => {
    new Story()
      .at(0).received({ endsAtMs: 60 * minuteMs })
      .nextWake(60 * minuteMs)
      .at(10 * minuteMs).woken().thenNothing()
      .at(20 * minuteMs).received({ endsAtMs: 60 * minuteMs }).thenNothing()
      .nextWake(21 * minuteMs)
      .at(21 * minuteMs + 1).woken()
      .then({ kind: "refreshed", received: 1, fromMs: 20 * minuteMs });
  });

  test("few repeats after the first window wait for more, none longer than the maximum", () => {
    const endsAtMs = 60 * minuteMs;
    new Story()
      .at(0).received({ endsAtMs })
      .at(1_000).received({ endsAtMs }).nextWake(minuteMs)
      .at(minuteMs + 1).woken().then({ kind: "refreshed", received: 1 })
      .at(2 * minuteMs).received({ endsAtMs }).thenNothing()
      .nextWake(6 * minuteMs)
      .at(4 * minuteMs).woken().thenNothing()
      .at(5 * minuteMs).received({ endsAtMs }).thenNothing()
      .at(6 * minuteMs + 1).woken()
      .then({ kind: "refreshed", received: 2, fromMs: 2 * minuteMs });
  });

  test("enough repeats are told of at the window's end, or as soon as there are enough", () => {
    const endsAtMs = 60 * minuteMs;
    const story = new Story()
      .at(0).received({ endsAtMs })
      .at(1_000).received({ endsAtMs })
      .at(minuteMs + 1).woken().then({ kind: "refreshed", received: 1 });
    for (let n = 0; n < rollupRepeatsMin; n += 1) story.at(2 * minuteMs).received({ endsAtMs });
    story.nextWake(3 * minuteMs + 1)
      .at(3 * minuteMs + 2).woken().then({ kind: "refreshed", received: rollupRepeatsMin });
    for (let n = 1; n < rollupRepeatsMin; n += 1) story.at(4 * minuteMs).received({ endsAtMs });
    story.nextWake(8 * minuteMs)
      .at(7.5 * minuteMs).received({ endsAtMs }).thenNothing().nextWake(7.5 * minuteMs)
      .at(7.5 * minuteMs + 1).woken().then({ kind: "refreshed", received: rollupRepeatsMin });
  });

  test("an end before the window's end is the next wake, and tells what is pending", () => {
    new Story()
      .at(0).received({ endsAtMs: 20_000 }).at(5_000).received({ endsAtMs: 20_000 })
      .nextWake(20_000)
      .at(20_001).woken()
      .then({ kind: "refreshed", received: 1 }, { kind: "resolved", by: "end time" });
  });
});

describe("end times of repeats", () => {
  const cases = [
    { name: "timeout after timeout", old: [100, true], repeat: [200, true], endsAtMs: 200 },
    { name: "earlier timeout after timeout", old: [200, true], repeat: [100, true], endsAtMs: 100 },
    { name: "timeout before a given end", old: [200, false], repeat: [100, true], endsAtMs: 200 },
    { name: "timeout after a given end", old: [100, false], repeat: [200, true], endsAtMs: 200 },
    { name: "given end after a timeout", old: [200, true], repeat: [100, false], endsAtMs: 100 },
    { name: "later given end", old: [100, false], repeat: [200, false], endsAtMs: 200 },
    { name: "earlier given end", old: [200, false], repeat: [100, false], endsAtMs: 200 },
  ] as const;
  test.each(cases)("$name", ({ old, repeat, endsAtMs }) => {
    new Story()
      .at(0).received({ endsAtMs: old[0], endsByTimeout: old[1] })
      .at(1).received({ endsAtMs: repeat[0], endsByTimeout: repeat[1] })
      .nextWake(endsAtMs);
  });

  test("a given end that was kept yields to the second repeat without one", () => {
    new Story()
      .at(0).received({ endsAtMs: 900, endsByTimeout: false })
      .at(1).received({ endsAtMs: 301 }).nextWake(900)
      .at(2).received({ endsAtMs: 302 }).nextWake(302);
  });
});

describe("any history of one alert", () => {
  const received = fc.record({
    kind: fc.constant("received" as const),
    startsAtMs: fc.integer({ min: -50, max: 50 }),
    endsAtMs: fc.integer({ min: 0, max: 400 }),
    endsByTimeout: fc.boolean(),
    contentHash: fc.integer({ min: 1, max: 2 }),
  });
  const history = fc.array(
    fc.record({
      input: fc.oneof({ weight: 4, arbitrary: received }, fc.constant({ kind: "wake" as const })),
      afterMs: fc.integer({ min: 0, max: 40 }),
    }),
    { maxLength: 60 },
  );

  test("counts each received alert once, and waits for nothing once it has ended", () => {
    fc.assert(
      fc.property(history, (steps) => {
        let state = initial({ firstMs: 10, maxMs: 40 });
        let nowMs = 0;
        let count = 0;
        let told = 0;
        for (const { input, afterMs } of steps) {
          nowMs += afterMs;
          if (input.kind === "received") count += 1;
          const result = transition(state, input, nowMs);
          state = result.state;
          for (const effect of result.effects) told += effect.received;
          expect(told + (state.kind === "firing" ? state.pending : 0)).toBe(count);
          expect(nextWakeAtMs(state) === null).toBe(state.kind === "idle");
        }
        const end = transition(state, { kind: "wake" }, 10_000);
        for (const effect of end.effects) told += effect.received;
        expect(told).toBe(count);
        expect(nextWakeAtMs(end.state)).toBeNull();
      }),
      { seed: 4711, numRuns: 500 },
    );
  });

  test("early and repeated wakes change nothing", () => {
    fc.assert(
      fc.property(history, (steps) => {
        const run = (extraWakes: number) => {
          let state = initial({ firstMs: 10, maxMs: 40 });
          let nowMs = 0;
          const told: AlertEffect[] = [];
          const apply = (input: AlertInput) => {
            const result = transition(state, input, nowMs);
            state = result.state;
            told.push(...result.effects);
          };
          for (const { input, afterMs } of steps) {
            nowMs += afterMs;
            apply({ kind: "wake" });
            for (let i = 0; i < extraWakes; i++) apply({ kind: "wake" });
            apply(input);
            for (let i = 0; i < extraWakes; i++) apply({ kind: "wake" });
          }
          return { state, told };
        };
        expect(run(2)).toEqual(run(0));
      }),
      { seed: 4711, numRuns: 300 },
    );
  });
});
