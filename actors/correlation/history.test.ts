import { describe, expect, test } from "vitest";
import { History, kindsMax } from "./history.ts";
import { partnersMax } from "./kinds.ts";

const [minute, hour, day] = [60_000, 3_600_000, 86_400_000];

function history(): History {
  return new History(5 * minute);
}

const of = (service: string, alertname = "Down", tenant = "t") => ({
  ...{ tenant, environment: "e", service, alertname },
});

/** They begin a minute apart, so many days. */
function together(learnt: History, days: number, ...services: string[]): void {
  for (let n = 0; n < days; n += 1) {
    services.forEach((service, at) => learnt.learn(of(service), n * day + at * minute));
  }
}

describe("what begins together", () => {
  test("is learnt from the third time on, both ways", () => {
    const learnt = history();
    together(learnt, 2, "a", "b");
    expect(learnt.partnersOf(of("b"), 2 * day)).toEqual([]);
    learnt.learn(of("a"), 3 * day);
    learnt.learn(of("b"), 3 * day + minute);
    // Counts have faded a little since: three times are not quite three any more.
    learnt.learn(of("a"), 4 * day);
    learnt.learn(of("b"), 4 * day + minute);
    const at = 5 * day;
    const expected = { service: "a", alertname: "Down", times: expect.closeTo(3.4, 0) as number };
    expect(learnt.partnersOf(of("b"), at)).toMatchObject([expected]);
    expect(learnt.partnersOf(of("a"), at)).toMatchObject([{ service: "b" }]);
    expect(learnt.partnersOf(of("b"), at)[0]?.lift).toBeGreaterThan(50);
    expect(learnt.partnersOf(of("c"), at)).toEqual([]);
  });

  test("not what is there all the time anyway", () => {
    const learnt = history();
    for (let n = 0; n < 400; n += 1) {
      learnt.learn(of("noisy"), n * 10 * minute);
      if (n % 40 === 0) learnt.learn(of("rare"), n * 10 * minute + minute);
    }
    expect(learnt.partnersOf(of("rare"), 400 * 10 * minute)).toEqual([]);
  });

  test("not what began outside of the window, of another tenant, or without a name", () => {
    const learnt = history();
    for (let n = 0; n < 6; n += 1) {
      learnt.learn(of("a"), n * day);
      learnt.learn(of("b", "Down", "other"), n * day + minute);
      learnt.learn(of("x", ""), n * day + minute);
      learnt.learn(of("late"), n * day + 6 * minute);
    }
    expect(learnt.partnersOf(of("a"), 6 * day)).toEqual([]);
  });

  test("not of a tenant whose name imitates another one's environment", () => {
    const learnt = history();
    const imitator = { ...of("x", "Down", "t\u0000e"), environment: "f" };
    for (let n = 0; n < 6; n += 1) {
      learnt.learn(imitator, n * day);
      learnt.learn(of("a"), n * day + minute);
    }
    expect(learnt.partnersOf(of("a"), 6 * day)).toEqual([]);
    expect(learnt.partnersOf(imitator, 6 * day)).toEqual([]);
  });

  test("many alerts of a kind in one trouble are one occurrence", () => {
    const learnt = history();
    for (let n = 0; n < 20; n += 1) {
      learnt.learn(of("a"), n * minute);
      learnt.learn(of("b"), n * minute + 1);
    }
    expect(learnt.partnersOf(of("a"), hour)).toEqual([]);
  });

  test("fades, and is forgotten when a person takes the two apart", () => {
    const learnt = history();
    together(learnt, 8, "a", "b");
    expect(learnt.partnersOf(of("a"), 8 * day)).toHaveLength(1);
    expect(learnt.partnersOf(of("a"), 60 * day)).toEqual([]);
    learnt.unlearn(of("a"), of("b"));
    expect(learnt.partnersOf(of("a"), 8 * day)).toEqual([]);
    expect(learnt.partnersOf(of("b"), 8 * day)).toEqual([]);
  });
});

describe("what comes like a clock", () => {
  test("is known after five even intervals, when it is due", () => {
    const learnt = history();
    for (let n = 0; n < 6; n += 1) learnt.learn(of("backup"), n * day + (n % 2) * hour);
    expect(learnt.regularityOf(of("backup"), 6 * day)).toBeCloseTo(day, -7);
    expect(learnt.regularityOf(of("backup"), 5 * day + 6 * hour)).toBeNull();
  });

  test("uneven intervals make no pattern", () => {
    const learnt = history();
    for (const at of [0, 1, 5, 6, 12, 13, 20]) learnt.learn(of("a"), at * hour);
    expect(learnt.regularityOf(of("a"), 23 * hour)).toBeNull();
    expect(learnt.regularityOf(of("unknown"), 0)).toBeNull();
  });
});

describe("bounds", () => {
  test("kinds and their partners are limited; what was seen often stays", () => {
    const learnt = history();
    together(learnt, 6, "a", "b");
    for (let n = 0; n < 3 * partnersMax; n += 1) {
      const at = 7 * day + n * hour;
      learnt.learn(of("a"), at);
      learnt.learn(of(`other-${n}`), at + minute);
    }
    expect(learnt.partnersOf(of("a"), 8 * day).map(({ service }) => service)).toContain("b");
    for (let n = 0; n < kindsMax + 50; n += 1) learnt.learn(of(`s${n}`), 9 * day + n * hour);
    expect(learnt.size).toBe(kindsMax);
  });

  test("a snapshot brings back the same history", () => {
    const learnt = history();
    together(learnt, 5, "a", "b", "c");
    const copy = history();
    copy.restore(structuredClone(learnt.snapshot()));
    for (const one of [learnt, copy]) one.learn(of("a"), 5 * day);
    expect(copy.snapshot()).toEqual(learnt.snapshot());
    expect(copy.partnersOf(of("a"), 6 * day)).toEqual(learnt.partnersOf(of("a"), 6 * day));
  });
});
