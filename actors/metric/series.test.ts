/** When values become an alert, in simulated time: each story is its samples. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { initial, observe, resumed, type SeriesState } from "./series.ts";
import { isOver, type MetricLevel, type MetricTemplate } from "./template.ts";

const minute = 60_000;
const warning: MetricLevel = {
  ...{ name: "warning", severity: "medium", threshold: 10, clear: 8 },
  ...{ forMs: 5 * minute, clearForMs: 2 * minute },
};
const critical: MetricLevel = {
  ...{ name: "critical", severity: "critical", threshold: 20, clear: 18 },
  ...{ forMs: minute, clearForMs: 0 },
};
const template: MetricTemplate = {
  ...{ name: "t", alertname: "T", metrics: ["m"], matchers: [], unit: "", direction: "above" },
  ...{ series: [], staleMs: 5 * minute, labels: [], annotations: [], levels: [warning, critical] },
};
const onlyWarning = { ...template, levels: [warning] };
const below: MetricTemplate = {
  ...template,
  direction: "below",
  levels: [{ ...warning, threshold: 0.85, clear: 0.9, forMs: 0, clearForMs: 0 }],
};

/** A line a sample: the minute, the value, what it did, and the level that fires then. */
function play(story: string, of: MetricTemplate = template, state = initial()): SeriesState {
  for (const line of story.trim().split("\n")) {
    const [at, value, ...expected] = line.trim().split(/ +/);
    const sample = { atMs: Number(at) * minute, value: Number(value) };
    const outcome = observe(state, sample, of);
    const level = state.alert === null ? [] : [state.alert.level];
    expect([at, value, outcome, ...level]).toEqual([at, value, ...expected]);
  }
  return state;
}

test("values must be over the threshold for the whole time, the threshold itself included", () => {
  play(`
    0 10 pending
    4.99 10 pending
    5 10 fired warning
    6 11 firing warning
  `, onlyWarning);
});

test("one good value on the way there begins the wait anew", () => {
  play(`
    0 12 pending
    3 9.99 calm
    4 12 pending
    8 12 pending
    9 12 fired warning
  `, onlyWarning);
});

test("it ends beyond the clear threshold, for as long as asked, not at one good value", () => {
  play(`
    0 12 pending
    5 12 fired warning
    6 9 firing warning
    7 8 firing warning
    8 7 firing warning
    9 9 firing warning
    10 7 firing warning
    11.9 7 firing warning
    12 7 resolved
    13 7 calm
  `, onlyWarning);
});

test("it gets worse and better again as one alert, whose start stays", () => {
  // What was critical is a warning at once: the alert does not end in between.
  const state = play(`
    0 25 pending
    1 25 fired critical
    2 19 firing critical
    3 12 changed warning
    4 21 firing warning
    5 22 changed critical
  `);
  expect(state.alert).toEqual({ level: "critical", value: 22, startsAtMs: minute });
  play("6 7 changed warning\n8 7 resolved", template, state);
});

test("below: at 0.85 and less, until it is above 0.9", () => {
  play(`
    0 0.86 calm
    1 0.85 fired warning
    2 0.9 firing warning
    3 0.91 resolved
  `, below);
});

test("M2: what is older than the newest sample changes nothing, what is as old does", () => {
  play(`
    10 12 pending
    9 1 late
    15 12 fired warning
    15 12 firing warning
    14 1 late warning
  `, onlyWarning);
});

test("M3: two bad samples with a long silence between them are no bad hour", () => {
  play(`
    0 12 pending
    5.1 12 pending
    10.1 12 fired warning
  `, onlyWarning);
  play(`
    0 12 pending
    5 12 fired warning
    10.1 12 resolved
    15 12 pending
    15.1 12 fired warning
  `, onlyWarning);
});

test("a restart goes on with the alert that fires, and its levels", () => {
  const alert = { level: "critical" as const, value: 25, startsAtMs: minute };
  const story = "3 19 firing critical\n4 9 changed warning\n5 7 firing warning";
  play(story, template, resumed(template, alert, 2 * minute));
});

test("a level that a new configuration has not is forgotten with it", () => {
  const state = play("0 25 pending\n1 25 fired critical");
  play("2 25 changed warning", onlyWarning, state);
  const level = { ...warning, threshold: 30, clear: 30, clearForMs: 0 };
  play("3 25 resolved", { ...template, levels: [level] }, state);
});

test("whatever comes: nothing fires before its time, and nothing good keeps it firing", () => {
  const sample = fc.record({
    stepMs: fc.integer({ min: 0, max: 8 * minute }),
    value: fc.integer({ min: 0, max: 30 }),
  });
  fc.assert(
    fc.property(fc.array(sample, { maxLength: 60 }), (steps) => {
      const state = initial();
      let atMs = 0;
      let overSinceMs: number | null = null;
      for (const { stepMs, value } of steps) {
        if (stepMs > template.staleMs) overSinceMs = null;
        atMs += stepMs;
        overSinceMs = isOver(value, warning.threshold, "above") ? (overSinceMs ?? atMs) : null;
        const had = state.alert;
        const outcome = observe(state, { atMs, value }, template);
        expect(outcome === "resolved").toBe(had !== null && state.alert === null);
        if (outcome !== "fired") continue;
        expect(overSinceMs).not.toBe(null);
        const shortestMs = Math.min(warning.forMs, critical.forMs);
        expect(atMs - (overSinceMs ?? atMs)).toBeGreaterThanOrEqual(shortestMs);
      }
      for (const wait of [1, 1 + 2, 1 + 4]) {
        observe(state, { atMs: atMs + wait * minute, value: 0 }, template);
      }
      expect([state.alert, state.levels]).toEqual([null, {}]);
    }),
  );
});
